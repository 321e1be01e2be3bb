using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Benchmarks;
using Sagan.Native.Commands.Console;
using Sagan.Native.Kernels;
using Sagan.Native.Measuring;
using Sagan.Native.Training;

namespace Sagan.Native.Commands;

/// <summary>Time a generator that makes images: a few batches to warm up, then Batches of them.</summary>
sealed record BenchGeneratorRequest(ResolvedConfig Config, int Batches, int WarmUp);

/// <summary><c>sagan bench generator</c>.</summary>
sealed class BenchGeneratorCommand : Verb<BenchGeneratorRequest>
{
    readonly ConfigOptions config;
    readonly Option<int> batches =
        new("--batches") { Description = "Batches that are timed.", DefaultValueFactory = _ => 8, HelpName = "count" };
    readonly Option<int> warmUp = new("--warm-up")
    {
        Description = "Batches before the clock starts.",
        DefaultValueFactory = _ =>
        2,
        HelpName = "count"
    };

    public BenchGeneratorCommand()
        : base("generator", "Times a generator that makes images.")
    {
        config = new ConfigOptions(this,
            except: ["--steps", "--sample-every", "--save-every", "--keep", "--keep-samples", "--log-every", "--max-time", "--data",
                "--loss", "--passes", "--g-lr", "--d-lr", "--d-steps", "--d-attention"]);
        Add(batches);
        Add(warmUp);
    }

    internal override BenchGeneratorRequest Read(ParseResult parsed, CommandContext context)
    {
        int n = parsed.GetValue(batches), warm = parsed.GetValue(warmUp);
        if (n < 1) throw new UsageException($"--batches {n}: must be at least 1.");
        if (warm < 0) throw new UsageException($"--warm-up {warm}: must be at least 0.");
        return new BenchGeneratorRequest(config.Resolve(parsed, context), n, warm);
    }

    protected override ExitCode Run(BenchGeneratorRequest request, CommandContext context)
    {
        RunConfig c = request.Config.Config;
        RunDevice.Prepare(c.Training, context.Terminal.Warning);
        GeneratorTiming t = GeneratorBenchmark.Run(c, request.Batches, request.WarmUp);
        double peak = MachinePeak.Gflops(Device.Parse(c.Training.Device));
        double? gflop = ModelFlops.Counts(c.Model) ? ModelFlops.GeneratorForward(c.Model) * c.Training.Batch * 1e-9 : null,
            percent = 100 * gflop / t.Seconds / peak;
        string share = percent == null ? ""
            : string.Create(CultureInfo.InvariantCulture, $", {percent:0} % of the peak of {peak:0} GFLOP/s");
        context.Result(string.Create(CultureInfo.InvariantCulture,
            $"batch {t.Seconds:0.0000} s (min {t.MinSeconds:0.0000}), {t.ImagesPerSecond:0.0} images/s{share}, peak memory "
                + $"{t.PeakRssMb:0} MB"));
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
}
