using System.Globalization;
using System.Text.Json.Nodes;

namespace Sagan.Native.Training;

/// <summary>A time that a program spent on a run: from <c>train</c> or <c>resume</c> to its end, as run.json has it.</summary>
/// <param name="Start">When it began; null where that is not known.</param>
/// <param name="End">When it ended; null for one that trains, or was killed.</param>
/// <param name="FromStep">The step it began at.</param>
/// <param name="Step">The step it ended at.</param>
/// <param name="Exit">How it ended: finished, interrupted, time limit, diverged, error; null for one that trains, or was killed.</param>
/// <param name="Facts">Program, system, processor, threads, device, command and the like, in the file's order.</param>
public sealed record RunSession(DateTimeOffset? Start, DateTimeOffset? End, long? FromStep, long? Step, string? Exit,
    IReadOnlyList<(string Name, string Value)> Facts)
{
    static readonly string[] Own = ["start", "end", "fromStep", "step", "exit"];

    internal static RunSession Of(JsonObject session)
    {
        return new RunSession(Time("start"), Time("end"), Number("fromStep"), Number("step"), Text("exit"),
            [.. session.Where(p => !Own.Contains(p.Key) && p.Value is JsonValue).Select(p => (p.Key, Text(p.Key)!))]);

        string? Text(string name) => session[name] is JsonValue v ? v.ToString() : null;

        long? Number(string name) => long.TryParse(Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out long n) ? n : null;

        DateTimeOffset? Time(string name) => DateTimeOffset.TryParse(Text(name), CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal, out DateTimeOffset t) ? t : null;
    }
}
