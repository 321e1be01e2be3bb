using System.Text.Json.Nodes;
using Sagan.Native.Cli;
using Sagan.Native.Configuration;
using Sagan.Native.Kernels;
using Sagan.Native.Training;

namespace Sagan.Native.Services;

/// <summary><c>sagan kernels</c>.</summary>
static class KernelsService
{
    public static ExitCode Run(KernelsRequest request, CliContext context)
    {
        RunConfig config = request.Config.Config;
        IReadOnlyList<LaunchedKernel> kernels = GeneratedCode.Record(device => Step(config, device));
        if ((request.Ptx ?? request.OpenCl) is { } name)
        {
            LaunchedKernel kernel = kernels.FirstOrDefault(k => k.Name == name)
                ?? throw new UsageException($"no kernel of this training step is '{name}'.{NearestName.Suggestion(name, kernels.Select(k => k.Name))} `{ShellCommand.Of("kernels")}` lists them.");
            string code = request.Ptx != null ? GeneratedCode.Ptx(kernel, request.Capability) : GeneratedCode.OpenCl(kernel, OpenClDevice(config));
            context.Result(code);
            context.ResultJson(new JsonObject { ["kernel"] = name, [request.Ptx != null ? "ptx" : "opencl"] = code });
            return ExitCode.Success;
        }
        context.Result($"{kernels.Sum(k => k.Launches)} launches in a training step of batch {config.Training.Batch}");
        context.Result($"{"launches",8} {"blocks",10} {"threads",7}  kernel");
        JsonArray rows = [];
        foreach (LaunchedKernel k in kernels.OrderByDescending(k => k.Launches))
        {
            context.Result($"{k.Launches,8} {k.Blocks,10} {k.Threads,7}  {k.Name}");
            rows.Add(new JsonObject { ["kernel"] = k.Name, ["launches"] = k.Launches, ["blocks"] = k.Blocks, ["threads"] = k.Threads });
        }
        context.ResultJson(new JsonObject { ["batch"] = config.Training.Batch, ["launches"] = kernels.Sum(k => k.Launches), ["kernels"] = rows });
        return ExitCode.Success;
    }

    static string OpenClDevice(RunConfig config) =>
        config.Training.Device.StartsWith("opencl", StringComparison.Ordinal) ? config.Training.Device : "opencl:0";

    // A step of training on a device of this kind, ready to run.
    static Action Step(RunConfig config, Device device)
    {
        device.MatMulPrecision = config.Training.MatMulPrecision;
        NoiseStep step = new(config with { Training = config.Training with { EmaDecay = 0 } }, device);
        return () => Native.Step.Run(() =>
        {
            step.Discriminator(0);
            step.Generator(1);
        });
    }
}
