using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Benchmarks;
using Sagan.Native.Commands.Console;
using Sagan.Native.Data;
using Sagan.Native.Training;

namespace Sagan.Native.Commands;

/// <summary>
/// Time the reading of a data set, and training steps on it: a few to warm up, then Steps of them, once from the cache and once without it.
/// </summary>
sealed record BenchDataRequest(ResolvedConfig Config, int Steps, int WarmUp);

/// <summary>
/// <c>sagan bench data</c>: how fast images are read, and how long training waits for them, from the cache and without one.
/// </summary>
sealed class BenchDataCommand : Verb<BenchDataRequest>
{
    readonly ConfigOptions config;
    readonly Option<int> steps = new("--steps")
    {
        Description = "Steps that are timed.",
        DefaultValueFactory = _ =>
        20,
        HelpName = "count"
    };
    readonly Option<int> warmUp = new("--warm-up")
    {
        Description = "Steps before the clock starts.",
        DefaultValueFactory = _ =>
        5,
        HelpName = "count"
    };

    public BenchDataCommand()
        : base("data", "Times the reading of images, and how long training waits for them.")
    {
        config = new ConfigOptions(this,
            except: ["--steps", "--sample-every", "--save-every", "--keep", "--keep-samples", "--log-every", "--max-time"])
        {
            TakesImages =
                true
        };
        Add(steps);
        Add(warmUp);
    }

    internal override BenchDataRequest Read(ParseResult parsed, CommandContext context)
    {
        int n = parsed.GetValue(steps), warm = parsed.GetValue(warmUp);
        if (n < 1) throw new UsageException($"--steps {n}: must be at least 1.");
        if (warm < 0) throw new UsageException($"--warm-up {warm}: must be at least 0.");
        return new BenchDataRequest(config.Resolve(parsed, context), n, warm);
    }

    protected override ExitCode Run(BenchDataRequest request, CommandContext context)
    {
        RunConfig config = request.Config.Config;
        CultureInfo culture = CultureInfo.InvariantCulture;
        RunDevice.SetThreads(config.Training.Threads);
        JsonArray rows = [];
        long start = Stopwatch.GetTimestamp();
        double read, open;
        using (ImageDataset decoded = OpenedData.Of(config, context, cacheBytes: 0))
        {
            open = Stopwatch.GetElapsedTime(start).TotalSeconds;
            read = DataBenchmark.ReadImagesPerSecond(decoded);
            context.Result(string.Create(culture, $"{decoded.Count} images of {config.Data.Source}: opened and checked in {open:0.00} s; "
                + $"one thread reads {read:0} images/s at {decoded.Size}x{decoded.Size}"));
            Row("decoded anew for every batch", decoded);
        }
        using (ImageDataset cached = OpenedData.Of(config, context))
            Row(cached.Report.Cached ? "from memory" : "too many for memory, decoded anew", cached);
        context.ResultJson(new JsonObject
        {
            ["data"] = config.Data.Source,
            ["size"] = config.Model.Size,
            ["batch"] = config.Training.Batch,
            ["open_s"] = open,
            ["read_images_per_s"] = read,
            ["training"] = rows,
        });
        return ExitCode.Success;

        void Row(string how, ImageDataset data)
        {
            DataWait t = DataBenchmark.Train(config, data, request.Steps, request.WarmUp);
            double images = (double)config.Training.Batch * config.Training.DSteps / t.StepSeconds;
            context.Result(string.Create(culture, $"{how}: {1000 * t.StepSeconds:0.0} ms a step, {images:0} images/s, waiting "
                + $"{1000 * t.WaitSeconds:0.00} ms ({100 * t.WaitSeconds / t.StepSeconds:0.0} %)"));
            rows.Add((JsonNode)new JsonObject
            {
                ["cached"] = data.Report.Cached,
                ["step_s"] = t.StepSeconds,
                ["images_per_s"] = images,
                ["wait_s"] = t.WaitSeconds
            });
        }
    }
}
