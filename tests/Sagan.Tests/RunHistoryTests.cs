using System.Text.Json.Nodes;
using Sagan.Native.Commands;
using Sagan.Native.Data.Images;
using Sagan.Native.Pages;
using Sagan.Native.Training;
using Sagan.Native.Training.Diagnosis;

namespace Sagan.Native.Tests;

/// <summary>What is read of a run's folder: of one that is whole, that trains, and that is damaged in any way.</summary>
public sealed class RunHistoryTests : IDisposable
{
    static readonly string[] Tiny = ["--size", "16", "--conv-dim", "8", "--z-dim", "8", "--g-attention", "8", "--d-attention", "4",
        "--batch", "8", "--log-every", "1", "--sample-every", "2",
        "--set", "sampling.images=8", "--set", "watch.collapse=0", "--set", "data.creatureCount=30"];

    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    static (int Code, string Output, string Error) Sagan(params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        int code = SaganCommandLine.Run(arguments, output, error);
        return (code, output.ToString(), error.ToString());
    }

    string Trained(string name, params string[] more)
    {
        string run = folder.File(name);
        (int code, _, string error) = Sagan(["train", "--out", run, .. Tiny, .. more]);
        Assert.True(code == 0, error);
        return run;
    }

    [Fact]
    public void A_run_is_read_whole()
    {
        string path = Trained("run", "--steps", "4");
        RunHistory run = RunHistory.Load(path);
        Assert.Empty(run.Missing);
        Assert.Equal(("run", 4), (run.Name, run.Step));
        Assert.Equal([1, 2, 3, 4], run["d_loss"]!.Steps);
        Assert.Equal(["d_loss", "g_loss", "d_real", "d_fake"], run.Curves.Take(4).Select(c => c.Name));
        Assert.All(run.Curves, c => Assert.Equal(4, c.Count));
        Assert.Equal([2, 4], run.Samples.Select(s => s.Step));
        Assert.All(run.Samples, s => Assert.True(File.Exists(s.Path)));
        Assert.NotNull(run.RealImages);
        Assert.Equal(16, run.Config!.Model.Size);
        Assert.Contains(new ConfigValue("model.size", "16", "--size"), run.Values);
        Assert.Contains(new ConfigValue("model.gAttention", "8", "--g-attention"), run.Values);
        RunSession session = Assert.Single(run.Sessions);
        Assert.Equal((0, 4, "finished"), (session.FromStep, session.Step, session.Exit));
        Assert.Contains(session.Facts, f => f is ("device", "cpu"));
        Assert.Empty(RunDiagnosis.Of(run));
        Assert.False(run.Refresh());

        // What a resumed run writes is read on, and what it writes anew is read anew.
        Assert.Equal(0, Sagan("resume", path, "--steps", "6").Code);
        Assert.True(run.Refresh());
        Assert.Equal([1, 2, 3, 4, 5, 6], run["d_loss"]!.Steps);
        Assert.Equal((2, 0), (run.Sessions.Count, run.Rewritten));
        Assert.Equal(RunHistory.Load(path)["g_loss"]!.Values, run["g_loss"]!.Values);
        string[] other = ["--allow-change", "--set", "optimizer.gLearningRate=0.1"];
        Assert.Equal(0, Sagan(["resume", path, "--from", "4", "--steps", "7", .. other]).Code);
        Assert.True(run.Refresh());
        Assert.Equal(1, run.Rewritten);
        Assert.Equal(RunHistory.Load(path)["g_loss"]!.Values, run["g_loss"]!.Values);
    }

    [Fact]
    public void A_run_that_is_damaged_is_read_as_far_as_it_goes()
    {
        string path = SyntheticRun.Write(folder, "run", 50);
        string file = Path.Combine(path, "metrics.jsonl"), whole = File.ReadAllText(file);
        string[] lines = whole.Split('\n');

        File.WriteAllText(file, whole[..^5]);
        RunHistory run = RunHistory.Load(path);
        Assert.Equal([10, 20, 30, 40], run["d_loss"]!.Steps);
        Assert.Equal("metrics.jsonl: its last line is cut off, and left out.", Assert.Single(run.Missing));
        // It was being written.
        File.AppendAllText(file, whole[^5..]);
        Assert.True(run.Refresh());
        Assert.Equal([10, 20, 30, 40, 50], run["d_loss"]!.Steps);
        Assert.Empty(run.Missing);

        string[] odd = ["{\"step\":\"x\"}", "[1]", "{\"step\":15,\"a\":1e999}", "{\"step\":15,\"a\":\"\\ud800\"}", "\0\0\0", "{}"];
        File.WriteAllText(file, string.Join('\n', [lines[0], .. odd, new string('x', 3 << 20), lines[1], ""]));
        run = RunHistory.Load(path);
        Assert.Equal([10, 20], run["d_loss"]!.Steps);
        Assert.Matches(@"^metrics\.jsonl: \d+ of its lines cannot be read, the first of them line 2; they are left out\.$",
            Assert.Single(run.Missing));

        // Values that are not finite, objects and steps that go back.
        File.WriteAllText(file, """
            {"step":1,"a":"NaN","b":"-Infinity","c":{"d":[1]},"e":null}
            {"step":5,"a":2}
            {"step":3,"a":3}

            """);
        run = RunHistory.Load(path);
        Assert.Equal([1, 3], run["a"]!.Steps);
        Assert.Equal([double.NaN, 3], run["a"]!.Values);
        Assert.Equal(["a", "b"], run.Curves.Select(c => c.Name));
    }

