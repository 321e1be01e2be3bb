using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Cli;
using Sagan.Native.Configuration;
using Sagan.Native.Interchange;
using Sagan.Native.IO;
using Sagan.Native.Kernels;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using Sagan.Native.Training;

namespace Sagan.Native.Services;

/// <summary>A generator from a run or one of its checkpoints; no data set is read.</summary>
/// <param name="Checkpoint">Where it came from.</param>
/// <param name="Config">The run's.</param>
/// <param name="Generator">Its weights, or their moving average.</param>
/// <param name="Classes">Names of the classes of a conditional model, where the run knew them.</param>
sealed record TrainedModel(Checkpoint Checkpoint, RunConfig Config, Generator Generator, IReadOnlyList<string> Classes)
{
    /// <summary>Opens a run folder (its newest sound checkpoint) or a checkpoint folder inside one.</summary>
    /// <param name="source">The folder.</param>
    /// <param name="context">Is told of checkpoints that are passed over.</param>
    /// <param name="ema">The moving average, where the run kept one.</param>
    public static TrainedModel Open(string source, CliContext context, bool ema = true)
    {
        (Checkpoint checkpoint, RunConfig config) = Find(source, context);
        Setup.Threads(config.Training.Threads);
        Setup.Precision(config, context);
        Generator generator = Generator.Create(config.Model, new Initializer(new RandomSource(0), device: Device.Parse(config.Training.Device)));
        bool average = ema && File.Exists(checkpoint.File(TrainingState.EmaFile));
        using SafetensorsReader file = new(checkpoint.File(average ? TrainingState.EmaFile : TrainingState.ModelFile));
        StateDict.Load(file, generator.State(), average ? "" : "g.");
        foreach ((string name, Parameter p) in generator.State())
            if (NonFinite.In(p.Value.ToArray()) is { } what)
                throw new RunFileException($"{checkpoint.Folder}: the generator's '{name}' has {what}, so that it makes no images; "
                    + $"take an earlier checkpoint, or {(average ? "--no-ema" : "import other weights")}.");
        generator.Growth = GrowthSchedule.At(config, checkpoint.Step);
        string[] classes = [.. checkpoint.State["classes"]?.AsArray().Select(c => c!.GetValue<string>()) ?? []];
        return new TrainedModel(checkpoint, config, generator, classes);
    }

    /// <summary>The folder of the run that the checkpoint lies in, or null where it was taken away from it.</summary>
    public string? Run => RunOf(Checkpoint.Folder);

    static string? RunOf(string checkpoint)
    {
        string? above = Path.GetDirectoryName(Path.GetFullPath(checkpoint));
        return Path.GetFileName(above) == "checkpoints" ? Path.GetDirectoryName(above) : null;
    }

    /// <summary>Where it computes.</summary>
    public Device Device => Device.Parse(Config.Training.Device);

    /// <summary>
    /// The class of this name or number; names come first. Where a name could be taken for a number, or a number for a name, the user is told which it was.
    /// Throws <see cref="UsageException"/> for another one.
    /// </summary>
    /// <param name="name">What the user calls it.</param>
    /// <param name="context">Where it is told.</param>
    /// <param name="option">The option that it was given with.</param>
    public int Class(string name, CliContext context, string option = "--class")
    {
        if (!Config.Model.Conditional) throw new UsageException($"{option} {name}: the model knows no classes; it was trained without --conditional.");
        int at = Enumerable.Range(0, Classes.Count).FirstOrDefault(i => Classes[i] == name, -1);
        bool isNumber = int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number < Config.Model.Classes;
        if (at >= 0)
        {
            if (isNumber && number != at)
                context.Terminal.Warning($"{option} {name}: taken for the class named '{name}', which is number {at}; number {number} is '{NameOf(number)}'.");
            return at;
        }
        if (isNumber)
        {
            if (Classes.Any(c => int.TryParse(c, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
                context.Terminal.Warning($"{option} {name}: no class is named so; taken for number {number}, which is '{NameOf(number)}'.");
            return number;
        }
        string known = Classes.Count == 0 ? $"0 to {Config.Model.Classes - 1}" : string.Join(", ", Classes.Take(20)) + (Classes.Count > 20 ? ", ..." : "");
        throw new UsageException($"{option} {name}: no such class; there are {known}.");
    }

    /// <summary>The classes of a list of names and numbers, separated by commas; a class whose own name has a comma is found too.</summary>
    public int[] ClassList(string list, CliContext context) => Classes.Contains(list)
        ? [Class(list, context)]
        : [.. list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(c => Class(c, context))];

    /// <summary>What a result in JSON says of the classes of its images: the label of each, and the names of the labels; nothing where there are none.</summary>
    public void AddClasses(JsonObject result, int[]? labels)
    {
        if (labels == null) return;
        result["labels"] = new JsonArray([.. labels.Select(l => JsonValue.Create(l))]);
        result["classes"] = new JsonArray([.. ClassNames.Select(c => JsonValue.Create(c))]);
    }

    /// <summary>The name of each class, by number.</summary>
    public IEnumerable<string> ClassNames => Enumerable.Range(0, Config.Model.Classes).Select(NameOf);

    /// <summary>The class's name, or its number where no names are known.</summary>
    public string NameOf(int label) => label < Classes.Count ? Classes[label] : $"{label}";

    /// <summary>The checkpoint that a run or checkpoint folder stands for, and the run's configuration.</summary>
    public static (Checkpoint Checkpoint, RunConfig Config) Find(string source, CliContext context)
    {
        string full = Path.GetFullPath(source);
        if (!Directory.Exists(full)) throw new RunFileException($"{source}: no such run or checkpoint folder.");
        if (File.Exists(Path.Combine(full, Checkpoint.StateFile)))
        {
            Checkpoint checkpoint = Checkpoint.Open(full);
            // Away from its run it has its own configuration; what may lie two folders up is another's.
            string run = RunOf(full) ?? (checkpoint.Config == null ? Path.GetFullPath(Path.Combine(full, "..", "..")) : full);
            return (checkpoint, ReadConfig(run, checkpoint, source));
        }
        Checkpoint? newest = CheckpointStore.ForReading(Path.Combine(full, "checkpoints")).FindNewest(out IReadOnlyList<SkippedCheckpoint> skipped);
        foreach (SkippedCheckpoint s in skipped) context.Terminal.Warning($"checkpoint {s.Name} is not sound and is passed over: {s.Reason}");
        RunConfig config = ReadConfig(full, newest, source);
        return (newest ?? throw new RunFileException($"{source}: the run has no sound checkpoint."), config);
    }

    // A checkpoint that was moved away from its run has the configuration, too.
    static RunConfig ReadConfig(string run, Checkpoint? checkpoint, string source)
    {
        string file = Path.Combine(run, "config.json");
        string? content = File.Exists(file) ? null : checkpoint?.Config?.ToJsonString()
            ?? throw new RunFileException($"{source}: is neither a run folder nor a checkpoint of one: there is no {file}.");
        ResolvedConfig resolved = ConfigResolver.Resolve(new ConfigSources { File = file, Content = content, FileIsComplete = true });
        return DataPlace.Find(resolved.Config, run);
    }
}
