using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Benchmarks;
using Sagan.Native.Cli;
using Sagan.Native.Kernels;

namespace Sagan.Native.Services;

/// <summary><c>sagan bench kernels</c>: every kernel of a device at SAGAN's shapes, beside what the device can do, and beside what it did before.</summary>
static class BenchKernelsService
{
    static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    public static ExitCode Run(BenchKernelsRequest request, CliContext context)
    {
        KernelBaseline? baseline = request.Baseline is { } file ? KernelBaseline.Read(file) : null;
        Setup.Threads(request.Threads);
        Setup.Precision(request.Device, request.MatMulPrecision, context);
        Device device = Device.Parse(request.Device);
        KernelMachine machine = KernelMachine.Of(device, request.Batch);
        baseline?.Require(machine);

        KernelCase[] cases = Choose(KernelCases.All(device, request.Batch), request.Filter);
        KernelBenchmark benchmark = new(device);
        double?[] tooLong = [.. cases.Select(c => Prepare(c, benchmark, context))];
        MachinePeak peak = MachinePeak.Measure(device);
        context.Result(string.Create(Culture, $"{machine}: peak {peak.GflopsPerSecond:0} GFLOP/s, memory {peak.GigabytesPerSecond:0.0} GB/s"));
        List<KernelTiming> timings = Table(cases, tooLong, c => benchmark.Run(c, peak), baseline, context);
        JsonObject json = Json(machine, peak);
        json["kernels"] = new JsonArray([.. timings.Select(t => Json(t, baseline?.Of(t.Case)))]);
        json["left_out"] = new JsonArray([.. cases.Zip(tooLong).Where(c => c.Second != null).Select(c => LeftOut(c.First, c.Second!.Value))]);
        context.ResultJson(json);
        if (request.Roofline != null) Setup.WriteSvg(request.Roofline, Roofline.Svg(machine.ToString(), peak, timings));
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

    static double? Prepare(KernelCase c, KernelBenchmark benchmark, CliContext context)
    {
        context.Terminal.Live($"warming up: {c.Name}");
        double? seconds = benchmark.WarmUp(c);
        context.Terminal.Live("");
        return seconds;
    }

    static List<KernelTiming> Table(KernelCase[] cases, double?[] tooLong, Func<KernelCase, KernelTiming> run, KernelBaseline? baseline, CliContext context)
    {
        List<KernelTiming> timings = [];
        string comparison = baseline == null ? "" : $" {"before",9} {"change",8}";
        context.Result($"{"kernel",-38} {"shape",-24} {"ms",9} {"GFLOP/s",9} {"GB/s",7} {"% of peak",10}{comparison}");
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
            string change = baseline?.Of(c) is { } ms ? string.Create(Culture, $" {ms,9:0.0000} {100 * (t.Milliseconds / ms - 1),6:+0;-0;0} %") : "";
            context.Result(string.Create(Culture, $"{name}{t.Milliseconds,9:0.0000} {gflops,9} {t.GigabytesPerSecond,7:0.0} {t.PercentOfPeak,10:0}{change}"));
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
        ["peak_gflops"] = peak.GflopsPerSecond,
        ["peak_gb_s"] = peak.GigabytesPerSecond,
    };

    static JsonObject LeftOut(KernelCase c, double seconds) => new() { ["kernel"] = c.Kernel, ["shape"] = c.Shape, ["seconds"] = seconds };

    static JsonObject Json(KernelTiming t, double? before)
    {
        JsonObject row = new()
        {
            ["kernel"] = t.Case.Kernel,
            ["shape"] = t.Case.Shape,
            ["ms"] = t.Milliseconds,
            ["gflops"] = t.Case.Flops > 0 ? t.GflopsPerSecond : null,
            ["gb_s"] = t.GigabytesPerSecond,
            ["percent_of_peak"] = t.PercentOfPeak,
        };
        if (before != null) row["baseline_ms"] = before;
        return row;
    }
}
