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
        Setup.Precision(c, context);
        StepTiming t = StepBenchmark.Run(c, request.Steps, request.WarmUp);
        Device device = Device.Parse(c.Training.Device);
        // The reference is not made to be fast.
        double? peak = device == Device.Reference ? null : MachinePeak.Gflops(device);
        double? flops = c.Loss == new LossConfig() && ModelFlops.Counts(c.Model) ? ModelFlops.HingeStep(c.Model) * c.Training.Batch : null;
        double? percent = 100 * flops * 1e-9 / t.StepSeconds / peak;
        CultureInfo culture = CultureInfo.InvariantCulture;
        string share = percent == null ? "" : string.Create(culture, $", {percent:0} % of the peak of {peak:0} GFLOP/s");
        context.Result(string.Create(culture, $"step {t.StepSeconds:0.0000} s (min {t.StepMinSeconds:0.0000}; D {t.DSeconds:0.0000}, G {t.GSeconds:0.0000}), {t.ImagesPerSecond:0.0} images/s{share}"));
        if (t.LaunchesPerStep is { } launches) context.Result(string.Create(culture, $"{launches:0.#} kernel launches a step"));
        context.Result(string.Create(culture, $"peak memory {t.PeakRssMb:0} MB, of it tensors {t.PeakTensorMb:0} MB; {t.AllocatedBytes / 1024:0} KB of managed memory allocated a step"));
        context.Result(string.Create(culture, $"first step done {t.FirstStepSeconds:0.0} s after the start of the process, full speed after {t.FullSpeedSeconds:0.0} s"));
        context.ResultJson(new JsonObject
        {
            ["size"] = c.Model.Size,
            ["batch"] = c.Training.Batch,
            ["loss"] = Words.Of(c.Loss.Kind),
            ["device"] = device.Name,
            ["matmul_precision"] = Words.Of(device.MatMulPrecision),
            ["threads"] = WorkerPool.Threads,
            ["vector_bits"] = HostProcessor.Current.VectorBits,
            ["step_s"] = t.StepSeconds,
            ["step_min_s"] = t.StepMinSeconds,
            ["d_s"] = t.DSeconds,
            ["g_s"] = t.GSeconds,
            ["images_per_s"] = t.ImagesPerSecond,
            ["launches_per_step"] = t.LaunchesPerStep,
            ["all_steps_s"] = new JsonArray([.. t.AllSteps.Select(s => JsonValue.Create(s))]),
            ["first_step_s"] = t.FirstStepSeconds,
            ["full_speed_s"] = t.FullSpeedSeconds,
            ["allocated_bytes"] = t.AllocatedBytes,
            ["peak_rss_mb"] = t.PeakRssMb,
            ["peak_tensor_mb"] = t.PeakTensorMb,
            ["gflop"] = flops * 1e-9,
            ["peak_gflops"] = peak,
            ["percent_of_peak"] = percent,
        });
        return ExitCode.Success;
    }

    /// <summary><c>sagan bench generator</c>: a generator in inference.</summary>
    public static ExitCode Generator(BenchGeneratorRequest request, CliContext context)
    {
        RunConfig c = request.Config.Config;
        Setup.Threads(c.Training.Threads);
        Setup.Precision(c, context);
        GeneratorTiming t = GeneratorBenchmark.Run(c, request.Batches, request.WarmUp);
        double peak = MachinePeak.Gflops(Device.Parse(c.Training.Device));
        double? gflop = ModelFlops.Counts(c.Model) ? ModelFlops.GeneratorForward(c.Model) * c.Training.Batch * 1e-9 : null, percent = 100 * gflop / t.Seconds / peak;
        string share = percent == null ? "" : string.Create(CultureInfo.InvariantCulture, $", {percent:0} % of the peak of {peak:0} GFLOP/s");
        context.Result(string.Create(CultureInfo.InvariantCulture,
            $"batch {t.Seconds:0.0000} s (min {t.MinSeconds:0.0000}), {t.ImagesPerSecond:0.0} images/s{share}, peak memory {t.PeakRssMb:0} MB"));
        context.ResultJson(new JsonObject
        {
            ["size"] = c.Model.Size,
            ["batch"] = c.Training.Batch,
            ["threads"] = WorkerPool.Threads,
            ["vector_bits"] = HostProcessor.Current.VectorBits,
            ["step_s"] = t.Seconds,
            ["step_min_s"] = t.MinSeconds,
            ["images_per_s"] = t.ImagesPerSecond,
            ["peak_rss_mb"] = t.PeakRssMb,
            ["gflop"] = gflop,
            ["peak_gflops"] = peak,
            ["percent_of_peak"] = percent,
        });
        return ExitCode.Success;
    }

    /// <summary><c>sagan bench attention</c>: time and memory against the number of positions.</summary>
    public static ExitCode Attention(BenchAttentionRequest request, CliContext context)
    {
        Setup.Threads(request.Threads);
        Device device = Device.Parse(request.Device);
        int dk = request.Channels / 8, dv = request.Channels;
        AttentionBenchmark.WarmUp(device, dk, dv);
        context.Result($"attention, forward and backward: batch {request.Batch}, dk {dk}, dv {dv}, {(device.IsHost ? $"{WorkerPool.Threads} threads" : device)}");
        context.Result($"{"positions",9} {"ms",10} {"tensors MB",10} {"all MB",10}");
        JsonArray rows = [];
        // Upwards: the peak of a process never falls.
        foreach (int n in request.Positions.Order())
        {
            AttentionTiming t = AttentionBenchmark.Measure(device, request.Batch, n, dk, dv);
            context.Result(string.Create(CultureInfo.InvariantCulture, $"{n,9} {t.Milliseconds,10:0.000} {t.TensorMb,10:0.0} {t.RssMb,10:0.0}"));
            rows.Add(new JsonObject { ["positions"] = n, ["ms"] = t.Milliseconds, ["tensor_mb"] = t.TensorMb, ["rss_mb"] = t.RssMb });
        }
        context.ResultJson(new JsonObject { ["device"] = device.Name, ["batch"] = request.Batch, ["dk"] = dk, ["dv"] = dv, ["threads"] = WorkerPool.Threads, ["attention"] = rows });
        return ExitCode.Success;
    }
}
