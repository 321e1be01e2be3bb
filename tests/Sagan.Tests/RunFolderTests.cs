using System.Text.Json.Nodes;
using Sagan.Native.Configuration;
using Sagan.Native.Training;
using Sagan.Native.Training.Logging;

namespace Sagan.Native.Tests;

[Quick]
public sealed class RunFolderTests : IDisposable
{
    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    sealed class FixedTime : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2026, 11, 20, 21, 30, 5, TimeSpan.Zero);
    }

    static ResolvedConfig Config(params string[] set) => ResolvedConfig.Resolve(new ConfigSources { Set = set });

    static readonly Dictionary<string, string> None = [];

    [Theory]
    [InlineData("2026-11-20_2130_demo_s1")]
    [InlineData("2026-11-20_2130_sagan64_s1", "preset=sagan64")]
    [InlineData("2026-11-20_2130_flowers64_s7", "data.source=/photos/flowers64.zip", "training.seed=7")]
    [InlineData("2026-11-20_2130_my-cats_s1", "data.source=/photos/my cats/")]
    [InlineData("2026-11-20_2130_run_s1", "data.source=/")]
    public void Names_tell_time_data_and_seed(string name, params string[] set) =>
        Assert.Equal(name, RunFolder.DefaultName(Config(set).Config, new FixedTime().GetUtcNow()));

    [Fact]
    public void A_new_run_has_its_configuration_and_history()
    {
        string path = folder.File("run");
        ResolvedConfig config = Config("training.batch=8");
        Dictionary<string, string> facts = new() { ["version"] = "1.2.3", ["commandLine"] = "sagan train" };
        using (RunFolder run = RunFolder.Create(path, config, facts, new FixedTime()))
        {
            run.Say("hello");
            run.EndSession("interrupted", 40);
            Assert.Equal(Path.Combine(path, "samples", "step-0000040.png"), Path.GetFullPath(run.SampleFile(40)));
        }
        using (RunFolder run = RunFolder.Open(path, new FixedTime()))
        {
            Assert.Equal(config.ToJson(), run.ReadConfig([]).ToJson());
            Assert.Equal(9, run.ReadConfig(["training.batch=9"]).Config.Training.Batch);
            run.BeginSession(new Dictionary<string, string> { ["version"] = "1.2.4" });
        }
        JsonArray sessions = JsonNode.Parse(File.ReadAllText(Path.Combine(path, "run.json")))!["sessions"]!.AsArray();
        Assert.Equal(2, sessions.Count);
        Assert.Equal(("2026-11-20T21:30:05Z", "interrupted", 40L, "1.2.3"),
            ((string)sessions[0]!["start"]!, (string)sessions[0]!["exit"]!, (long)sessions[0]!["step"]!, (string)sessions[0]!["version"]!));
        Assert.Null(sessions[1]!["end"]);
        Assert.Equal("2026-11-20T21:30:05Z hello\n", File.ReadAllText(Path.Combine(path, "log.txt")).ReplaceLineEndings("\n"));
        Assert.Equal("--set", (string)JsonNode
            .Parse(File.ReadAllText(Path.Combine(path, "config.resolved.json")))!["training.batch"]!["origin"]!);
    }

    [Fact]
    public void A_run_that_is_killed_as_soon_as_it_is_one_knows_what_it_begins_from()
    {
        string path = folder.File("run");
        StartingPoint from = new(folder.File("other")) { Average = false, FreshClasses = true };
        RunFolder.Create(path, Config(), from.Facts()).Dispose();
        using (RunFolder run = RunFolder.Open(path)) Assert.Equal(from, StartingPoint.Of(run));

        // Killed before it is one: the folder is free.
        File.Delete(Path.Combine(path, "config.json"));
        File.Delete(Path.Combine(path, "config.resolved.json"));
        RunFolder.Create(path, Config(), None).Dispose();
        using (RunFolder run = RunFolder.Open(path)) Assert.Null(StartingPoint.Of(run));
    }

    [Fact]
    public void A_folder_with_something_in_it_is_refused()
    {
        folder.Write("full/x.txt", "mine");
        UsageException e = Assert.Throws<UsageException>(() => RunFolder.Create(folder.File("full"), Config(), None));
        Assert.Equal($"--out {folder.File("full")}: is not empty, and no run is in it; name another folder.", e.Message);
        Assert.Equal(["x.txt"], Directory.EnumerateFileSystemEntries(folder.File("full")).Select(p => Path.GetFileName(p)));
        Assert.Throws<UsageException>(() => RunFolder.Create(folder.File("full/x.txt"), Config(), None));
    }

    [Fact]
    public void What_is_no_run_is_refused()
    {
        Assert.Contains("no such run folder", Assert.Throws<RunFileException>(() => RunFolder.Open(folder.File("none"))).Message);
        Assert.Contains("has no config.json", Assert.Throws<RunFileException>(() => RunFolder.Open(folder.Path)).Message);
    }

    [Fact]
    public void A_run_is_used_by_one_process_at_a_time()
    {
        string path = folder.File("run");
        using (RunFolder.Create(path, Config(), None))
            Assert.Contains("is another process using it?", Assert.Throws<RunFileException>(() => RunFolder.Open(path)).Message);
        RunFolder.Open(path).Dispose();
    }

    [Fact]
    public void A_damaged_history_does_not_stop_a_run()
    {
        string path = folder.File("run");
        RunFolder.Create(path, Config(), None).Dispose();
        folder.Write("run/run.json", "{ torn");
        using (RunFolder run = RunFolder.Open(path)) run.BeginSession(new Dictionary<string, string>());
        Assert.Single(JsonNode.Parse(File.ReadAllText(Path.Combine(path, "run.json")))!["sessions"]!.AsArray());
    }

    [Fact]
    public void Metrics_are_appended_and_cut_at_the_step_of_a_resumed_run()
    {
        string path = folder.File("metrics.jsonl");
        using (MetricsLog m = MetricsLog.Open(path, long.MaxValue, new FixedTime()))
        {
            for (long step = 10; step <= 50; step += 10)
                m.Append(step, ("dLoss", 0.5 * step), ("gLoss", double.NaN), ("rate", double.PositiveInfinity));
        }
        Assert.Equal("""{"step":10,"time":"2026-11-20T21:30:05.000Z","dLoss":5,"gLoss":"NaN","rate":"Infinity"}""",
            File.ReadLines(path).First());

        using (MetricsLog m = MetricsLog.Open(path, 35)) m.Append(40, ("dLoss", 1));
        Assert.Equal([10, 20, 30, 40], File.ReadLines(path).Select(l => (int)JsonNode.Parse(l)!["step"]!));

        // A line that a crash tore is cut off.
        File.AppendAllText(path, "{\"step\":50,\"dLo");
        using (MetricsLog m = MetricsLog.Open(path, 100)) m.Append(60);
        Assert.Equal([10, 20, 30, 40, 60], File.ReadLines(path).Select(l => (int)JsonNode.Parse(l)!["step"]!));

        MetricsLog.Open(path, 0).Dispose();
        Assert.Equal(0, new FileInfo(path).Length);
    }
}
