using System.Text.Json;
using System.Text.Json.Nodes;
using Sagan.Native.Configuration;
using Sagan.Native.Training.Checkpoints;
using Sagan.Native.Training.Logging;

namespace Sagan.Native.Training;

/// <summary>A value of a run's configuration, and where it came from.</summary>
/// <param name="Path">Its key, such as <c>training.batch</c>.</param>
/// <param name="Value">As it would be typed.</param>
/// <param name="Origin">A preset, a file, a flag.</param>
public sealed record ConfigValue(string Path, string Value, string Origin);

/// <summary>A grid of samples of a run.</summary>
/// <param name="Step">When it was drawn.</param>
/// <param name="Path">The picture.</param>
public sealed record SampleGrid(long Step, string Path);

/// <summary>
/// What a run's folder tells of it: configuration, sessions, the course of every number, sample grids. Of a run that trains, that has
/// ended, or that is damaged: what cannot be read is in <see cref="Missing"/>, a line each. Nothing in the folder is changed or locked.
/// <code>
/// RunHistory history = RunHistory.Load("runs/flowers");
/// Console.WriteLine(history["d_loss"]?.Values[^1]);
/// </code>
/// </summary>
/// <remarks>Not thread-safe: <see cref="Refresh"/> changes what it read before.</remarks>
public sealed class RunHistory
{
    // Nothing that a run writes comes near.
    const long MostFileBytes = 16 << 20;
    const int MostCurves = 2000;

    readonly MetricsReader metrics;
    readonly OrderedDictionary<string, Curve> curves = [];
    readonly Dictionary<string, (DateTime, long)> seen = [];
    readonly Dictionary<string, string> missing = [];

    RunHistory(string folder)
    {
        Folder = folder;
        metrics = new MetricsReader(File(RunFolder.Metrics));
    }

    /// <summary>Reads a run's folder.</summary>
    /// <exception cref="RunFileException">There is no such folder, or it has nothing of a run.</exception>
    public static RunHistory Load(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (!Directory.Exists(folder)) throw new RunFileException($"{folder}: no such run folder.");
        RunHistory run = new(folder);
        string[] parts = [RunFolder.Config, RunFolder.Resolved, RunFolder.Run, RunFolder.Metrics];
        if (!parts.Any(p => System.IO.File.Exists(run.File(p))) && !Directory.Exists(run.File(RunFolder.Samples)))
            throw new RunFileException(
                $"{folder}: is no run folder: it has none of {string.Join(", ", parts)}; name the folder of one run.");
        run.Refresh();
        return run;
    }

    /// <summary>The run's folder.</summary>
    public string Folder { get; }

