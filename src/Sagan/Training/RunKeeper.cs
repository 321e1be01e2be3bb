using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Inspection;
using Sagan.Native.Sampling;
using Sagan.Native.Training.Checkpoints;

namespace Sagan.Native.Training;

/// <summary>
/// What a run keeps of itself on the disk while it trains: checkpoints, the best of them by a measure, and grids of samples.
/// </summary>
/// <param name="folder">The run's.</param>
/// <param name="resolved">Its configuration.</param>
/// <param name="state">Where it is.</param>
/// <param name="data">Its images.</param>
/// <param name="tell">Told of what was kept.</param>
sealed class RunKeeper(RunFolder folder, ResolvedConfig resolved, TrainingState state, ImageDataset data, Action<TrainingEvent> tell)
{
    /// <summary>Images whose maps are kept, and points of each in the picture.</summary>
    public const int MapSamples = 4, MapPoints = 5;

    /// <summary>What a checkpoint and run.json call the hash of the images.</summary>
    public const string DataFact = "data";

    readonly TrainingConfig training = resolved.Config.Training;
    BestCheckpoint? best;
    long savedStep = -1, sampledStep = -1, mappedStep = -1;
    // Set while newer checkpoints of an abandoned branch are there: they go when this one has its first.
    bool wentBack;

    /// <summary>The checkpoints.</summary>
    public CheckpointStore Checkpoints { get; } = folder.OpenCheckpoints(resolved.Config.Training.Keep);

    /// <summary>The measure of the best checkpoint so far.</summary>
    public double? BestValue { get; set; }

    /// <summary>How often the run was rolled back.</summary>
    public int RollBacks { get; set; }

    /// <summary>What was measured when the newest checkpoint was saved.</summary>
    public IReadOnlyList<(string Name, double Value)> Measures { get; set; } = [];

    /// <summary>Makes ready to measure, which may train a network.</summary>
    public void PrepareMeasure(Action<int, int> progress) =>
        best ??= BestCheckpoint.Of(resolved.Config, data, state.Device, text => tell(new Warning(state.StepCount, text)), progress);

    /// <summary>The state is that of an older checkpoint now.</summary>
    public void WentBack() => (savedStep, sampledStep, mappedStep, wentBack) = (-1, -1, -1, true);

    /// <summary>
    /// Saves a checkpoint of the current step, unless it is there. Throws <see cref="DivergedException"/> where a weight is not finite.
    /// </summary>
    /// <param name="watch">What the watchdog must know.</param>
    public void Save(JsonNode watch)
    {
        int step = state.StepCount;
        if (savedStep == step) return;
        // The losses of a step are from before its update, so they can be finite when the weights no longer are.
        if (!state.IsFinite)
        {
            string what = $"a weight is not finite after step {step}";
            throw new DivergedException(what) { What = what, Since = 0 };
        }
        // Measured first, so that the checkpoint knows the best value up to itself.
        Measures = best?.Of(state) ?? [];
        double? value = Measures.Count == 0 ? null : Measures[0].Value;
        bool isBest = value is { } v && best!.IsBetter(v, BestValue);
        if (isBest) BestValue = value;
        string saved = Checkpoints.Save(step, state.Files(), new JsonObject
        {
            [Checkpoint.ConfigKey] = resolved.ToJsonNode(),
            [DataFact] = data.Report.ContentHash,
            ["watch"] = watch,
            ["rollBacks"] = RollBacks,
            ["best"] = BestValue,
            ["classes"] = new JsonArray([.. data.Report.Classes.Select(c => JsonValue.Create(c.Name))]),
        });
        savedStep = step;
        if (isBest) Checkpoints.MarkBest(step);
        if (value is { } measured) tell(new Measured(step, best!.Name, measured, isBest));
        if (wentBack)
        {
            Checkpoints.RemoveAfter(step);
            folder.RemoveSamplesAfter(step);
        }
        wentBack = false;
        tell(new CheckpointSaved(step, saved));
    }

    /// <summary>Draws and keeps the grid of the current step, unless it is there.</summary>
    public void DrawSamples()
    {
        int step = state.StepCount;
        if (sampledStep == step) return;
        Image[] samples = Samples(resolved.Config.Sampling.Images);
        Image grid = ImageGrid.Of(samples);
        string path = folder.SampleFile(step);
        ImageFile.Save(path, grid,
        [
            new("sagan.step", step.ToString(CultureInfo.InvariantCulture)),
            new("sagan.seed", training.Seed.ToString(CultureInfo.InvariantCulture)),
        ]);
        sampledStep = step;
        tell(new SampleDrawn(step, path, grid, samples));
        if (training.KeepSamples > 0) folder.ThinSamples(training.KeepSamples, Checkpoints.Best);
    }

    /// <summary>Draws and keeps the attention maps of the current step, unless they are there.</summary>
    public void DrawMaps()
    {
        int step = state.StepCount;
        if (mappedStep == step) return;
        AttentionPass pass = Step.Run(() => AttentionPass.Of(state.Best, state.FixedZ(MapSamples), state.FixedClasses(MapSamples),
            resolved.Config.Sampling.Statistics));
        // One that grows may not have come to its attention yet.
        if (pass.Layers.Count == 0)
        {
            mappedStep = step;
            return;
        }
        string path = folder.MapsFile(step, ".png");
        AttentionRecord.Save(folder.MapsFile(step, RunFolder.RecordEnding), step, pass);
        Image figure = AttentionFigure.Draw([.. pass.Layers.SelectMany(l => pass.Images
            .Select((image, i) => new FigureRow(image, l, i, FixedPoints(l.Layer.Size))))], $"step {step}");
        ImageFile.Save(path, figure, [new("sagan.step", step.ToString(CultureInfo.InvariantCulture))]);
        mappedStep = step;
        tell(new MapsDrawn(step, path, figure));
        if (training.KeepSamples > 0) folder.ThinMaps(training.KeepSamples);
    }

    // The middle, and the middles of the quarters: the same at every step, so that pictures of different steps can be compared.
    static int[] FixedPoints(int size)
    {
        (int a, int b, int c) = (size / 4, size / 2, 3 * size / 4);
        return [a * size + a, a * size + c, b * size + b, c * size + a, c * size + c];
    }

    /// <summary>Images of the run's fixed noise.</summary>
    public Image[] Samples(int count) => Step.Run(() =>
        Sampler.Images(state.Best, state.FixedZ(count), resolved.Config.Sampling.Statistics, state.FixedClasses(count)));
}
