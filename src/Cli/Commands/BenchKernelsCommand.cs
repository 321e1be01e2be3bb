using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sagan.Native.Benchmarks;
using Sagan.Native.Commands.Console;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Kernels;
using Sagan.Native.Measuring;
using Sagan.Native.Training;

namespace Sagan.Native.Commands;

/// <summary>Time kernels by themselves: those whose name holds the filter, or all; Threads 0 = one for each processor.</summary>
/// <param name="Roofline">Where the picture goes, if it is wanted.</param>
/// <param name="Baseline">Earlier timings, if they are to be compared with.</param>
/// <param name="Own">These shapes, instead of SAGAN's.</param>
/// <param name="FailOver">By what fraction a kernel may be slower than in the baseline.</param>
sealed record BenchKernelsRequest(string? Filter, string Device, int Batch, int Threads, string? Roofline = null, string? Baseline = null,
    double FailOver = 0.1, MatMulPrecision MatMulPrecision = MatMulPrecision.Highest, OwnShapes? Own = null,
    ConvolutionAlgorithm Convolution = ConvolutionAlgorithm.Auto);

/// <summary>
/// <c>sagan bench kernels</c>: every kernel of a device at SAGAN's shapes, beside what the device can do, and beside what it did before.
/// </summary>
sealed class BenchKernelsCommand : Verb<BenchKernelsRequest>
{
    readonly Argument<string?> filter =
        new("filter") { Description = "Only kernels whose name holds this.", Arity = ArgumentArity.ZeroOrOne };
    readonly Option<string> device =
        new("--device") { Description = $"Where to compute; see `{ShellCommand.Of("devices")}`.", DefaultValueFactory = _ => "cpu" };
    readonly Option<MatMulPrecision> precision = PrecisionOption.New();
    readonly Option<ConvolutionAlgorithm> convolution = new("--convolution")
    {
        Description = "auto (as is fastest) or direct (plain sums), on the CPU.",
        HelpName = "auto|direct",
    };
    readonly Option<int> batch = new("--batch") { Description = "Images.", DefaultValueFactory = _ => 16, HelpName = "count" };
    readonly Option<int> threads = new("--threads") { Description = "Threads of the CPU; 0 = one for each processor.", HelpName = "count" };
    readonly Option<string?> roofline =
        new("--roofline") { Description = "Also draw the kernels beneath the roofs of the device, as SVG.", HelpName = "file" };
    readonly Option<string?> baseline =
        new("--baseline") { Description = "Earlier output of --json: fail if a kernel is slower now.", HelpName = "file" };
    readonly Option<string?> failOver =
        new("--fail-over") { Description = "With --baseline: how much slower is too slow (10%).", HelpName = "percent" };

    readonly Option<string[]> conv = Shapes("--conv", "Ci,Co,size,kernel,stride", "convolutions of this shape"),
        matMul = Shapes("--matmul", "M,N,K", "products [M, K] x [K, N]"),
        attention = Shapes("--attention", "N,dk,dv", "attention of N pixels");

    static Option<string[]> Shapes(string name, string form, string what) =>
        new(name)
        {
            Description = $"Only {what}, instead of SAGAN's shapes. Repeatable.",
            HelpName = form,
            Arity = ArgumentArity.OneOrMore,
        };

    public BenchKernelsCommand()
        : base("kernels", "Times every kernel of a device at the shapes of SAGAN.")
    {
        Add(filter);
        Option[] options = [device, precision, convolution, batch, threads, conv, matMul, attention, roofline, baseline, failOver];
        foreach (Option o in options) Add(o);
    }

    internal override BenchKernelsRequest Read(ParseResult parsed, CommandContext context)
    {
        const int MostImages = 256;
        (int n, int t) = (parsed.GetValue(batch), parsed.GetValue(threads));
        if (n is < 1 or > MostImages) throw new UsageException($"--batch {n}: must be 1 to {MostImages}.");
        if (t is < 0 or > 255) throw new UsageException($"--threads {t}: must be 0 to 255.");
        string? before = parsed.GetValue(baseline), limit = parsed.GetValue(failOver);
        if (limit != null && before == null) throw new UsageException($"--fail-over {limit}: slower than what? It needs --baseline FILE.");
        OwnShapes own = OwnShapes.Parse(parsed.GetValue(conv) ?? [], parsed.GetValue(matMul) ?? [], parsed.GetValue(attention) ?? [], n);
        BenchKernelsRequest request = new(parsed.GetValue(filter), parsed.GetRequiredValue(device), n, t, parsed.GetValue(roofline), before,
            MatMulPrecision: parsed.GetValue(precision),
            Own: own.IsEmpty ? null : own,
            Convolution: parsed.GetValue(convolution));
        return limit == null ? request : request with { FailOver = Fraction(limit) };
    }

