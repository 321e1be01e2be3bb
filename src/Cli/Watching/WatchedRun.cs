using System.Diagnostics;
using System.Text.Json.Nodes;
using Sagan.Native.Pages;
using Sagan.Native.Training;
using Sagan.Native.Training.Diagnosis;

namespace Sagan.Native.Watching;

/// <summary>A run that is looked at by any number of readers, each at its own pace. Thread-safe.</summary>
/// <param name="folder">The run's.</param>
/// <param name="key">What messages call it.</param>
sealed class WatchedRun(string folder, int key)
{
    // What the curves say needs no quicker eye.
    static readonly TimeSpan BetweenDiagnoses = TimeSpan.FromSeconds(10);

    readonly Lock gate = new();
    readonly RunHistory history = RunHistory.Load(folder);
    readonly SampleSpread spread = new();
    IReadOnlyList<Finding> findings = [];
    long? looked, diagnosed;
    bool changed = true;

    /// <summary>The run's name.</summary>
    public string Name => history.Name;

    /// <summary>Where its attention looks.</summary>
    public GridMaps Maps { get; } = new(folder);

    /// <summary>A picture of its folder that the page was told of, by its file name; null for any other file.</summary>
    public byte[]? Picture(string name)
    {
        string? path;
        lock (gate) path = history.Samples.Select(s => s.Path).Append(history.RealImages).FirstOrDefault(p => Path.GetFileName(p) == name);
        try
        {
            return path == null ? null : File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    void Look(TimeSpan atMostEvery)
    {
        if (looked is { } before && Stopwatch.GetElapsedTime(before) < atMostEvery) return;
        looked = Stopwatch.GetTimestamp();
        changed |= history.Refresh();
        bool due = diagnosed is not { } last || Stopwatch.GetElapsedTime(last) >= BetweenDiagnoses || atMostEvery == TimeSpan.Zero;
        if (!changed || !due) return;
        (findings, diagnosed, changed) = (RunDiagnosis.Of(history, spread), Stopwatch.GetTimestamp(), false);
    }

    string? Address(string path) => $"pictures/{key}/{Path.GetFileName(path)}?{File.GetLastWriteTimeUtc(path).Ticks:x}";

    /// <summary>One who reads, and what he knows already.</summary>
    public sealed class Reader(WatchedRun run)
    {
        readonly Dictionary<string, int> known = [];
        int rewritten = -1;
        IReadOnlyList<ConfigValue>? values;
        string news = "";

        /// <summary>Messages for the page: all of the run the first time, and where it went back; else what is new.</summary>
        /// <param name="atMostEvery">A look at the files that is no older than this is new enough.</param>
        public IEnumerable<(string Event, string Data)> News(TimeSpan atMostEvery)
        {
            lock (run.gate)
            {
                run.Look(atMostEvery);
                RunHistory history = run.history;
                bool whole = rewritten != history.Rewritten || values != history.Values
                    || history.Curves.Any(c => known.GetValueOrDefault(c.Name) > c.Count);
                JsonObject latest = RunJson.News(history, run.findings, run.Address, run.Key);
                string now = latest.ToJsonString();
                List<(string, string)> messages = [];
                if (whole) messages.Add(("run", RunJson.With(latest, history).ToJsonString()));
                else
                {
                    if (Fresh(history) is { Count: > 0 } fresh)
                        messages.Add(("points", new JsonObject { ["key"] = run.Key, ["curves"] = fresh }.ToJsonString()));
                    if (now != news) messages.Add(("news", now));
                }
                (rewritten, values, news) = (history.Rewritten, history.Values, now);
                foreach (Curve c in history.Curves) known[c.Name] = c.Count;
                return messages;
            }
        }

        JsonObject Fresh(RunHistory history) => new(history.Curves.Where(c => c.Count > known.GetValueOrDefault(c.Name)).Select(c =>
            KeyValuePair.Create(c.Name, (JsonNode?)new JsonArray(
                [.. Enumerable.Range(known.GetValueOrDefault(c.Name), c.Count - known.GetValueOrDefault(c.Name))
                    .Select(i => new JsonArray(c.Steps[i], RunJson.Number(c.Values[i])))]))));
    }

    int Key => key;
}
