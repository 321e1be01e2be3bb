using System.CommandLine;
using System.Text.Json.Nodes;
using Sagan.Native.Kernels;

namespace Sagan.Native.Cli;

/// <summary><c>sagan devices</c>: what this machine and this build can compute on, and why not on the rest.</summary>
sealed class DevicesCommand() : Verb("devices", "Lists the devices of this machine, and why one is not available.")
{
    static readonly string[] Names = ["cpu", "reference", "cuda", "opencl"];

    protected override ExitCode Run(ParseResult parsed, CliContext context)
    {
        HostProcessor host = HostProcessor.Current;
        JsonArray devices = [];
        foreach (string name in Names)
        {
            string? why = WhyNot(name);
            string about = name switch
            {
                _ when why != null => why,
                "cpu" => host.ToString(),
                _ => "the same processor, plain loops in double precision: slow, for checking",
            };
            context.Result($"{name,-10} {about}");
            JsonObject device = new() { ["name"] = name, ["available"] = why == null };
            if (why != null) device["reason"] = why;
            if (name == "cpu") device["processor"] = host.ToJson();
            devices.Add(device);
        }
        context.ResultJson(new JsonObject { ["devices"] = devices });
        return ExitCode.Success;
    }

    static string? WhyNot(string name)
    {
        try
        {
            Device.Parse(name);
            return null;
        }
        catch (DeviceUnavailableException e)
        {
            return e.Message;
        }
    }
}
