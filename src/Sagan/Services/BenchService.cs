using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Benchmarks;
using Sagan.Native.Cli;
using Sagan.Native.Configuration;
using Sagan.Native.Kernels;

namespace Sagan.Native.Services;

/// <summary><c>sagan bench</c>.</summary>
static class BenchService
{
    /// <summary><c>sagan bench step</c>: whole training steps, on random images.</summary>
    public static ExitCode Steps(BenchStepRequest request, CliContext context)
    {
        RunConfig c = request.Config.Config;
        Setup.Threads(c.Training.Threads);
        StepTiming t = StepBenchmark.Run(c, request.Steps, request.WarmUp);
        context.Result(string.Create(CultureInfo.InvariantCulture,
            $"step {t.StepSeconds:0.0000} s (min {t.StepMinSeconds:0.0000}; D {t.DSeconds:0.0000}, G {t.GSeconds:0.0000}), {t.ImagesPerSecond:0.0} images/s, peak memory {t.PeakRssMb:0} MB, of it tensors {t.PeakTensorMb:0} MB"));
        context.ResultJson(new JsonObject
        {
            ["size"] = c.Model.Size,
            ["batch"] = c.Training.Batch,
            ["loss"] = c.Loss.Kind.ToString(),
            ["threads"] = WorkerPool.Threads,
            ["step_s"] = t.StepSeconds,
            ["step_min_s"] = t.StepMinSeconds,
            ["d_s"] = t.DSeconds,
            ["g_s"] = t.GSeconds,
            ["images_per_s"] = t.ImagesPerSecond,
            ["peak_rss_mb"] = t.PeakRssMb,
            ["peak_tensor_mb"] = t.PeakTensorMb,
        });
        return ExitCode.Success;
    }

    /// <summary><c>sagan bench kernels</c>: every kernel at SAGAN's shapes, beside what the machine can do.</summary>
    public static ExitCode Kernels(BenchKernelsRequest request, CliContext context)
    {
        const int Batch = 16;
        Setup.Threads(request.Threads);
        KernelCase[] cases = [.. KernelCases.All(Batch).Where(c => request.Filter == null || c.Kernel.Contains(request.Filter, StringComparison.OrdinalIgnoreCase))];
        if (cases.Length == 0) throw new UsageException($"bench kernels {request.Filter}: no kernel has that in its name; kernels: {string.Join(", ", KernelCases.All(1).Select(c => c.Kernel).Distinct())}.");
        MachinePeak peak = MachinePeak.Measure();
        CultureInfo culture = CultureInfo.InvariantCulture;
        context.Result(string.Create(culture, $"{HostProcessor.Current.Name}, {WorkerPool.Threads} threads: peak {peak.GflopsPerSecond:0} GFLOP/s, memory {peak.GigabytesPerSecond:0.0} GB/s; batch {Batch}"));
        context.Result($"{"kernel",-28} {"shape",-24} {"ms",9} {"GFLOP/s",9} {"GB/s",7} {"% of peak",10}");
        JsonArray rows = [];
        foreach (KernelCase c in cases)
        {
            KernelTiming t = KernelBenchmark.Run(c, peak);
            string gflops = c.Flops > 0 ? t.GflopsPerSecond.ToString("0.0", culture) : "";
            context.Result(string.Create(culture, $"{c.Kernel,-28} {c.Shape,-24} {t.Milliseconds,9:0.0000} {gflops,9} {t.GigabytesPerSecond,7:0.0} {t.PercentOfPeak,10:0}"));
            rows.Add(new JsonObject
            {
                ["kernel"] = c.Kernel,
                ["shape"] = c.Shape,
                ["ms"] = t.Milliseconds,
                ["gflops"] = c.Flops > 0 ? t.GflopsPerSecond : null,
                ["gb_s"] = t.GigabytesPerSecond,
                ["percent_of_peak"] = t.PercentOfPeak,
            });
        }
        context.ResultJson(new JsonObject
        {
            ["processor"] = HostProcessor.Current.Name,
            ["threads"] = WorkerPool.Threads,
            ["batch"] = Batch,
            ["peak_gflops"] = peak.GflopsPerSecond,
            ["peak_gb_s"] = peak.GigabytesPerSecond,
            ["kernels"] = rows,
        });
        return ExitCode.Success;
    }
}
