using System.CommandLine;
using Sagan.Native.Configuration;

namespace Sagan.Native.Cli;

/// <summary>The GPU kernels of a training step, or the code of one: Ptx and OpenCl are names of kernels.</summary>
sealed record KernelsRequest(ResolvedConfig Config, string? Ptx, int Capability, string? OpenCl);

/// <summary><c>sagan kernels</c>.</summary>
sealed class KernelsCommand : Verb
{
    readonly ConfigOptions config;
    readonly Option<string?> ptx = new("--ptx") { Description = "Print the PTX of this kernel; needs no GPU.", HelpName = "name" };
    readonly Option<int> capability = new("--capability") { Description = "Compute capability that the PTX is for.", DefaultValueFactory = _ => 80, HelpName = "80|90" };
    readonly Option<string?> openCl = new("--opencl") { Description = "Print the OpenCL C of this kernel for --device opencl:n.", HelpName = "name" };
    readonly Func<KernelsRequest, CliContext, ExitCode> run;

    public KernelsCommand(Func<KernelsRequest, CliContext, ExitCode> run)
        : base("kernels", "Lists the GPU kernels of a training step and how often each runs, or prints what one is compiled to.")
    {
        this.run = run;
        config = new ConfigOptions(this, except: ["--steps", "--sample-every", "--save-every", "--keep", "--log-every", "--max-time", "--data", "--threads"]);
        foreach (Option o in (Option[])[ptx, capability, openCl]) Add(o);
    }

    protected override ExitCode Run(ParseResult parsed, CliContext context)
    {
        int c = parsed.GetValue(capability);
        if (c is < 75 or > 150) throw new UsageException($"--capability {c}: must be a compute capability from 75 on, such as 80 or 90.");
        return run(new KernelsRequest(config.Resolve(parsed, context), parsed.GetValue(ptx), c, parsed.GetValue(openCl)), context);
    }
}
