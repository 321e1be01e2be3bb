using System.CommandLine;
using System.Globalization;
using Sagan.Native.Kernels;

namespace Sagan.Native.Cli;

/// <summary>Time kernels by themselves: those whose name holds the filter, or all; Threads 0 = one for each processor.</summary>
/// <param name="Roofline">Where the picture goes, if it is wanted.</param>
/// <param name="Baseline">Earlier timings, if they are to be compared with.</param>
/// <param name="FailOver">By what fraction a kernel may be slower than in the baseline.</param>
sealed record BenchKernelsRequest(string? Filter, string Device, int Batch, int Threads, string? Roofline = null, string? Baseline = null,
    double FailOver = 0.1, MatMulPrecision MatMulPrecision = MatMulPrecision.Highest);

/// <summary><c>sagan bench kernels</c>.</summary>
sealed class BenchKernelsCommand : Verb
{
    readonly Argument<string?> filter = new("filter") { Description = "Only kernels whose name holds this.", Arity = ArgumentArity.ZeroOrOne };
    readonly Option<string> device = new("--device") { Description = $"Where to compute; see `{ShellCommand.Of("devices")}`.", DefaultValueFactory = _ => "cpu" };
    readonly Option<MatMulPrecision> precision = PrecisionOption.New();
    readonly Option<int> batch = new("--batch") { Description = "Images.", DefaultValueFactory = _ => 16, HelpName = "count" };
    readonly Option<int> threads = new("--threads") { Description = "Threads of the CPU; 0 = one for each processor.", HelpName = "count" };
    readonly Option<string?> roofline = new("--roofline") { Description = "Also draw the kernels beneath the roofs of the device, as SVG.", HelpName = "file" };
    readonly Option<string?> baseline = new("--baseline") { Description = "Earlier output of --json: fail if a kernel is slower now.", HelpName = "file" };
    readonly Option<string?> failOver = new("--fail-over") { Description = "With --baseline: how much slower is too slow (10%).", HelpName = "percent" };
    readonly Func<BenchKernelsRequest, CliContext, ExitCode> run;

    public BenchKernelsCommand(Func<BenchKernelsRequest, CliContext, ExitCode> run) : base("kernels", "Times every kernel of a device at the shapes of SAGAN.")
    {
        this.run = run;
        Add(filter);
        foreach (Option o in (Option[])[device, precision, batch, threads, roofline, baseline, failOver]) Add(o);
    }

    protected override ExitCode Run(ParseResult parsed, CliContext context)
    {
        const int MostImages = 256;
        (int n, int t) = (parsed.GetValue(batch), parsed.GetValue(threads));
        if (n is < 1 or > MostImages) throw new UsageException($"--batch {n}: must be 1 to {MostImages}.");
        if (t is < 0 or > 255) throw new UsageException($"--threads {t}: must be 0 to 255.");
        string? before = parsed.GetValue(baseline), limit = parsed.GetValue(failOver);
        if (limit != null && before == null) throw new UsageException($"--fail-over {limit}: slower than what? It needs --baseline FILE.");
        BenchKernelsRequest request = new(parsed.GetValue(filter), parsed.GetRequiredValue(device), n, t, parsed.GetValue(roofline), before,
            MatMulPrecision: parsed.GetValue(precision));
        return run(limit == null ? request : request with { FailOver = Fraction(limit) }, context);
    }

    static double Fraction(string percent)
    {
        string number = percent.EndsWith('%') ? percent[..^1] : percent;
        if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double p) || !double.IsFinite(p))
            throw new UsageException($"--fail-over {percent}: must be a percentage of at least 0, such as 10%.");
        return p / 100;
    }
}
