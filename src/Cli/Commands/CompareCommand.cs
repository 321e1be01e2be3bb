using System.CommandLine;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;
using Sagan.Native.Training;

namespace Sagan.Native.Commands;

/// <summary>Two run folders.</summary>
sealed record CompareRequest(string First, string Second);

/// <summary><c>sagan compare run run</c>: in what two configurations differ.</summary>
sealed class CompareCommand : Verb<CompareRequest>
{
    readonly Argument<string> first = new("run") { Description = "A run folder; of a run that trains, has ended or is damaged." };
    readonly Argument<string> second = new("other") { Description = "Another one." };

    public CompareCommand()
        : base("compare", "Lists in what the configurations of two runs differ, and how far each has trained.")
    {
        Add(first);
        Add(second);
    }

    internal override CompareRequest Read(ParseResult parsed, CommandContext context) =>
        new(parsed.GetRequiredValue(first), parsed.GetRequiredValue(second));

    protected override ExitCode Run(CompareRequest request, CommandContext context)
    {
        RunHistory a = Load(request.First), b = Load(request.Second);
        Dictionary<string, string> ofA = Values(a), ofB = Values(b);
        string[] keys = [.. ofA.Keys.Union(ofB.Keys)], different = [.. keys.Where(k => Value(ofA, k) != Value(ofB, k))];

        (string Key, string A, string B)[] rows =
        [
            ("", request.First, request.Second),
            .. different.Select(k => (k, Value(ofA, k) ?? Unset, Value(ofB, k) ?? Unset)),
            ("trained to step", $"{a.Step}", $"{b.Step}"),
        ];
        int key = rows.Max(r => r.Key.Length), value = rows.Max(r => r.A.Length);
        foreach ((string k, string x, string y) in rows) context.Result($"{k.PadRight(key)}  {x.PadRight(value)}  {y}");
        context.Result($"{different.Length} of {keys.Length} values differ");
        context.ResultJson(new JsonObject
        {
            ["runs"] = new JsonArray(Of(request.First, a), Of(request.Second, b)),
            ["differences"] = new JsonArray([.. different.Select(k => new JsonObject
            {
                ["key"] = k,
                ["values"] = new JsonArray(Value(ofA, k), Value(ofB, k)),
            })]),
            ["same"] = keys.Length - different.Length,
        });
        return ExitCode.Success;
    }

    // A key that an older program did not know.
    const string Unset = "(not set)";

    static RunHistory Load(string folder)
    {
        RunHistory run = RunHistory.Load(folder);
        if (run.Values.Count > 0) return run;
        string why = run.Missing.FirstOrDefault(m => m.StartsWith(RunFolder.Resolved, StringComparison.Ordinal)) ?? "it has no values.";
        throw new RunFileException($"{folder}: its configuration cannot be compared: {why}");
    }

    static Dictionary<string, string> Values(RunHistory run) => run.Values.ToDictionary(v => v.Path, v => v.Value);

    static string? Value(Dictionary<string, string> values, string key) => values.GetValueOrDefault(key);

    static JsonObject Of(string folder, RunHistory run) => new() { ["folder"] = folder, ["step"] = run.Step };
}
