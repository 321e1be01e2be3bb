using Sagan.Native.Data;
using Sagan.Native.Training;
using Sagan.Native.Training.Checkpoints;

namespace Sagan.Native.Pages;

/// <summary>
/// Attention of the newest checkpoint of a run, for each sample of its grids, computed when a reader first asks for it: on the CPU, from
/// the files, so that a run that trains in this process has no part in it. Thread-safe.
/// </summary>
/// <param name="folder">The run's.</param>
sealed class GridMaps(string folder)
{
    // Of what was computed before; a layer of 64 x 64 has 0.4 MB for each sample.
    const long MostLetters = 32 << 20;

    readonly Lock gate = new();
    readonly Dictionary<int, string> known = [];
    SaganRun? run;
    (long Step, DateTime Written)? opened;

    /// <summary>What the page shows of a sample: JSON, with the checkpoint's step, or with <c>why</c> there is nothing.</summary>
    /// <param name="sample">Its number in the grid, from 0.</param>
    public string Of(int sample)
    {
        lock (gate)
            try
            {
                Open();
                if (known.TryGetValue(sample, out string? before)) return before;
                if (sample >= run!.Config.Sampling.Images)
                    return Why($"A grid of the run has {run.Config.Sampling.Images} samples.");
                string now = AttentionJson.OfGrid(run, sample).ToJsonString();
                if (known.Values.Sum(k => (long)k.Length) + now.Length > MostLetters) known.Clear();
                return known[sample] = now;
            }
            catch (Exception e) when (e is SaganException or DataException or IOException or UnauthorizedAccessException)
            {
                (run, opened) = (null, null);
                known.Clear();
                return Why(e.Message);
            }
    }

    // Again only where there is a newer one.
    void Open()
    {
        string checkpoints = Path.Combine(folder, RunFolder.Checkpoints);
        if (CheckpointStore.ForReading(checkpoints).Steps is not [var step, ..])
            throw new RunFileException("The run has no checkpoint yet, and maps are computed from one (--save-every).");
        (long, DateTime) newest = (step, Directory.GetLastWriteTimeUtc(Path.Combine(checkpoints, Checkpoint.NameOf(step))));
        if (opened == newest) return;
        known.Clear();
        run = SaganRun.Open(folder, average: true, device: "cpu", _ => { });
        opened = newest;
    }

    static string Why(string why) => AttentionJson.Why(why).ToJsonString();
}
