using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Cli;
using Sagan.Native.Configuration;
using Sagan.Native.Images;
using Sagan.Native.IO;
using Sagan.Native.Kernels;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using Sagan.Native.Sampling;
using Sagan.Native.Training;

namespace Sagan.Native.Services;

/// <summary><c>sagan sample</c>: images from a run or one of its checkpoints alone; no data set is read.</summary>
static class SampleService
{
    public static ExitCode Run(SampleRequest request, CliContext context)
    {
        (Checkpoint checkpoint, RunConfig config) = Find(request.Source, context);
        Setup.Threads(config.Training.Threads);
        Setup.Precision(config, context);
        Generator generator = Load(checkpoint, config, request.Ema);
        Tensor z = new RandomSource(request.Seed).Normal(new Shape(request.Count, config.Model.ZDim), Device.Parse(config.Training.Device));
        NormStatistics statistics = request.Statistics ?? config.Sampling.Statistics;
        Image[] images = Sampler.Images(generator, z, statistics);
        KeyValuePair<string, string>[] labels =
        [
            new("sagan.step", checkpoint.Step.ToString(CultureInfo.InvariantCulture)),
            new("sagan.seed", request.Seed.ToString(CultureInfo.InvariantCulture)),
        ];
        if (request.Out.EndsWith(".png", StringComparison.OrdinalIgnoreCase)) Setup.WritePng(request.Out, ImageGrid.Of(images, request.Columns ?? 8), labels);
        else
            for (int i = 0; i < images.Length; i++) Setup.WritePng(Path.Combine(request.Out, $"{i:D5}.png"), images[i], labels);
        context.Result($"{images.Length} images of step {checkpoint.Step}: {request.Out}");
        context.ResultJson(new JsonObject { ["images"] = images.Length, ["step"] = checkpoint.Step, ["out"] = request.Out });
        return ExitCode.Success;
    }

    static Generator Load(Checkpoint checkpoint, RunConfig config, bool ema)
    {
        Generator generator = new(config.Model, new Initializer(new RandomSource(0), device: Device.Parse(config.Training.Device)));
        bool average = ema && File.Exists(checkpoint.File(TrainingState.EmaFile));
        using SafetensorsReader file = new(checkpoint.File(average ? TrainingState.EmaFile : TrainingState.ModelFile));
        StateDict.Load(file, generator.State(), average ? "" : "g.");
        return generator;
    }

    // A run folder (its newest sound checkpoint) or a checkpoint folder inside one.
    static (Checkpoint, RunConfig) Find(string source, CliContext context)
    {
        string full = Path.GetFullPath(source);
        if (!Directory.Exists(full)) throw new RunFileException($"{source}: no such run or checkpoint folder.");
        if (File.Exists(Path.Combine(full, Checkpoint.StateFile)))
            return (Checkpoint.Open(full), ReadConfig(Path.GetFullPath(Path.Combine(full, "..", "..")), source));
        RunConfig config = ReadConfig(full, source);
        Checkpoint? newest = CheckpointStore.ForReading(Path.Combine(full, "checkpoints")).FindNewest(out IReadOnlyList<SkippedCheckpoint> skipped);
        foreach (SkippedCheckpoint s in skipped) context.Terminal.Warning($"checkpoint {s.Name} is not sound and is passed over: {s.Reason}");
        return (newest ?? throw new RunFileException($"{source}: the run has no sound checkpoint."), config);
    }

    static RunConfig ReadConfig(string run, string source)
    {
        string file = Path.Combine(run, "config.json");
        if (!File.Exists(file)) throw new RunFileException($"{source}: is neither a run folder nor a checkpoint of one: there is no {file}.");
        return ConfigResolver.Resolve(new ConfigSources { File = file, FileIsComplete = true }).Config;
    }
}
