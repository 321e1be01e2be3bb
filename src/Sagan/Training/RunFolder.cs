using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sagan.Native.Configuration;

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
///   checkpoints/step-0001000/{...files, state.json}  checkpoints/LATEST
/// </code>
/// Locked while it is open: a second process is refused.
/// </summary>
sealed class RunFolder : IDisposable
{
    const string Config = "config.json", Resolved = "config.resolved.json", Run = "run.json", Log = "log.txt", Lock = ".lock";

    readonly FileStream guard;
    readonly TimeProvider time;
    readonly StreamWriter log;
    JsonArray sessions = [];

    RunFolder(string path, TimeProvider time)
    {
        Path = path;
        this.time = time;
        try
        {
            // The system releases it also when the process is killed.
            guard = new FileStream(File(Lock), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new RunFileException($"{path}: the run cannot be locked; is another process using it? {e.Message}", e);
        }
        Directory.CreateDirectory(File("samples"));
        log = new StreamWriter(new FileStream(File(Log), FileMode.Append, FileAccess.Write, FileShare.Read), new UTF8Encoding(false)) { AutoFlush = true };
    }

    public string Path { get; }

    /// <summary>The path of a file in the folder.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>The picture of a step: <c>samples/step-0001000.png</c>.</summary>
    public string SampleFile(long step) => File($"samples/{Checkpoint.NameOf(step)}.png");

    /// <summary>
    /// A new run. <paramref name="path"/> null: a new folder under runs, named by time, data and seed. Throws <see cref="UsageException"/> for a folder that
    /// has something in it: no run is ever overwritten.
    /// </summary>
    public static RunFolder Create(string? path, ResolvedConfig config, TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        path ??= FreeName(System.IO.Path.Combine("runs", DefaultName(config.Config, time.GetLocalNow())));
        try
        {
            if (System.IO.File.Exists(path)) throw new UsageException($"--out {path}: is a file; name a folder that is new or empty.");
            if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
                throw new UsageException($"--out {path}: is not empty; name another folder, or go on with the run in it: sagan resume {path}");
            Directory.CreateDirectory(path);
            RunFolder run = new(path, time);
            DurableFile.Replace(run.File(Config), Encoding.UTF8.GetBytes(config.ToJson()));
            DurableFile.Replace(run.File(Resolved), Encoding.UTF8.GetBytes(config.ToJsonWithOrigins()));
            return run;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunFileException($"{path}: the run folder cannot be made: {e.Message}", e);
        }
    }

    /// <summary>A run that exists. Throws <see cref="RunFileException"/> for a folder that holds none.</summary>
    public static RunFolder Open(string path, TimeProvider? time = null)
    {
        if (!Directory.Exists(path)) throw new RunFileException($"{path}: no such run folder.");
        if (!System.IO.File.Exists(System.IO.Path.Combine(path, Config))) throw new RunFileException($"{path}: is no run folder: it has no {Config}.");
        RunFolder run = new(path, time ?? TimeProvider.System);
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
    public ResolvedConfig ReadConfig(IReadOnlyList<string> set) => ConfigResolver.Resolve(new ConfigSources { File = File(Config), FileIsComplete = true, Set = set });

    /// <summary>Writes the configuration that a resumed run goes on with.</summary>
    public void WriteConfig(ResolvedConfig config)
    {
        DurableFile.Replace(File(Config), Encoding.UTF8.GetBytes(config.ToJson()));
        DurableFile.Replace(File(Resolved), Encoding.UTF8.GetBytes(config.ToJsonWithOrigins()));
    }

    public CheckpointStore OpenCheckpoints(int keep) => CheckpointStore.ForWriting(File("checkpoints"), keep);

    /// <summary>The metrics up to this step; what comes after it is cut off.</summary>
    public MetricsLog OpenMetrics(long lastStep) => MetricsLog.Open(File("metrics.jsonl"), lastStep);

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
        sessions.Add(session);
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
        DurableFile.Replace(File(Run), JsonSerializer.SerializeToUtf8Bytes(document, CheckpointJson.Default.JsonObject));
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
        string label = source == new DataConfig().Source ? config.Preset : System.IO.Path.GetFileNameWithoutExtension(source.TrimEnd('/', '\\'));
        label = string.Concat(label.Select(c => char.IsAsciiLetterOrDigit(c) || c == '-' ? c : '-')).Trim('-');
        if (label.Length > 40) label = label[..40];
        return string.Create(CultureInfo.InvariantCulture, $"{now:yyyy-MM-dd_HHmm}_{(label.Length == 0 ? "run" : label)}_s{config.Training.Seed}");
    }

    static string FreeName(string path)
    {
        string free = path;
        for (int i = 2; Directory.Exists(free); i++) free = $"{path}_{i}";
        return free;
    }
}