    static double Fraction(string percent)
    {
        string number = percent.EndsWith('%') ? percent[..^1] : percent;
        if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double p) || !double.IsFinite(p))
            throw new UsageException($"--fail-over {percent}: must be a percentage of at least 0, such as 10%.");
        return p / 100;
    }

    const int MostSamples = 100;
    static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    protected override ExitCode Run(BenchKernelsRequest request, CommandContext context)
    {
        KernelBaseline? baseline = request.Baseline is { } file ? KernelBaseline.Read(file) : null;
        RunDevice.SetThreads(request.Threads);
        RunDevice.SetPrecision(request.Device, request.MatMulPrecision, context.Terminal.Warning);
        Device device = Device.Parse(request.Device);
        device.Convolution = request.Convolution;
        KernelMachine machine = KernelMachine.Of(device, request.Batch);
        baseline?.Require(machine);

        KernelCase[] all = request.Own is { } own ? KernelCases.Of(device, request.Batch, own)
            : KernelCases.All(device, request.Batch);
        if (all.Length == 0) throw new UsageException($"--attention: {device.Name} has no fused attention to time.");
        KernelCase[] cases = Choose(all, request.Filter);
        using KernelBenchmark benchmark = new(device);
        double?[] tooLong = [.. cases.Select(c => Prepare(c, benchmark, context))];
        MachinePeak peak = MachinePeak.Measure(device);
        context.Result(string.Create(Culture,
            $"{machine}: peak {peak.GflopsPerSecond:0} GFLOP/s, memory {peak.GigabytesPerSecond:0.0} GB/s"));
        List<KernelTiming> timings = Table(cases, tooLong, c => benchmark.Run(c, peak), baseline, context);
        JsonObject json = Json(machine, peak);
        json["kernels"] = new JsonArray([.. timings.Select(t => Json(t, baseline?.Of(t.Case)))]);
        json["left_out"] = new JsonArray(
            [.. cases.Zip(tooLong).Where(c => c.Second != null).Select(c => LeftOut(c.First, c.Second!.Value))]);
        context.ResultJson(json);
        if (request.Roofline != null) ImageFile
            .Write(request.Roofline, () => Encoding.UTF8.GetBytes($"{Roofline.Svg(machine.ToString(), peak, timings)}\n"));
        baseline?.Check(timings, request.FailOver);
        return ExitCode.Success;
    }

    static KernelCase[] Choose(KernelCase[] all, string? filter)
    {
        KernelCase[] cases = [.. all.Where(c => c.Kernel.Contains(filter ?? "", StringComparison.OrdinalIgnoreCase))];
        if (cases.Length > 0) return cases;
        string kernels = string.Join(", ", all.Select(c => c.Kernel).Distinct());
        throw new UsageException($"bench kernels {filter}: no kernel has that in its name; kernels: {kernels}.");
    }

    static double? Prepare(KernelCase c, KernelBenchmark benchmark, CommandContext context)
    {
        context.Terminal.Live($"warming up: {c.Name}");
        double? seconds = benchmark.WarmUp(c);
        context.Terminal.Live("");
        return seconds;
    }

    static List<KernelTiming> Table(KernelCase[] cases, double?[] tooLong, Func<KernelCase, KernelTiming> run, KernelBaseline? baseline,
        CommandContext context)
    {
        List<KernelTiming> timings = [];
        string comparison = baseline == null ? "" : $" {"before",9} {"change",8}";
        context.Result($"{"kernel",-38} {"shape",-24} {"ms",9} {"+-",7} {"cold ms",9} {"GFLOP/s",9} {"GB/s",7} {"% of peak",10}"
            + comparison);
        for (int i = 0; i < cases.Length; i++)
        {
            KernelCase c = cases[i];
            string name = $"{c.Kernel,-38} {c.Shape,-24} ";
            if (tooLong[i] is { } seconds)
            {
                context.Result(string.Create(Culture, $"{name}left out: a call takes about {seconds:0.0} s"));
                continue;
            }
            KernelTiming t = run(c);
            timings.Add(t);
            string gflops = c.Flops > 0 ? t.GflopsPerSecond.ToString("0.0", Culture) : "";
            string change = baseline?.Of(c) is { } before
                ? string.Create(Culture, $" {1e3 * before.Median,9:0.0000} {100 * (t.Warm.Median / before.Median - 1),6:+0;-0;0} %") : "";
            context.Result(string.Create(Culture, $"{name}{t.Milliseconds,9:0.0000} {1e3 * t.Warm.Noise,7:0.0000} "
                + $"{1e3 * t.Cold.Median,9:0.0000} {gflops,9} {t.GigabytesPerSecond,7:0.0} {t.PercentOfPeak,10:0}{change}"));
        }
        return timings;
    }

    static JsonObject Json(KernelMachine machine, MachinePeak peak) => new()
    {
        ["device"] = machine.Device,
        ["processor"] = machine.Processor,
        ["threads"] = machine.Threads,
        ["batch"] = machine.Batch,
        ["matmul_precision"] = machine.Precision,
        ["convolution"] = machine.Convolution,
        ["peak_gflops"] = peak.GflopsPerSecond,
        ["peak_gb_s"] = peak.GigabytesPerSecond,
    };

    static JsonObject LeftOut(KernelCase c, double seconds) => new() { ["kernel"] = c.Kernel, ["shape"] = c.Shape, ["seconds"] = seconds };

    static JsonObject Json(KernelTiming t, Samples? before)
    {
        JsonObject row = new()
        {
            ["kernel"] = t.Case.Kernel,
            ["shape"] = t.Case.Shape,
            ["ms"] = t.Milliseconds,
            ["noise_ms"] = 1e3 * t.Warm.Noise,
            ["calls"] = t.Warm.Count,
            ["cold_ms"] = 1e3 * t.Cold.Median,
            ["gflops"] = t.Case.Flops > 0 ? t.GflopsPerSecond : null,
            ["gb_s"] = t.GigabytesPerSecond,
            ["percent_of_peak"] = t.PercentOfPeak,
        };
        if (before != null) row["baseline_ms"] = 1e3 * before.Median;
        // What a later run compares with: all calls, or a hundred that stand for them.
        row["samples_ms"] = new JsonArray([.. Some(t.Warm).Select(s => (JsonNode)(1e3 * s))]);
        return row;
    }

    static IEnumerable<double> Some(Samples s) =>
        s.Count <= MostSamples ? s.Seconds : Enumerable.Range(0, MostSamples).Select(i => s.Quantile((i + 0.5) / MostSamples));
}
