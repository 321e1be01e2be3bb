using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Training.Logging;

namespace Sagan.Native.Training;

/// <summary>
/// What of a run's events is written down: lines of log.txt, the numbers of metrics.jsonl, and the same with pictures and distributions for
/// TensorBoard.
/// </summary>
sealed class RunLog : IDisposable
{
    const int ScoredImages = 64;

    readonly RunFolder folder;
    readonly TrainingState state;
    readonly ImageDataset data;
    readonly MetricsLog metrics;
    readonly EventFile? events;

    /// <param name="folder">The run's. What its metrics have of later steps is cut off.</param>
    /// <param name="state">The run's.</param>
    /// <param name="data">Its images.</param>
    /// <param name="config">The configuration, for TensorBoard.</param>
    public RunLog(RunFolder folder, TrainingState state, ImageDataset data, string config)
    {
        (this.folder, this.state, this.data) = (folder, state, data);
        metrics = folder.OpenMetrics(state.StepCount);
        string board = folder.File("tb");
        if (state.Config.Training.TensorBoard)
            events = new EventFile(board, TimeProvider.System,
                state.StepCount == 0 && !Directory.Exists(board) ? null : state.StepCount + 1);
        events?.Text("config", $"```json\n{config}\n```");
    }

    /// <summary>What was deleted of its files since it began.</summary>
    public IEnumerable<string> Lost
    {
        get
        {
            if (!metrics.IsThere) yield return RunFolder.Metrics;
            if (events != null && !File.Exists(events.Path)) yield return "tb";
        }
    }

    /// <summary>Writes down what is to be kept of an event.</summary>
    public void Write(TrainingEvent e)
    {
        if (e is NumbersLogged numbers) Numbers(numbers);
        else if (e is SampleDrawn samples) Samples(samples);
        else if (e is MapsDrawn maps) Maps(maps);
        else if (e is not (StepDone or CheckpointSaved or Ended)) folder.Say(e.ToString());
    }

    void Numbers(NumbersLogged e)
    {
        metrics.Append(e.Step, [.. e.Values]);
        if (events == null) return;
        // A dot would be part of the name there, a slash makes a group.
        foreach ((string name, double value) in e.Values)
            events.Scalar(name.Contains('.') ? name.Replace('.', '/') : $"train/{name}", value, e.Step);
        events.Flush();
    }

    // The grid, and how the discriminator scores some real images and some samples.
    void Samples(SampleDrawn e)
    {
        if (events == null) return;
        TrainingConfig t = state.Config.Training;
        if (DiskNeed.IsOnBoard(t, e.Step, t.SampleEvery)) events.Image("samples", ImageFile.EncodePng(e.Grid), e.Step);
        int n = Math.Min(Math.Min(ScoredImages, e.Images.Count), data.Count);
        events.Histogram("scores/real", state.Scores(data.Some(n), [.. data.SomeLabels(n)]), e.Step);
        events.Histogram("scores/fake", state.Scores([.. e.Images.Take(n)], state.FixedClasses(n) ?? []), e.Step);
        events.Flush();
    }

    void Maps(MapsDrawn e)
    {
        TrainingConfig t = state.Config.Training;
        if (events == null || !DiskNeed.IsOnBoard(t, e.Step, t.AttentionEvery)) return;
        events.Image("attention", ImageFile.EncodePng(e.Figure), e.Step);
        events.Flush();
    }

    public void Dispose()
    {
        metrics.Dispose();
        events?.Dispose();
    }
}
