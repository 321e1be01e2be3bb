using System.Text.Json;
using System.Text.Json.Nodes;
using Sagan.Native.Augmentation;
using Sagan.Native.Configuration;
using Sagan.Native.Data;
using Sagan.Native.Losses;
using Sagan.Native.Models;
using Sagan.Native.Sampling;

namespace Sagan.Native.Training;

/// <summary>
/// Everything that describes a run. Written to the run folder as <c>config.json</c>; the presets are such files with only some of the keys.
/// A key is named by its path, <c>training.batch</c>, the same on the command line (<c>--set</c>), in files and in errors.
/// The values here are the defaults below all presets.
/// </summary>
public sealed record RunConfig
{
    internal static ConfigKeys Keys { get; } = new(RunConfigJson.Default.RunConfig);

    /// <summary>The preset below this configuration.</summary>
    public string Preset { get; init; } = "demo";

    /// <summary>The networks.</summary>
    public ModelConfig Model { get; init; } = new();

    /// <summary>What they play for.</summary>
    public LossConfig Loss { get; init; } = new();

    /// <summary>What is done to images before the discriminator sees them.</summary>
    public AugmentConfig Augment { get; init; } = new();

    /// <summary>How weights move.</summary>
    public OptimizerConfig Optimizer { get; init; } = new();

    /// <summary>The loop.</summary>
    public TrainingConfig Training { get; init; } = new();

    /// <summary>When a run has failed.</summary>
    public WatchConfig Watch { get; init; } = new();

    /// <summary>The images.</summary>
    public DataConfig Data { get; init; } = new();

    /// <summary>The sample grids.</summary>
    public SamplingConfig Sampling { get; init; } = new();

    /// <summary>
    /// A preset with some values changed, each <c>path=value</c>: <c>RunConfig.FromPreset("sagan64", "data.source=PHOTOS")</c>.
    /// <c>sagan help presets</c> prints the presets.
    /// </summary>
    /// <exception cref="ConfigException">No such preset or key, or a value that breaks a rule; all broken rules are named, one line
    /// each.</exception>
    public static RunConfig FromPreset(string preset, params IReadOnlyList<string> values) =>
        ResolvedConfig.Resolve(new ConfigSources { Preset = preset, Set = values }).Config;

    /// <summary>A file of JSON, over the preset that it names, with some values changed.</summary>
    /// <inheritdoc cref="FromPreset" path="/exception"/>
    public static RunConfig FromFile(string path, params IReadOnlyList<string> values) =>
        ResolvedConfig.Resolve(new ConfigSources { File = path, Set = values }).Config;

    /// <summary>Opens the images as the networks are to see them; decodes each once, which may take long.</summary>
    /// <param name="progress">Told now and then, from any thread.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="DataException">There are no images, or (without data.skipBadImages) one cannot be read.</exception>
    public ImageDataset OpenData(IProgress<DatasetProgress>? progress = null, CancellationToken cancellation = default) =>
        Dataset.Open(Data.Source, Data.Options(Model.Size, Model.Channels) with { Progress = progress }, cancellation);

    /// <summary>config.json, as a document.</summary>
    internal JsonObject ToJsonObject() => JsonSerializer.SerializeToNode(this, RunConfigJson.Default.RunConfig)!.AsObject();

    /// <summary>Throws <see cref="ConfigException"/> where a rule does not hold; returns what the user should be warned of.</summary>
    /// <param name="origins">Where each value came from, by path; null for a configuration that a program made.</param>
    internal IReadOnlyList<string> Validate(IReadOnlyDictionary<string, string>? origins)
    {
        ConfigRules rules = new(origins);
        Model.Validate(rules.In("model"));
        Loss.Validate(rules.In("loss"), Model);
        Augment.Validate(rules.In("augment"));
        Optimizer.Validate(rules.In("optimizer"), Model);
        Training.Validate(rules.In("training"), Model, Data);
        Watch.Validate(rules.In("watch"));
        Data.Validate(rules.In("data"));
        Sampling.Validate(rules.In("sampling"));
        rules.Check();
        if (GrowthSchedule.End(this) is var end && end > Training.Steps)
            rules.Warn($"the networks are complete after {end} steps, and the run ends after {Training.Steps}: before, there is nothing to "
                + "export.");
        return rules.Warnings;
    }
}
