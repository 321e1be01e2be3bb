using System.Globalization;
using Sagan.Native.Inspection;

namespace Sagan.Native.Training;

/// <summary>What a run writes in its whole length, at most: bytes of checkpoints, of sample grids, of attention maps, and of the
/// logs.</summary>
sealed record DiskNeed(int KeptCheckpoints, long CheckpointBytes, int Grids, long GridBytes, long MapBytes, long LogBytes)
{
    // A line of metrics.jsonl and the same in an event file; a number has a name of some twenty letters and as many digits, and a tag and a
    // record there.
    const int BytesOfNumber = 110, Numbers = 8;
    const long HistogramBytes = 4096;

    /// <summary>Of the run of a state.</summary>
    /// <param name="state">The run's.</param>
    /// <param name="step">The step it is at.</param>
    public static DiskNeed Of(TrainingState state, int step)
    {
        RunConfig c = state.Config;
        TrainingConfig t = c.Training;
        int checkpoints = Count(t.Steps, t.SaveEvery, step), grids = Count(t.Steps, t.SampleEvery, step);
        // One more while it is written, and the best.
        int kept = Math.Min(checkpoints, t.Keep + 1 + (t.Best == BestKind.None ? 0 : 1));
        int keptGrids = t.KeepSamples == 0 ? grids : Math.Min(grids, t.KeepSamples);
        // PNG makes noise no smaller.
        long grid = (long)c.Sampling.Images * c.Model.Size * c.Model.Size * c.Model.Channels;
        int numbers = Numbers + state.Gammas().Count() + state.SingularValues().Count();
        int places = t.TensorBoard ? 2 : 1;
        long logs = (long)Count(t.Steps, t.LogEvery, step) * numbers * BytesOfNumber * places
            + (t.TensorBoard ? grids * HistogramBytes : 0);
        return new DiskNeed(kept, state.CheckpointBytes, keptGrids * places, grid, Maps(state, step, places), logs);
    }

    /// <summary>All of it.</summary>
    public long Bytes => KeptCheckpoints * CheckpointBytes + Grids * GridBytes + MapBytes + LogBytes;

    /// <summary>
    /// Whether the picture of a step goes to TensorBoard: as many as are kept, at equal distances, and the last. An event file cannot be
    /// thinned out.
    /// </summary>
    /// <param name="t">The run's.</param>
    /// <param name="step">Of the picture.</param>
    /// <param name="interval">Steps between two pictures of its kind.</param>
    public static bool IsOnBoard(TrainingConfig t, int step, int interval)
    {
        if (t.KeepSamples == 0 || interval == 0 || step >= t.Steps) return true;
        long every = (Count(t.Steps, interval, 0) + (long)t.KeepSamples - 1) / t.KeepSamples;
        return step / interval % every == 0;
    }

    /// <summary>What to do where it does not fit on the disk of a folder; null where it does, or nobody can tell.</summary>
    public string? Warning(string folder) => Free(folder) is { } free && Bytes > free ? TooMuch(folder, free) : null;

    internal string TooMuch(string folder, long free) =>
        $"{folder}: the disk has {Mb(free)} free, less than the {Mb(Bytes)} that the run may write: make room, or write less "
        + $"(--keep, checkpoints of {Mb(CheckpointBytes)} each; --keep-samples; --log-every; --set training.tensorBoard=false)";

    /// <summary>For example <c>at most 75 MB (4 checkpoints of 7.5 MB each, grids of samples 40 MB, logs 5 MB)</c>.</summary>
    public override string ToString() =>
        $"at most {Mb(Bytes)} ({KeptCheckpoints} {(KeptCheckpoints == 1 ? "checkpoint" : "checkpoints")} of {Mb(CheckpointBytes)} each, "
        + $"grids of samples {Mb(Grids * GridBytes)}, {(MapBytes > 0 ? $"attention maps {Mb(MapBytes)}, " : "")}logs {Mb(LogBytes)})";

    // A record of q and k, and a picture of which PNG makes every row of an enlarged pixel but the first small.
    static long Maps(TrainingState state, int step, int places)
    {
        TrainingConfig t = state.Config.Training;
        if (t.AttentionEvery == 0) return 0;
        int size = state.Config.Model.Size, all = Count(t.Steps, t.AttentionEvery, step) + (step == 0 ? 1 : 0);
        long kept = t.KeepSamples == 0 ? all : Math.Min(all, t.KeepSamples);
        AttentionLayer[] layers = [.. AttentionLayers.Of(state.Generator).Where(l => l.Problem == null)];
        long record = RunKeeper.MapSamples * (layers.Sum(AttentionRecord.BytesOf) + (long)size * size * state.Config.Model.Channels);
        return kept * (record + places * AttentionFigure.MostBytes(size, layers.Length * RunKeeper.MapSamples, RunKeeper.MapPoints));
    }

    // The folder itself need not be there yet.
    static long? Free(string folder)
    {
        try
        {
            string? at = Path.GetFullPath(folder);
            while (at != null && !Directory.Exists(at)) at = Path.GetDirectoryName(at);
            return at == null ? null : new DriveInfo(at).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    static int Count(int steps, int every, int from) =>
        every == 0 ? 1 : Math.Max(0, steps / every - from / every) + (steps % every == 0 ? 0 : 1);

    static string Mb(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.#} MB");
}
