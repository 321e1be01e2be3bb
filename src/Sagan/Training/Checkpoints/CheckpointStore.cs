using System.Text;
using System.Text.Json.Nodes;
using Sagan.Native.IO;

namespace Sagan.Native.Training.Checkpoints;

/// <summary>A checkpoint that cannot be used, and why.</summary>
sealed record SkippedCheckpoint(string Name, string Reason);

/// <summary>
/// The folder <c>checkpoints</c> of a run. A checkpoint is written as <c>.tmp-step-0001000</c>: every file, then state.json with their
/// hashes, each flushed to the disk, then the folder; then it is renamed. So a crash at any moment leaves what was there before, plus
/// rubbish that the next opening removes. One process at a time: the run folder is locked.
/// </summary>
sealed class CheckpointStore
{
    const string Latest = "LATEST", BestFile = "BEST";
    // A checkpoint on its way out: complete until the new one of the same step is in its place.
    const string ReplacedPrefix = ".old-";

    readonly string folder;
    readonly int keep;

    CheckpointStore(string folder, int keep) => (this.folder, this.keep) = (folder, keep);

    /// <summary>To look at the checkpoints of a run, also while another process trains it: changes nothing.</summary>
    public static CheckpointStore ForReading(string folder) => new(folder, int.MaxValue);

