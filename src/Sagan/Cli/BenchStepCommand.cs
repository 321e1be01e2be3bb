using System.CommandLine;
using Sagan.Native.Configuration;

namespace Sagan.Native.Cli;

/// <summary>Time whole training steps of a configuration: a few to warm up, then Steps of them.</summary>
sealed record BenchStepRequest(ResolvedConfig Config, int Steps, int WarmUp);

/// <summary><c>sagan bench step</c>.</summary>
sealed class BenchStepCommand : Verb
{
    readonly ConfigOptions config;
    readonly Option<int> steps = new("--steps") { Description = "Steps that are timed.", DefaultValueFactory = _ => 8, HelpName = "count" };
    readonly Option<int> warmUp = new("--warm-up") { Description = "Steps before the clock starts.", DefaultValueFactory = _ => 2, HelpName = "count" };
    readonly Func<BenchStepRequest, CliContext, ExitCode> run;

    public BenchStepCommand(Func<BenchStepRequest, CliContext, ExitCode> run) : base("step", "Times whole training steps.")
    {
        this.run = run;
        config = new ConfigOptions(this, except: ["--steps", "--sample-every", "--save-every", "--keep", "--keep-samples", "--log-every", "--max-time", "--data"]);
        Add(steps);
        Add(warmUp);
    }

    protected override ExitCode Run(ParseResult parsed, CliContext context)
    {
        int n = parsed.GetValue(steps), warm = parsed.GetValue(warmUp);
        if (n < 1) throw new UsageException($"--steps {n}: must be at least 1.");
        if (warm < 0) throw new UsageException($"--warm-up {warm}: must be at least 0.");
        return run(new BenchStepRequest(config.Resolve(parsed, context), n, warm), context);
    }
}
