using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sagan.Native.Configuration;
using Sagan.Native.Data;
using Sagan.Native.IO;
using Sagan.Native.Training.Checkpoints;
using Sagan.Native.Training.Logging;

namespace Sagan.Native.Training;

/// <summary>
/// Everything of one run, in one folder:
/// <code>
/// runs/2026-11-20_2130_flowers64_s1/      time, preset or data, seed
///   config.json  config.resolved.json     the second with the origin of every value
///   run.json                              versions, machine, command line, start, end and exit reason of every session
///   metrics.jsonl                         one object for each logged step
///   log.txt                               what was said
///   samples/step-0001000.png
///   attention/step-0001000.{png,safetensors}   on request: maps, and the q and k behind them
///   checkpoints/step-0001000/{...files, state.json}  checkpoints/LATEST
/// </code>
/// Locked while it is open: a second process is refused.
/// </summary>
sealed class RunFolder : IDisposable
{
    /// <summary>The folder of the checkpoints, and the file of the configuration.</summary>
    public const string Checkpoints = "checkpoints", Config = "config.json";

    /// <summary>
    /// The folder of the sample grids, the file of the configuration with its origins, that of the sessions, that of what was said, and
    /// that of the numbers.
    /// </summary>
    public const string Samples = "samples", Resolved = "config.resolved.json", Run = "run.json", Log = "log.txt",
        Metrics = "metrics.jsonl";

    /// <summary>The picture of real images among the sample grids.</summary>
    public const string RealImages = "real.png";

    /// <summary>How the name of a record of maps ends.</summary>
    public const string RecordEnding = ".safetensors";

    const string Attention = "attention", Lock = ".lock";

    readonly TimeProvider time;
    FileStream guard;
    StreamWriter log;
    JsonArray sessions = [];

    RunFolder(string path, TimeProvider time)
    {
        Path = path;
        this.time = time;
        guard = Guard();
        Directory.CreateDirectory(File(Samples));
        log = OpenLog();
    }

