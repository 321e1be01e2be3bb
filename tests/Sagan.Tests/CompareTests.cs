using System.Text.Json.Nodes;
using Sagan.Native.Commands;

namespace Sagan.Native.Tests;

/// <summary><c>sagan compare</c>: in what two runs differ.</summary>
public sealed class CompareTests : IDisposable
{
    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    static (int Code, string Output, string Error) Sagan(params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        int code = SaganCommandLine.Run(arguments, output, error);
        return (code, output.ToString(), error.ToString());
    }

    [Fact]
    public void What_differs_is_listed_with_both_values_and_nothing_else()
    {
        string a = SyntheticRun.Write(folder, "a", 50, null, "--batch", "8"),
            b = SyntheticRun.Write(folder, "b", 100, null, "--g-attention", "8,16");
        (int code, string output, string error) = Sagan("compare", a, b);
        Assert.Equal((0, ""), (code, error));
        string[][] lines = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l =>
            l.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
        Assert.Equal([a, b], lines[0]);
        Assert.Equal([["model.gAttention", "16", "8,16"], ["training.steps", "50", "100"], ["training.batch", "8", "32"],
            ["trained to step", "50", "100"]], lines[1..^1]);
        Assert.StartsWith("3 of ", Assert.Single(lines[^1]), StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_run_twice_has_no_difference()
    {
        string a = SyntheticRun.Write(folder, "a", 50);
        (int code, string output, _) = Sagan("compare", a, a, "--json");
        JsonNode said = JsonNode.Parse(output)!;
        Assert.Equal((0, 0, 50), (code, said["differences"]!.AsArray().Count, (int)said["runs"]![1]!["step"]!));
        Assert.InRange((int)said["same"]!, 50, 1000);
    }

    [Fact]
    public void As_json_a_value_that_only_one_run_has_is_null_for_the_other()
    {
        string a = SyntheticRun.Write(folder, "a", 50), b = SyntheticRun.Write(folder, "b", 50);
        string file = Path.Combine(b, "config.resolved.json");
        JsonObject values = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        values.Remove("training.batch");
        File.WriteAllText(file, values.ToJsonString());
        JsonNode difference = Assert.Single(JsonNode.Parse(Sagan("compare", a, b, "--json").Output)!["differences"]!.AsArray())!;
        Assert.Equal("""{"key":"training.batch","values":["32",null]}""", difference.ToJsonString());
        Assert.Contains("training.batch", Sagan("compare", a, b).Output, StringComparison.Ordinal);
        Assert.Contains("(not set)", Sagan("compare", a, b).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_is_no_run_and_a_run_without_values_are_one_line()
    {
        string a = SyntheticRun.Write(folder, "a", 50), none = folder.File("none");
        Assert.Equal((5, "", $"error: {none}: no such run folder."), Trimmed(Sagan("compare", a, none)));
        File.Delete(Path.Combine(a, "config.resolved.json"));
        (int code, string output, string error) = Trimmed(Sagan("compare", a, a));
        Assert.Equal((5, ""), (code, output));
        Assert.StartsWith($"error: {a}: its configuration cannot be compared: config.resolved.json: ", error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error);

        static (int, string, string) Trimmed((int Code, string Output, string Error) r) => (r.Code, r.Output, r.Error.TrimEnd());
    }
}
