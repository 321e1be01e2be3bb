using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Benchmarks;
using Sagan.Native.Commands.Console;
using Sagan.Native.Kernels;
using Sagan.Native.Losses;
using Sagan.Native.Measuring;
using Sagan.Native.Training;

namespace Sagan.Native.Commands;

/// <summary>Time whole training steps of a configuration: a few to warm up, then Steps of them.</summary>
sealed record BenchStepRequest(ResolvedConfig Config, int Steps, int WarmUp);

/// <summary><c>sagan bench step</c>.</summary>
sealed class BenchStepCommand : Verb<BenchStepRequest>
{
    readonly ConfigOptions config;
    readonly Option<int> steps = new("--steps") { Description = "Steps that are timed.", DefaultValueFactory = _ => 8, HelpName = "count" };
    readonly Option<int> warmUp = new("--warm-up")
    {
        Description = "Steps before the clock starts.",
        DefaultValueFactory = _ =>
        2,
        HelpName = "count"
    };

    public BenchStepCommand()
        : base("step", "Times whole training steps.")
    {
        config = new ConfigOptions(this,
            except: ["--steps", "--sample-every", "--save-every", "--keep", "--keep-samples", "--log-every", "--max-time", "--data"]);
        Add(steps);
        Add(warmUp);
    }

    internal override BenchStepRequest Read(ParseResult parsed, CommandContext context)
    {
        int n = parsed.GetValue(steps), warm = parsed.GetValue(warmUp);
        if (n < 1) throw new UsageException($"--steps {n}: must be at least 1.");
        if (warm < 0) throw new UsageException($"--warm-up {warm}: must be at least 0.");
        return new BenchStepRequest(config.Resolve(parsed, context), n, warm);
    }

    protected override ExitCode Run(BenchStepRequest request, CommandContext context)
    {
        RunConfig c = request.Config.Config;
        RunDevice.Prepare(c.Training, context.Terminal.Warning);
        StepTiming t = StepBenchmark.Run(c, request.Steps, request.WarmUp);
        Device device = Device.Parse(c.Training.Device);
        // The reference is not made to be fast.
        double? peak = device == Device.Reference ? null : MachinePeak.Gflops(device);
        double? flops = c.Loss == new LossConfig() && ModelFlops.Counts(c.Model) ? ModelFlops.HingeStep(c.Model) * c.Training.Batch : null;
        double? percent = 100 * flops * 1e-9 / t.StepSeconds / peak;
        CultureInfo culture = CultureInfo.InvariantCulture;
        string share = percent == null ? "" : string.Create(culture, $", {percent:0} % of the peak of {peak:0} GFLOP/s");
        context.Result(string.Create(culture, $"step {t.StepSeconds:0.0000} s (min {t.StepMinSeconds:0.0000}; D {t.DSeconds:0.0000}, G "
            + $"{t.GSeconds:0.0000}), {t.ImagesPerSecond:0.0} images/s{share}"));
        if (t.LaunchesPerStep is { } launches) context.Result(string.Create(culture, $"{launches:0.#} kernel launches a step"));
        context.Result(string.Create(culture, $"peak memory {t.PeakRssMb:0} MB, of it tensors {t.PeakTensorMb:0} MB; "
            + $"{t.AllocatedBytes / 1024:0} KB of managed memory allocated a step"));
        context.Result(string.Create(culture, $"first step done {t.FirstStepSeconds:0.0} s after the start of the process, full speed "
            + $"after {t.FullSpeedSeconds:0.0} s"));
        context.ResultJson(new JsonObject
        {
            ["size"] = c.Model.Size,
            ["batch"] = c.Training.Batch,
            ["loss"] = Words.Of(c.Loss.Kind),
            ["device"] = device.Name,
            ["matmul_precision"] = Words.Of(device.MatMulPrecision),
            ["convolution"] = Words.Of(device.Convolution),
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
}