    FileStream Guard()
    {
        try
        {
            // The system releases it also when the process is killed.
            return new FileStream(File(Lock), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new RunFileException($"{Path}: the run cannot be locked; is another process using it? {e.Message}", e);
        }
    }

    StreamWriter OpenLog() =>
        new(new FileStream(File(Log), FileMode.Append, FileAccess.Write, FileShare.Read), new UTF8Encoding(false)) { AutoFlush = true };

    /// <summary>
    /// Makes anew what was deleted of the folder while it is open, as far as it is known here. Returns the names of what was gone.
    /// </summary>
    public IReadOnlyList<string> Restore(ResolvedConfig config)
    {
        string[] files = [Lock, Config, Resolved, Run, Log];
        if (files.All(n => System.IO.File.Exists(File(n))) && Directory.Exists(File(Samples))) return [];
        List<string> lost = [];
        Directory.CreateDirectory(Path);
        if (IsGone(Lock))
        {
            guard.Dispose();
            guard = Guard();
        }
        if (IsGone(Log))
            lock (log)
            {
                log.Dispose();
                log = OpenLog();
            }
        // Both, for what either has to say.
        if (IsGone(Config) | IsGone(Resolved)) WriteConfig(config);
        if (IsGone(Run)) WriteSessions();
        if (!Directory.Exists(File(Samples))) lost.Add(Samples);
        Directory.CreateDirectory(File(Samples));
        return lost;

        bool IsGone(string name)
        {
            if (System.IO.File.Exists(File(name))) return false;
            if (name != Lock) lost.Add(name);
            return true;
        }
    }

    public string Path { get; }

    /// <summary>The path of a file in the folder.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>The picture of a step: <c>samples/step-0001000.png</c>.</summary>
    public string SampleFile(long step) => File($"{Samples}/{Checkpoint.NameOf(step)}.png");

    /// <summary>The maps of a step: <c>attention/step-0001000.png</c>, and .safetensors.</summary>
    public string MapsFile(long step, string ending) => File($"{Attention}/{Checkpoint.NameOf(step)}{ending}");

    /// <summary>The records of maps that a run folder has, by step.</summary>
    public static IReadOnlyList<(long Step, string File)> MapRecords(string path)
    {
        string folder = System.IO.Path.Combine(path, Attention);
        return [.. StepsOf(folder, RecordEnding)
            .Select(s => (s, System.IO.Path.Combine(folder, Checkpoint.NameOf(s) + RecordEnding)))];
    }

    /// <summary>
    /// Deletes pictures of <c>samples</c> until so many are left: each time the one whose neighbours are nearest to each other, so that
    /// what stays is spread evenly over the run. The first, the newest and that of the best checkpoint stay.
    /// </summary>
    public void ThinSamples(int keep, long? best) =>
        Thin(StepsOf(File(Samples), ".png"), keep, best, s => System.IO.File.Delete(SampleFile(s)));

    /// <summary>The same of the maps: <c>attention</c>.</summary>
    public void ThinMaps(int keep) => Thin(StepsOf(File(Attention), RecordEnding), keep, null, DeleteMaps);

    static void Thin(List<long> steps, int keep, long? best, Action<long> delete)
    {
        while (steps.Count > keep)
        {
            int[] inner = [.. Enumerable.Range(1, Math.Max(0, steps.Count - 2)).Where(i => steps[i] != best)];
            if (inner.Length == 0) return;
            int doomed = inner.MinBy(i => steps[i + 1] - steps[i - 1]);
            delete(steps[doomed]);
            steps.RemoveAt(doomed);
        }
    }

    /// <summary>Deletes the pictures of steps above this one: those of a way that was given up.</summary>
    public void RemoveSamplesAfter(long step)
    {
        foreach (long s in StepsOf(File(Samples), ".png"))
            if (s > step) System.IO.File.Delete(SampleFile(s));
        foreach (long s in StepsOf(File(Attention), RecordEnding))
            if (s > step) DeleteMaps(s);
    }

    void DeleteMaps(long step)
    {
        System.IO.File.Delete(MapsFile(step, ".png"));
        System.IO.File.Delete(MapsFile(step, RecordEnding));
    }

    static List<long> StepsOf(string folder, string ending) => !Directory.Exists(folder) ? []
        : [.. Directory.EnumerateFiles(folder, $"step-*{ending}")
            .Select(f => Checkpoint.StepOf(System.IO.Path.GetFileNameWithoutExtension(f))).OfType<long>().Order()];

    /// <summary>
    /// A new run. <paramref name="path"/> null: a new folder under runs, named by time, data and seed. Throws <see cref="UsageException"/>
    /// for a folder that has something in it: no run is ever overwritten.
    /// </summary>
    /// <param name="path">The folder.</param>
    /// <param name="config">The run's configuration.</param>
    /// <param name="facts">Of the session that begins with it: <see cref="BeginSession"/>.</param>
    /// <param name="time">The clock.</param>
    public static RunFolder Create(string? path, ResolvedConfig config, IReadOnlyDictionary<string, string> facts,
        TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        path ??= FreeName(System.IO.Path.Combine("runs", DefaultName(config.Config, time.GetLocalNow())));
        try
        {
            CheckFree(path);
            Directory.CreateDirectory(path);
            RunFolder run = new(path, time);
            // The configuration last: a folder that has it is a run, and what that begins from is then known, killed at once or not.
            run.BeginSession(facts);
            AtomicFile.WriteAllBytes(run.File(Config), Encoding.UTF8.GetBytes(config.ToJson()));
            AtomicFile.WriteAllBytes(run.File(Resolved), Encoding.UTF8.GetBytes(config.ToJsonWithOrigins()));
            return run;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunFileException($"{path}: the run folder cannot be made: {e.Message}", e);
        }
    }

    /// <summary>Throws <see cref="UsageException"/> where a new run cannot be in a folder, because it has something in it.</summary>
    public static void CheckFree(string path)
    {
        if (System.IO.File.Exists(path)) throw new UsageException($"--out {path}: is a file; name a folder that is new or empty.");
        if (!Directory.Exists(path)) return;
        if (System.IO.File.Exists(System.IO.Path.Combine(path, Config)))
            throw new UsageException($"--out {path}: is not empty; name another folder, or go on with the run in it: "
                + $"{ShellCommand.Of("resume", path)}");
        // A run that ended before it had begun leaves these.
        if (Directory.EnumerateFileSystemEntries(path).Any(e => !IsRemnant(e)))
            throw new UsageException($"--out {path}: is not empty, and no run is in it; name another folder.");

        static bool IsRemnant(string entry) => System.IO.Path.GetFileName(entry) switch
        {
            Lock or Run => true,
            Log => new FileInfo(entry).Length == 0,
            Samples => Directory.Exists(entry) && !Directory.EnumerateFileSystemEntries(entry).Any(),
            var name => name.StartsWith(AtomicFile.TemporaryPrefix, StringComparison.Ordinal),
        };
    }

    /// <summary>A run that exists. Throws <see cref="RunFileException"/> for a folder that holds none.</summary>
    public static RunFolder Open(string path, TimeProvider? time = null)
    {
        if (!Directory.Exists(path)) throw new RunFileException($"{path}: no such run folder.");
        bool configured = System.IO.File.Exists(System.IO.Path.Combine(path, Config));
        JsonNode? kept = configured
            ? null
            : CheckpointStore.ForReading(System.IO.Path.Combine(path, Checkpoints)).FindNewest(out _)?.Config;
        if (!configured && kept == null) throw new RunFileException($"{path}: is no run folder: it has no {Config}.");
        RunFolder run = new(path, time ?? TimeProvider.System);
        if (kept != null)
        {
            AtomicFile.WriteAllBytes(run.File(Config), Encoding.UTF8.GetBytes(kept.ToJsonString() + "\n"));
            run.Say($"warning: {Config} was gone and is that of the newest checkpoint again");
        }
        try
        {
            run.sessions = JsonNode.Parse(System.IO.File.ReadAllText(run.File(Run)))?["sessions"]?.AsArray() ?? [];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or IOException)
        {
            run.Say($"warning: {Run} cannot be read and is begun anew: {e.Message}");
        }
        return run;
    }

    /// <summary>The run's configuration, with these values of it changed.</summary>
    public ResolvedConfig ReadConfig(IReadOnlyList<string>? set = null, IReadOnlyList<FlagValue>? flags = null) =>
        ResolvedConfig.Resolve(new ConfigSources { File = File(Config), FileIsComplete = true, Set = set ?? [], Flags = flags ?? [] });

    /// <summary>What run.json says of the run's beginning under this name, or null.</summary>
    public string? Fact(string name) =>
        sessions.Select(s => s?[name] is JsonValue v && v.TryGetValue(out string? text) ? text : null).FirstOrDefault(t => t != null);

    /// <summary>Writes the configuration that a resumed run goes on with.</summary>
    public void WriteConfig(ResolvedConfig config)
    {
        AtomicFile.WriteAllBytes(File(Config), Encoding.UTF8.GetBytes(config.ToJson()));
        AtomicFile.WriteAllBytes(File(Resolved), Encoding.UTF8.GetBytes(config.ToJsonWithOrigins()));
    }

    public CheckpointStore OpenCheckpoints(int keep) => CheckpointStore.ForWriting(File(Checkpoints), keep);

    /// <summary>The metrics up to this step; what comes after it is cut off.</summary>
    public MetricsLog OpenMetrics(long lastStep) => MetricsLog.Open(File(Metrics), lastStep, time);

    /// <summary>A line of log.txt, with the time.</summary>
    public void Say(string text)
    {
        lock (log) log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ} {text}"));
    }