    /// <summary>
    /// To save: makes the folder and cleans up after a crash. The newest <paramref name="keep"/> checkpoints stay when one is saved.
    /// </summary>
    public static CheckpointStore ForWriting(string folder, int keep)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1);
        Directory.CreateDirectory(folder);
        CheckpointStore store = new(folder, keep);
        store.Recover();
        return store;
    }

    /// <summary>The steps of all checkpoints, sound or not, newest first.</summary>
    public IReadOnlyList<long> Steps => !Directory.Exists(folder)
        ? []
        : [.. Directory.EnumerateDirectories(folder).Select(d => Checkpoint.StepOf(Path.GetFileName(d))).OfType<long>().OrderDescending()];

    /// <summary>
    /// Writes a checkpoint: each file by its writer, front to back, and <paramref name="state"/>. Then removes the oldest above the number
    /// to keep. Throws <see cref="RunFileException"/> when the disk is full; the older checkpoints are then as they were, and nothing of
    /// the new one is left.
    /// </summary>
    /// <returns>The checkpoint's folder.</returns>
    public string Save(long step, IReadOnlyDictionary<string, Action<Stream>> files, JsonObject state)
    {
        string name = Checkpoint.NameOf(step), target = Path.Combine(folder, name),
            temporary = Path.Combine(folder, AtomicFile.TemporaryPrefix + name);
        try
        {
            if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
            Directory.CreateDirectory(temporary);
            List<(string, long, string)> written = [];
            foreach ((string file, Action<Stream> write) in files)
            {
                if (file != Path.GetFileName(file) || file == Checkpoint.StateFile)
                    throw new ArgumentException($"'{file}' is no name for a file of a checkpoint.", nameof(files));
                written.Add(WriteFile(Path.Combine(temporary, file), write));
            }
            WriteFile(Path.Combine(temporary, Checkpoint.StateFile), s => s.Write(Checkpoint.Describe(step, state, written)));
            AtomicFile.FlushFolder(temporary);
            PutInPlace(temporary, target);
        }
        catch (IOException e) when (IsDiskFull(e))
        {
            RemoveIfPossible(temporary);
            throw new RunFileException(DiskFull(target, files), e);
        }
        catch
        {
            RemoveIfPossible(temporary);
            throw;
        }
        NoteLatest(name);
        Prune(step);
        return target;
    }

    /// <summary>The step of the best checkpoint, which is kept whatever its age; null where none was named or it is gone.</summary>
    public long? Best
    {
        get
        {
            string path = Path.Combine(folder, BestFile);
            return File.Exists(path) && Checkpoint.StepOf(File.ReadAllText(path).Trim()) is { } step && Steps.Contains(step) ? step : null;
        }
    }

    /// <summary>Names the best checkpoint.</summary>
    public void MarkBest(long step)
    {
        AtomicFile.WriteAllBytes(Path.Combine(folder, BestFile), Encoding.UTF8.GetBytes(Checkpoint.NameOf(step) + "\n"));
        Prune(step);
    }

    // For people; the checkpoints themselves say which is the newest.
    void NoteLatest(string name)
    {
        try
        {
            AtomicFile.WriteAllBytes(Path.Combine(folder, Latest), Encoding.UTF8.GetBytes(name + "\n"));
        }
        catch (IOException)
        {
        }
    }

    // What remains, the next opening removes; the error that led here is the one to report.
    static void RemoveIfPossible(string path)
    {
        try
        {
            Remove(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    static (string Name, long Bytes, string Hash) WriteFile(string path, Action<Stream> write)
    {
        using FileStream file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16);
        using HashingStream hashing = new(file);
        write(hashing);
        file.Flush(flushToDisk: true);
        return (Path.GetFileName(path), hashing.Length, hashing.Hash());
    }

    /// <summary>Renames; a checkpoint of the same step (a run that went back and came here again) is moved aside first.</summary>
    void PutInPlace(string temporary, string target)
    {
        string replaced = Path.Combine(folder, ReplacedPrefix + Path.GetFileName(target));
        bool exists = Directory.Exists(target);
        if (exists) Directory.Move(target, replaced);
        try
        {
            Directory.Move(temporary, target);
        }
        catch when (exists)
        {
            Directory.Move(replaced, target);
            throw;
        }
        AtomicFile.FlushFolder(folder);
        if (exists) Remove(replaced);
    }

    /// <summary>
    /// The newest checkpoint whose every byte is as it was written, or null; and those above it that are not, with the reason.
    /// </summary>
    public Checkpoint? FindNewest(out IReadOnlyList<SkippedCheckpoint> skipped)
    {
        List<SkippedCheckpoint> bad = [];
        skipped = bad;
        foreach (long step in Steps)
        {
            try
            {
                return Open(step);
            }
            catch (RunFileException e)
            {
                bad.Add(new SkippedCheckpoint(Checkpoint.NameOf(step), e.Message));
            }
        }
        return null;
    }

    /// <summary>The checkpoint of this step. Throws <see cref="RunFileException"/> when there is none, or it is not sound.</summary>
    public Checkpoint Open(long step)
    {
        string path = Path.Combine(folder, Checkpoint.NameOf(step));
        if (!Directory.Exists(path))
        {
            string others = Steps.Count == 0 ? "none" : "those of steps " + string.Join(", ", Steps.Order());
            throw new RunFileException($"{path}: no such checkpoint; there are {others}.");
        }
        Checkpoint c = Checkpoint.Open(path);
        return c.Step == step ? c : throw new RunFileException($"{path}: holds step {c.Step}.");
    }

    /// <summary>Removes the checkpoints after this step: a run that goes back to an older one leaves them behind.</summary>
    public void RemoveAfter(long step)
    {
        foreach (long s in Steps.Where(s => s > step)) Discard(s);
        NoteLatest(Checkpoint.NameOf(step));
    }

    /// <summary>
    /// Removes the oldest but the best, never the one just written (which is sound), so that one sound checkpoint always stays.
    /// </summary>
    void Prune(long written)
    {
        long? best = Best;
        foreach (long step in Steps.Where(s => s < written).Skip(keep - 1).Where(s => s != best)) Discard(step);
    }

    /// <summary>Renamed before it is deleted: half a checkpoint never bears a checkpoint's name.</summary>
    void Discard(long step)
    {
        string name = Checkpoint.NameOf(step), doomed = Path.Combine(folder, $"{AtomicFile.TemporaryPrefix}delete-{name}");
        Remove(doomed);
        Directory.Move(Path.Combine(folder, name), doomed);
        Remove(doomed);
    }

    void Recover()
    {
        foreach (string path in Directory.EnumerateDirectories(folder, ReplacedPrefix + "*").ToList())
        {
            string target = Path.Combine(folder, Path.GetFileName(path)[ReplacedPrefix.Length..]);
            if (Directory.Exists(target)) Remove(path);
            else Directory.Move(path, target);
        }
        foreach (string path in Directory.EnumerateFileSystemEntries(folder, AtomicFile.TemporaryPrefix + "*").ToList()) Remove(path);
    }

    static void Remove(string path)
    {
        if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
        else File.Delete(path);
    }

    /// <summary>Whether this error says that the disk, or the user's share of it, is full.</summary>
    static bool IsDiskFull(IOException e)
    {
        const int noSpace = 28, windowsDiskFull = unchecked((int)0x80070070), windowsHandleDiskFull = unchecked((int)0x80070027);
        int quotaExceeded = OperatingSystem.IsMacOS() ? 69 : 122;
        return e.HResult == noSpace || e.HResult == quotaExceeded || e.HResult is windowsDiskFull or windowsHandleDiskFull;
    }

    /// <summary>Says how much was needed: the writers are run once more, into nothing.</summary>
    string DiskFull(string target, IReadOnlyDictionary<string, Action<Stream>> files)
    {
        long needed = 0;
        foreach (Action<Stream> write in files.Values)
        {
            using HashingStream counting = new(null);
            write(counting);
            needed += counting.Length;
        }
        long free = new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;
        return $"{target}: the disk is full: the checkpoint needs {needed} bytes and {free} are free; "
            + $"make room, or keep fewer checkpoints (training.keep, now {keep}). The older checkpoints are untouched.";
    }
}
