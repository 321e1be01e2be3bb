using System.CommandLine;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;
using Sagan.Native.Kernels;

namespace Sagan.Native.Commands;

/// <summary><c>sagan devices</c>: what this machine and this build can compute on, and why not on the rest.</summary>
sealed class DevicesCommand() : Verb("devices", "Lists the devices of this machine, and why one is not available.")
{
    protected override ExitCode Run(ParseResult parsed, CommandContext context)
    {
        HostProcessor host = HostProcessor.Current;
        JsonArray devices = [];
        foreach (DeviceInfo d in Device.List())
        {
            string about = d.Name == "cpu" ? host.ToString() : d.About;
            string separator = about.Length > 0 && d.WhyNot != null ? ": " : "";
            context.Result($"{d.Name,-10} {about}{separator}{(d.WhyNot == null ? "" : $"not available: {d.WhyNot}")}");
            JsonObject device = new() { ["name"] = d.Name, ["available"] = d.WhyNot == null };
            if (about.Length > 0) device["about"] = about;
            if (d.WhyNot != null) device["reason"] = d.WhyNot;
            if (d.Name == "cpu") device["processor"] = host.ToJson();
            devices.Add((JsonNode)device);
        }
        context.ResultJson(new JsonObject { ["devices"] = devices });
        return ExitCode.Success;
    }
}