    [Theory]
    [InlineData("config.json", "config.json: is not there.")]
    [InlineData("config.resolved.json", "config.resolved.json: is not there.")]
    [InlineData("run.json", "run.json: is not there.")]
    [InlineData("metrics.jsonl", "metrics.jsonl: is not there.")]
    [InlineData("log.txt", "log.txt: is not there.")]
    [InlineData("samples", "samples: is not there.")]
    public void What_is_gone_is_named_and_the_rest_is_read(string name, string said)
    {
        string path = SyntheticRun.Write(folder, "run", 50);
        string gone = Path.Combine(path, name);
        if (Directory.Exists(gone)) Directory.Delete(gone);
        else File.Delete(gone);
        RunHistory run = RunHistory.Load(path);
        Assert.Equal(said, Assert.Single(run.Missing));
        Assert.Equal(name == "metrics.jsonl" ? 0 : 9, run.Curves.Count);
        Report.Html(run, RunDiagnosis.Of(run));
    }

    [Theory]
    [InlineData("config.json", "{")]
    [InlineData("config.json", "[]")]
    [InlineData("config.json", "{\"training\":{\"batch\":0}}")]
    [InlineData("config.json", "{\"no\":{\"such\":\"key\"}}")]
    [InlineData("config.resolved.json", "{\"a\":1}")]
    [InlineData("config.resolved.json", "null")]
    [InlineData("run.json", "{\"sessions\":[3]}")]
    [InlineData("run.json", "{\"sessions\":{}}")]
    [InlineData("run.json", "\0")]
    public void What_is_damaged_is_named_and_the_rest_is_read(string name, string content)
    {
        string path = SyntheticRun.Write(folder, "run", 50);
        File.WriteAllText(Path.Combine(path, name), content);
        RunHistory run = RunHistory.Load(path);
        string said = Assert.Single(run.Missing);
        Assert.StartsWith($"{name}: cannot be read: ", said, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', said);
        Report.Html(run, RunDiagnosis.Of(run));
    }

    [Fact]
    public void A_folder_that_is_no_run_is_one_line()
    {
        (int code, string output, string error) = Sagan("report", folder.File("nothing"), "--out", folder.File("a.html"));
        Assert.Equal((5, "", $"error: {folder.File("nothing")}: no such run folder."), (code, output, error.TrimEnd()));
        (code, _, error) = Sagan("report", folder.Path, "--out", folder.File("a.html"));
        Assert.Equal(5, code);
        Assert.Equal($"error: {folder.Path}: is no run folder: it has none of config.json, config.resolved.json, run.json, metrics.jsonl; "
            + "name the folder of one run.", error.TrimEnd());
        (code, _, error) = Sagan("report", folder.Path, "--out", folder.File("a.png"));
        Assert.Equal((2, true), (code, error.Contains("end the name with .html", StringComparison.Ordinal)));
        Assert.False(File.Exists(folder.File("a.html")));
    }

    [Fact]
    public void A_report_is_one_file_with_everything()
    {
        string run = Trained("run", "--steps", "4"), file = folder.File("out/report.html");
        (int code, string output, string error) = Sagan("report", run, "--out", file);
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("step 4 of 4: finished", output, StringComparison.Ordinal);
        JsonNode data = Data(file);
        Assert.False((bool)data["live"]!);
        JsonNode shown = data["runs"]![0]!;
        Assert.Equal(2, shown["samples"]!.AsArray().Count);
        Assert.StartsWith("data:image/png;base64,", (string)shown["samples"]![0]![1]!, StringComparison.Ordinal);
        Assert.Contains(shown["config"]!.AsArray(), c => c!.ToJsonString() == "[\"model.size\",\"16\",\"--size\"]");
        Assert.Contains(shown["curves"]!.AsArray(), c => (string)c!["name"]! == "gamma.g.attn1" && c["steps"]!.AsArray().Count == 4);
        Assert.Equal("finished", (string)shown["sessions"]![0]!["exit"]!);
        // As JSON the findings; a name of its own where none is given.
        (code, output, _) = Sagan("report", run, "--out", file, "--json");
        Assert.Equal((0, 0), (code, JsonNode.Parse(output)!["findings"]!.AsArray().Count));
    }

    [Fact]
    public void A_long_curve_keeps_its_peaks_and_a_long_run_its_first_and_last_picture()
    {
        Curve c = new("a");
        for (int i = 1; i <= 100_000; i++) c.Add(i, i == 77_777 ? 1000 : i == 55_555 ? double.NaN : Math.Sin(i));
        int[] kept = [.. RunJson.Kept(c)];
        Assert.InRange(kept.Length, 800, RunJson.MostPoints + 2);
        Assert.Equal(kept.Distinct().Order(), kept);
        Assert.All((int[])[0, 77_776, 55_554, 99_999], i => Assert.Contains(i, kept));
        // A stretch that begins with a value that is none keeps its least and its largest all the same.
        Curve broken = new("b");
        for (int i = 0; i < 100_000; i++) broken.Add(i, i is 0 or 500 ? double.NaN : i == 30 ? -7 : i == 40 ? 7 : 0);
        Assert.Empty(((int[])[0, 30, 40, 500]).Except(RunJson.Kept(broken)));

        string run = SyntheticRun.Write(folder, "run", 50);
        for (int i = 1; i <= 60; i++) SyntheticRun.Samples(run, $"step-{i:D7}", difference: i % 10, size: 16);
        JsonNode data = Report.Data(RunHistory.Load(run), [])["runs"]![0]!;
        long[] steps = [.. data["samples"]!.AsArray().Select(s => (long)s![0]!)];
        Assert.Equal((40, 1, 60), (steps.Length, steps[0], steps[^1]));
        Assert.Equal("40 of 60 grids are in this file, spread over the run.", (string)data["thinned"]!);

        // Large pictures are JPEGs.
        Image noise = new(1200, 1200, 3);
        new Random(1).NextBytes(noise.Pixels);
        ImageFile.Save(Path.Combine(run, "samples/step-0000061.png"), noise);
        data = Report.Data(RunHistory.Load(run), [])["runs"]![0]!;
        steps = [.. data["samples"]!.AsArray().Select(s => (long)s![0]!)];
        Assert.Equal((23, 1, 61), (steps.Length, steps[0], steps[^1]));
        Assert.StartsWith("data:image/jpeg;base64,/9j/", (string)data["samples"]![22]![1]!, StringComparison.Ordinal);
    }

    [Fact]
    public void At_the_end_of_a_run_what_is_wrong_is_said_once()
    {
        string[] won = ["train", "--out", folder.File("won"), .. Tiny, "--steps", "30", "--d-lr", "0.01", "--set", "watch.zeroLoss=0.9"];
        string said = Sagan(won).Error;
        // The watchdog says it already.
        Assert.Single(said.Split('\n'), l => l.Contains("has won", StringComparison.Ordinal));
        RunHistory run = RunHistory.Load(folder.File("won"));
        Assert.Equal(FindingKind.DiscriminatorWon, RunDiagnosis.Of(run)[0].Kind);
        Assert.DoesNotContain("warning", Sagan(["train", "--out", folder.File("well"), .. Tiny, "--steps", "5"]).Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Why_a_run_failed_is_in_its_log()
    {
        string path = folder.File("run");
        (int code, _, string error) = Sagan(["train", "--out", path, .. Tiny, "--steps", "60", "--d-lr", "0.01", "--set",
            "watch.zeroLoss=0.99", "--set", "watch.patience=5"]);
        Assert.Equal(7, code);
        RunHistory run = RunHistory.Load(path);
        string said = Assert.Single(run.Warnings, w => w.Contains("training diverged: the disc", StringComparison.Ordinal));
        Assert.Contains(said[(said.IndexOf(' ') + 1)..], error, StringComparison.Ordinal);
        Finding first = RunDiagnosis.Of(run)[0];
        Assert.Equal(FindingKind.NotFinite, first.Kind);
        Assert.Matches(@"^training has failed at step \d+: the discriminator has won: its loss was below 1\.98 for 5 steps", first.Text);
    }

    static JsonNode Data(string file)
    {
        const string begin = "<script type=\"application/json\" id=\"data\">";
        string html = File.ReadAllText(file);
        int at = html.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        return JsonNode.Parse(html[at..html.IndexOf("</script>", at, StringComparison.Ordinal)])!;
    }
}