    /// <summary>The folder's own name.</summary>
    public string Name => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Folder)));

    /// <summary>The configuration; null where it cannot be read.</summary>
    public RunConfig? Config { get; private set; }

    /// <summary>Every value of it with its origin, as far as they can be read.</summary>
    public IReadOnlyList<ConfigValue> Values { get; private set; } = [];

    /// <summary>Who trained it, and when: the first one began it.</summary>
    public IReadOnlyList<RunSession> Sessions { get; private set; } = [];

    /// <summary>The numbers of metrics.jsonl, in the order of their first lines.</summary>
    public IReadOnlyList<Curve> Curves => [.. curves.Values];

    /// <summary>The curve of this name, or null.</summary>
    public Curve? this[string name] => curves.GetValueOrDefault(name);

    /// <summary>The sample grids, by step.</summary>
    public IReadOnlyList<SampleGrid> Samples { get; private set; } = [];

    /// <summary>Real images, as the sample grids show them; null where they are not there.</summary>
    public string? RealImages { get; private set; }

    /// <summary>The last step of which something is known.</summary>
    public long Step => Math.Max(Math.Max(curves.Values.Select(c => c.Count == 0 ? 0 : c.Steps[^1]).DefaultIfEmpty().Max(),
        Samples.Count == 0 ? 0 : Samples[^1].Step), Sessions.Count == 0 ? 0 : Sessions[^1].Step ?? 0);

    /// <summary>The warnings of log.txt, with their times, and why a session failed: what the watchdog said, among others.</summary>
    public IReadOnlyList<string> Warnings { get; private set; } = [];

    /// <summary>What is not there or cannot be read, a line each; empty for a run that is whole.</summary>
    public IReadOnlyList<string> Missing => [.. missing.Values];

    /// <summary>How often the curves were begun anew, because the run went back to an older step.</summary>
    public int Rewritten { get; private set; }

    /// <summary>Reads what has come since. Returns whether anything has.</summary>
    public bool Refresh()
    {
        // All of them, whatever the first says.
        bool config = ReadConfig(), origins = ReadOrigins(), sessions = ReadSessions(), said = ReadLog(), samples = ReadSamples(),
            numbers = ReadMetrics();
        return config || origins || sessions || said || samples || numbers;
    }

    string File(string name) => Path.Combine(Folder, name);

    bool ReadConfig() => IfChanged(RunFolder.Config, () =>
    {
        Config = null;
        Config = ResolvedConfig.Resolve(new ConfigSources
        {
            File = File(RunFolder.Config),
            Content = Text(RunFolder.Config),
            FileIsComplete = true,
        }).Config;
    });

    bool ReadOrigins() => IfChanged(RunFolder.Resolved, () =>
    {
        Values = [];
        Values = [.. JsonNode.Parse(Text(RunFolder.Resolved))!.AsObject().Select(p =>
            new ConfigValue(p.Key, ResolvedConfig.Text(p.Value!["value"]), p.Value["origin"]?.ToString() ?? ""))];
    });

    bool ReadSessions() => IfChanged(RunFolder.Run, () =>
    {
        Sessions = [];
        Sessions = [.. JsonNode.Parse(Text(RunFolder.Run))!["sessions"]!.AsArray().Select(s => RunSession.Of(s!.AsObject()))];
    });

    bool ReadLog() => IfChanged(RunFolder.Log, () =>
    {
        Warnings = [];
        Warnings = [.. Text(RunFolder.Log).Split('\n').Where(l =>
            l.Contains("Z warning: ", StringComparison.Ordinal) || l.Contains("Z training diverged: ", StringComparison.Ordinal))
            .Select(l => l.TrimEnd())];
    });

    bool ReadSamples()
    {
        string folder = File(RunFolder.Samples);
        (IReadOnlyList<SampleGrid> before, string? realBefore) = (Samples, RealImages);
        (Samples, RealImages) = ([], null);
        Try(RunFolder.Samples, () =>
        {
            Samples = [.. Directory.EnumerateFiles(folder, "step-*.png")
                .Select(f => (Step: Checkpoint.StepOf(Path.GetFileNameWithoutExtension(f)), File: f)).Where(s => s.Step != null)
                .Select(s => new SampleGrid(s.Step!.Value, s.File)).OrderBy(s => s.Step)];
            string real = Path.Combine(folder, RunFolder.RealImages);
            if (System.IO.File.Exists(real)) RealImages = real;
        });
        return !Samples.SequenceEqual(before) || RealImages != realBefore;
    }

    bool ReadMetrics()
    {
        bool any = false;
        Try(RunFolder.Metrics, () =>
        {
            metrics.Read(() =>
            {
                curves.Clear();
                Rewritten++;
                any = true;
            }, (step, values) =>
            {
                any = true;
                foreach ((string name, double value) in values)
                    if (curves.TryGetValue(name, out Curve? curve)) curve.Add(step, value);
                    else if (curves.Count < MostCurves)
                    {
                        curve = new Curve(name);
                        curve.Add(step, value);
                        curves.Add(name, curve);
                    }
            });
            if (metrics.Damaged > 0)
                missing[RunFolder.Metrics] = $"{RunFolder.Metrics}: {metrics.Damaged} of its lines cannot be read, the first of them line "
                    + $"{metrics.FirstDamaged}; they are left out.";
            else if (metrics.IsCutOff) missing[RunFolder.Metrics] = $"{RunFolder.Metrics}: its last line is cut off, and left out.";
        });
        return any;
    }

    // Reads a file where it is another one than it was; whether it is.
    bool IfChanged(string name, Action read)
    {
        FileInfo info = new(File(name));
        (DateTime, long) now = info.Exists ? (info.LastWriteTimeUtc, info.Length) : (default, -1);
        if (seen.TryGetValue(name, out (DateTime, long) before) && before == now) return false;
        seen[name] = now;
        Try(name, read);
        return true;
    }

    string Text(string name)
    {
        FileInfo info = new(File(name));
        if (info.Exists && info.Length > MostFileBytes) throw new IOException($"it has {info.Length} bytes; no file of a run is so large");
        return System.IO.File.ReadAllText(File(name));
    }

    void Try(string name, Action read)
    {
        missing.Remove(name);
        try
        {
            read();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            missing[name] = $"{name}: is not there.";
        }
        // A null or another kind where an object should be, and what the rules of the configuration say.
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException
            or NullReferenceException or ConfigException)
        {
            string why = e is NullReferenceException or InvalidOperationException ? "it is not what a run writes" : e.Message;
            missing[name] = $"{name}: cannot be read: {why.ReplaceLineEndings(" ").TrimEnd('.')}.";
        }
    }
}
