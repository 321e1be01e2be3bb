using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Benchmarks;
using Sagan.Native.Cli;
using Sagan.Native.Configuration;
using Sagan.Native.Data;

namespace Sagan.Native.Services;

/// <summary><c>sagan bench data</c>: how fast images are read, and how long training waits for them, from the cache and without one.</summary>
static class BenchDataService
{
    public static ExitCode Run(BenchDataRequest request, CliContext context)
    {
        RunConfig config = request.Config.Config;
        CultureInfo culture = CultureInfo.InvariantCulture;
        Setup.Threads(config.Training.Threads);
        JsonArray rows = [];
        long start = Stopwatch.GetTimestamp();
        double read, open;
        using (ImageDataset decoded = Setup.OpenData(config, context, cacheBytes: 0))
        {
            open = Stopwatch.GetElapsedTime(start).TotalSeconds;
            read = DataBenchmark.ReadImagesPerSecond(decoded);
            context.Result(string.Create(culture, $"{decoded.Count} images of {config.Data.Source}: opened and checked in {open:0.00} s; one thread reads {read:0} images/s at {decoded.Size}x{decoded.Size}"));
            Row("decoded anew for every batch", decoded);
        }
        using (ImageDataset cached = Setup.OpenData(config, context)) Row(cached.Report.Cached ? "from memory" : "too many for memory, decoded anew", cached);
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
            context.Result(string.Create(culture, $"{how}: {1000 * t.StepSeconds:0.0} ms a step, {images:0} images/s, waiting {1000 * t.WaitSeconds:0.00} ms ({100 * t.WaitSeconds / t.StepSeconds:0.0} %)"));
            rows.Add(new JsonObject { ["cached"] = data.Report.Cached, ["step_s"] = t.StepSeconds, ["images_per_s"] = images, ["wait_s"] = t.WaitSeconds });
        }
    }
}