    /// <summary>Enters into run.json that a session begins, with what is known of program, machine and data.</summary>
    public void BeginSession(IReadOnlyDictionary<string, string> facts)
    {
        JsonObject session = new() { ["start"] = Now() };
        foreach ((string name, string value) in facts) session[name] = value;
        sessions.Add((JsonNode)session);
        WriteSessions();
    }

    /// <summary>Enters how the session ended: finished, interrupted, diverged, an error. A session without an end was killed.</summary>
    public void EndSession(string reason, long step)
    {
        JsonObject session = sessions[^1]!.AsObject();
        session["end"] = Now();
        session["step"] = step;
        session["exit"] = reason;
        WriteSessions();
    }

    void WriteSessions()
    {
        JsonObject document = new() { ["sessions"] = sessions.DeepClone() };
        AtomicFile.WriteAllBytes(File(Run), JsonSerializer.SerializeToUtf8Bytes(document, CheckpointJson.Default.JsonObject));
    }

    string Now() => time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    public void Dispose()
    {
        log.Dispose();
        guard.Dispose();
    }

    /// <summary>For example <c>2026-11-20_2130_flowers64_s1</c>.</summary>
    internal static string DefaultName(RunConfig config, DateTimeOffset now)
    {
        string source = config.Data.Source;
        string label = source == new DataConfig().Source ? config.Preset
            : System.IO.Path.GetFileNameWithoutExtension(source.TrimEnd('/', '\\'));
        label = string.Concat(label.Select(c => char.IsAsciiLetterOrDigit(c) || c == '-' ? c : '-')).Trim('-');
        if (label.Length > 40) label = label[..40];
        return string.Create(CultureInfo.InvariantCulture,
            $"{now:yyyy-MM-dd_HHmm}_{(label.Length == 0 ? "run" : label)}_s{config.Training.Seed}");
    }

    static string FreeName(string path)
    {
        string free = path;
        for (int i = 2; Directory.Exists(free); i++) free = $"{path}_{i}";
        return free;
    }
}
