using Sagan.Native.Cli;
using Sagan.Native.Configuration;
using Sagan.Native.IO;
using Sagan.Native.Kernels;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using Sagan.Native.Training;

namespace Sagan.Native.Services;

/// <summary>The generator of a checkpoint, which is all that making images takes.</summary>
/// <param name="Generator">The network, on the run's device.</param>
/// <param name="Config">The run's configuration.</param>
/// <param name="Step">The checkpoint's step.</param>
/// <param name="IsAverage">Whether the weights are the moving average.</param>
sealed record TrainedGenerator(Generator Generator, RunConfig Config, long Step, bool IsAverage)
{
    /// <summary>
    /// Loads it from a run folder (its newest sound checkpoint) or from a checkpoint folder inside one. Throws <see cref="RunFileException"/>.
    /// </summary>
    /// <param name="source">The folder.</param>
    /// <param name="ema">The moving average, where the run keeps one, else the weights themselves.</param>
    /// <param name="context">Is told of checkpoints that are passed over.</param>
    public static TrainedGenerator Load(string source, bool ema, CliContext context)
    {
        (Checkpoint checkpoint, RunConfig config) = Find(source, context);
        Setup.Threads(config.Training.Threads);
        Generator generator = new(config.Model, new Initializer(new RandomSource(0), device: Device.Parse(config.Training.Device)));
        bool average = ema && File.Exists(checkpoint.File(TrainingState.EmaFile));
        using SafetensorsReader file = new(checkpoint.File(average ? TrainingState.EmaFile : TrainingState.ModelFile));
        StateDict.Load(file, generator.State(), average ? "" : "g.");
        return new TrainedGenerator(generator, config, checkpoint.Step, average);
    }

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
