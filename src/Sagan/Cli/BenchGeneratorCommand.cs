using System.CommandLine;
using Sagan.Native.Configuration;

namespace Sagan.Native.Cli;

/// <summary>Time a generator that makes images: a few batches to warm up, then Batches of them.</summary>
sealed record BenchGeneratorRequest(ResolvedConfig Config, int Batches, int WarmUp);

/// <summary><c>sagan bench generator</c>.</summary>
sealed class BenchGeneratorCommand : Verb
{
    readonly ConfigOptions config;
    readonly Option<int> batches = new("--batches") { Description = "Batches that are timed.", DefaultValueFactory = _ => 8, HelpName = "count" };
    readonly Option<int> warmUp = new("--warm-up") { Description = "Batches before the clock starts.", DefaultValueFactory = _ => 2, HelpName = "count" };
    readonly Func<BenchGeneratorRequest, CliContext, ExitCode> run;

    public BenchGeneratorCommand(Func<BenchGeneratorRequest, CliContext, ExitCode> run) : base("generator", "Times a generator that makes images.")
    {
        this.run = run;
        config = new ConfigOptions(this, except: ["--steps", "--sample-every", "--save-every", "--keep", "--keep-samples", "--log-every", "--max-time", "--data", "--loss", "--passes", "--g-lr", "--d-lr", "--d-steps", "--d-attention"]);
        Add(batches);
        Add(warmUp);
    }

    protected override ExitCode Run(ParseResult parsed, CliContext context)
    {
        int n = parsed.GetValue(batches), warm = parsed.GetValue(warmUp);
        if (n < 1) throw new UsageException($"--batches {n}: must be at least 1.");
        if (warm < 0) throw new UsageException($"--warm-up {warm}: must be at least 0.");
        return run(new BenchGeneratorRequest(config.Resolve(parsed, context), n, warm), context);
    }
}
