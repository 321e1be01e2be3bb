using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Training;
using Sagan.Native.Training.Diagnosis;

namespace Sagan.Native.Pages;

/// <summary>A run as the page <c>run</c> reads it, the same in a report and in a live view.</summary>
static class RunJson
{
    /// <summary>More points of a curve are not seen on a screen.</summary>
    public const int MostPoints = 1200;

    const int MostWarnings = 50;

    /// <summary>All that the page shows of a run: the news, and what does not change.</summary>
    public static JsonObject With(JsonObject all, RunHistory run)
    {
        all["name"] = run.Name;
        all["folder"] = run.Folder;
        all["images"] = run.Config?.Sampling.Images;
        all["curves"] = new JsonArray([.. run.Curves.Select(Curve)]);
        all["config"] = new JsonArray([.. run.Values.Select(v => new JsonArray(v.Path, v.Value, v.Origin))]);
        return all;
    }

    /// <summary>What of it changes while a run trains, but for the curves.</summary>
    /// <param name="run">The run.</param>
    /// <param name="findings">What its curves say.</param>
    /// <param name="picture">From the path of a picture to where the page finds it; null where it cannot be read.</param>
    /// <param name="key">What messages call the run.</param>
    public static JsonObject News(RunHistory run, IReadOnlyList<Finding> findings, Func<string, string?> picture, int key) => new()
    {
        ["key"] = key,
        ["status"] = Status(run),
        ["samples"] = Samples(run, picture),
        ["real"] = run.RealImages is { } real ? picture(real) : null,
        ["findings"] = Findings(findings),
        ["sessions"] = new JsonArray([.. run.Sessions.Select(Session)]),
        ["warnings"] = new JsonArray([.. run.Warnings.TakeLast(MostWarnings).Select(w => JsonValue.Create(w))]),
        ["missing"] = new JsonArray([.. run.Missing.Select(m => JsonValue.Create(m))]),
    };

    /// <summary>Where the run is, and how it ended.</summary>
    public static string Status(RunHistory run)
    {
        string of = run.Config == null ? "" : string.Create(CultureInfo.InvariantCulture, $" of {run.Config.Training.Steps}");
        string how = run.Sessions is not [.., var last] ? "nothing is known of its sessions"
            : last.Exit ?? (last.End == null ? "it trains, or ended without a word" : "ended");
        return string.Create(CultureInfo.InvariantCulture, $"step {run.Step}{of}: {how}");
    }

    /// <summary>Steps and where their pictures are.</summary>
    static JsonArray Samples(RunHistory run, Func<string, string?> picture) =>
        new([.. run.Samples.Select(s => (s.Step, Picture: picture(s.Path))).Where(s => s.Picture != null)
            .Select(s => new JsonArray(s.Step, s.Picture))]);

    /// <summary>What the curves say.</summary>
    public static JsonArray Findings(IReadOnlyList<Finding> findings) => new([.. findings.Select(f => new JsonObject
    {
        ["kind"] = f.Kind.ToString(),
        ["wrong"] = f.IsWrong,
        ["since"] = f.Since,
        ["text"] = f.Text,
        ["advice"] = f.Advice,
        ["command"] = f.Command,
        ["evidence"] = new JsonArray([.. f.Evidence.Select(e => new JsonArray(e.Curve, e.From, e.To, e.Text))]),
    })]);

    /// <summary>A number; those that JSON has none for as null, which the page shows as a gap.</summary>
    public static JsonNode? Number(double x) => double.IsFinite(x) ? JsonValue.Create(double.Parse(x.ToString("G5"))) : null;

    static JsonObject Curve(Curve c)
    {
        int[] kept = [.. Kept(c)];
        return new JsonObject
        {
            ["name"] = c.Name,
            ["steps"] = new JsonArray([.. kept.Select(i => JsonValue.Create(c.Steps[i]))]),
            ["values"] = new JsonArray([.. kept.Select(i => Number(c.Values[i]))]),
        };
    }

    /// <summary>
    /// The points that are shown of a long curve: of each stretch the least and the largest, so that no peak is lost, and one that is not
    /// finite; and the last.
    /// </summary>
    internal static IEnumerable<int> Kept(Curve c)
    {
        if (c.Count <= MostPoints) return Enumerable.Range(0, c.Count);
        SortedSet<int> kept = [0, c.Count - 1];
        int stretches = MostPoints / 3;
        for (int s = 0; s < stretches; s++)
        {
            int from = (int)((long)c.Count * s / stretches), to = (int)((long)c.Count * (s + 1) / stretches);
            int low = from, high = from, odd = -1;
            for (int i = from; i < to; i++)
            {
                if (!double.IsFinite(c.Values[i]))
                {
                    odd = i;
                    continue;
                }
                if (!double.IsFinite(c.Values[low]) || c.Values[i] < c.Values[low]) low = i;
                if (!double.IsFinite(c.Values[high]) || c.Values[i] > c.Values[high]) high = i;
            }
            kept.Add(low);
            kept.Add(high);
            if (odd >= 0) kept.Add(odd);
        }
        return kept;
    }

    static JsonObject Session(RunSession s) => new()
    {
        ["start"] = Time(s.Start),
        ["end"] = Time(s.End),
        ["from"] = s.FromStep,
        ["to"] = s.Step,
        ["exit"] = s.Exit,
        ["facts"] = new JsonArray([.. s.Facts.Select(f => new JsonArray(f.Name, f.Value))]),
    };

    static string? Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
