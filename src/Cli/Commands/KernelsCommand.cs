using System.CommandLine;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;
using Sagan.Native.Configuration;
using Sagan.Native.Kernels;
using Sagan.Native.Training;

namespace Sagan.Native.Commands;

/// <summary>The GPU kernels of a training step, or the code of one: Ptx and OpenCl are names of kernels.</summary>
sealed record KernelsRequest(ResolvedConfig Config, string? Ptx, int Capability, string? OpenCl);

/// <summary><c>sagan kernels</c>.</summary>
sealed class KernelsCommand : Verb<KernelsRequest>
{
    readonly ConfigOptions config;
    readonly Option<string?> ptx = new("--ptx") { Description = "Print the PTX of this kernel; needs no GPU.", HelpName = "name" };
    readonly Option<int> capability =
        new("--capability") { Description = "Compute capability that the PTX is for.", DefaultValueFactory = _ => 80, HelpName = "80|90" };
    readonly Option<string?> openCl =
        new("--opencl") { Description = "Print the OpenCL C of this kernel for --device opencl:n.", HelpName = "name" };

    public KernelsCommand()
        : base("kernels", "Lists the GPU kernels of a training step and how often each runs, or prints what one is compiled to.")
    {
        config = new ConfigOptions(this,
            except: ["--steps", "--sample-every", "--save-every", "--keep", "--log-every", "--max-time", "--data", "--threads"]);
        foreach (Option o in (Option[])[ptx, capability, openCl]) Add(o);
    }

    internal override KernelsRequest Read(ParseResult parsed, CommandContext context)
    {
        int c = parsed.GetValue(capability);
        if (c is < 75 or > 150) throw new UsageException($"--capability {c}: must be a compute capability from 75 on, such as 80 or 90.");
        return new KernelsRequest(config.Resolve(parsed, context), parsed.GetValue(ptx), c, parsed.GetValue(openCl));
    }

    protected override ExitCode Run(KernelsRequest request, CommandContext context)
    {
        RunConfig config = request.Config.Config;
        IReadOnlyList<LaunchedKernel> kernels = GeneratedCode.Record(device => Step(config, device));
        if ((request.Ptx ?? request.OpenCl) is { } name)
        {
            LaunchedKernel kernel = kernels.FirstOrDefault(k => k.Name == name)
                ?? throw new UsageException($"no kernel of this training step is "
                    + $"'{name}'.{NearestName.Suggestion(name, kernels.Select(k => k.Name))} `{ShellCommand.Of("kernels")}` lists them.");
            string code = request.Ptx != null ? GeneratedCode.Ptx(kernel, request.Capability)
                : GeneratedCode.OpenCl(kernel, OpenClDevice(config));
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
            rows.Add((JsonNode)new JsonObject
            {
                ["kernel"] = k.Name,
                ["launches"] = k.Launches,
                ["blocks"] = k.Blocks,
                ["threads"] = k.Threads,
            });
        }
        context.ResultJson(new JsonObject
        {
            ["batch"] = config.Training.Batch,
            ["launches"] = kernels.Sum(k => k.Launches),
            ["kernels"] = rows
        });
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
