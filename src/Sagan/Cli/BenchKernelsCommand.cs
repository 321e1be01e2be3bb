using System.CommandLine;

namespace Sagan.Native.Cli;

/// <summary>Time kernels by themselves: those whose name holds the filter, or all; Threads 0 = one for each processor.</summary>
sealed record BenchKernelsRequest(string? Filter, int Threads);

/// <summary><c>sagan bench kernels</c>.</summary>
sealed class BenchKernelsCommand : Verb
{
    readonly Argument<string?> filter = new("filter") { Description = "Only kernels whose name holds this.", Arity = ArgumentArity.ZeroOrOne };
    readonly Option<int> threads = new("--threads") { Description = "Threads; 0 = one for each processor.", HelpName = "count" };
    readonly Func<BenchKernelsRequest, CliContext, ExitCode> run;

    public BenchKernelsCommand(Func<BenchKernelsRequest, CliContext, ExitCode> run) : base("kernels", "Times every kernel at the shapes of SAGAN.")
    {
        this.run = run;
        Add(filter);
        Add(threads);
    }

    protected override ExitCode Run(ParseResult parsed, CliContext context)
    {
        int n = parsed.GetValue(threads);
        if (n is < 0 or > 255) throw new UsageException($"--threads {n}: must be 0 to 255.");
        return run(new BenchKernelsRequest(parsed.GetValue(filter), n), context);
    }
}
