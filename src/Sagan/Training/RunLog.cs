using Sagan.Native.Data;
using Sagan.Native.Images;
using Sagan.Native.Logging;
using Sagan.Native.Modules;

namespace Sagan.Native.Training;

/// <summary>What a session writes down while it trains: a line of metrics.jsonl for each logged step, and the same with pictures and distributions for TensorBoard.</summary>
sealed class RunLog : IDisposable
{
    const int ScoredImages = 64;

    readonly MetricsLog metrics;
    readonly EventFile? events;

    /// <param name="folder">The run's. What its metrics have of later steps is cut off.</param>
    /// <param name="step">Where the session begins.</param>
    /// <param name="tensorBoard">False: without event files.</param>
    public RunLog(RunFolder folder, long step, bool tensorBoard)
    {
        metrics = folder.OpenMetrics(step);
        string board = folder.File("tb");
        if (tensorBoard) events = new EventFile(board, TimeProvider.System, step == 0 && !Directory.Exists(board) ? null : step + 1);
    }

    /// <summary>What was deleted of its files since it began.</summary>
    public IEnumerable<string> Lost
    {
        get
        {
            if (!metrics.IsThere) yield return "metrics.jsonl";
            if (events != null && !File.Exists(events.Path)) yield return "tb";
        }
    }

    /// <summary>The configuration, for TensorBoard.</summary>
    public void Configuration(string json) => events?.Text("config", $"```json\n{json}\n```");

    /// <summary>The numbers of a step.</summary>
    public void Numbers(long step, params ReadOnlySpan<(string Name, double Value)> values)
    {
        metrics.Append(step, values);
        if (events == null) return;
        // A dot would be part of the name there, a slash makes a group.
        foreach ((string name, double value) in values) events.Scalar(name.Contains('.') ? name.Replace('.', '/') : $"train/{name}", value, step);
        events.Flush();
    }

    /// <summary>The sample grid of a step, unless it is null, and how the discriminator scores some real images and some samples.</summary>
    public void Samples(TrainingState state, ImageDataset data, Image[] samples, Image? grid)
    {
        if (events == null) return;
        if (grid != null) events.Image("samples", ImageFile.EncodePng(grid), state.StepCount);
        int n = Math.Min(Math.Min(ScoredImages, samples.Length), data.Count);
        events.Histogram("scores/real", state.Scores(data.Some(n), [.. data.SomeLabels(n)]), state.StepCount);
        events.Histogram("scores/fake", state.Scores(samples[..n], state.FixedClasses(n) ?? []), state.StepCount);
        events.Flush();
    }

    public void Dispose()
    {
        metrics.Dispose();
        events?.Dispose();
    }
}
