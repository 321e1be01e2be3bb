using System.CommandLine;
using Sagan.Native.Configuration;

namespace Sagan.Native.Cli;

/// <summary>Time the reading of a data set, and training steps on it: a few to warm up, then Steps of them, once from the cache and once without it.</summary>
sealed record BenchDataRequest(ResolvedConfig Config, int Steps, int WarmUp);

/// <summary><c>sagan bench data</c>.</summary>
sealed class BenchDataCommand : Verb
{
    readonly ConfigOptions config;
    readonly Option<int> steps = new("--steps") { Description = "Steps that are timed.", DefaultValueFactory = _ => 20, HelpName = "count" };
    readonly Option<int> warmUp = new("--warm-up") { Description = "Steps before the clock starts.", DefaultValueFactory = _ => 5, HelpName = "count" };
    readonly Func<BenchDataRequest, CliContext, ExitCode> run;

    public BenchDataCommand(Func<BenchDataRequest, CliContext, ExitCode> run) : base("data", "Times the reading of images, and how long training waits for them.")
    {
        this.run = run;
        config = new ConfigOptions(this, except: ["--steps", "--sample-every", "--save-every", "--keep", "--keep-samples", "--log-every", "--max-time"]) { TakesImages = true };
        Add(steps);
        Add(warmUp);
    }

    protected override ExitCode Run(ParseResult parsed, CliContext context)
    {
        int n = parsed.GetValue(steps), warm = parsed.GetValue(warmUp);
        if (n < 1) throw new UsageException($"--steps {n}: must be at least 1.");
        if (warm < 0) throw new UsageException($"--warm-up {warm}: must be at least 0.");
        return run(new BenchDataRequest(config.Resolve(parsed, context), n, warm), context);
    }
}
