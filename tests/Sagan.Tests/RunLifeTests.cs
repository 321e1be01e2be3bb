using System.Diagnostics;
using System.Text.Json.Nodes;
using Sagan.Native.Commands;
using Sagan.Native.Commands.Console;
using Sagan.Native.Data.Images;
using Sagan.Native.Kernels;
using Sagan.Native.Training;
using Sagan.Native.Training.Checkpoints;

namespace Sagan.Native.Tests;

/// <summary>
/// What befalls runs from outside: moved images, deleted files, closed terminals, full disks; and that what the program then advises works.
/// </summary>
public sealed class RunLifeTests : IDisposable
{
    static readonly string[] Tiny = ["--size", "16", "--conv-dim", "8", "--z-dim", "8", "--g-attention", "8", "--d-attention", "4",
        "--batch", "8",
        "--set", "sampling.images=8", "--set", "watch.collapse=0", "--set", "data.creatureCount=30"];

    readonly TemporaryFolder folder = new();
    readonly string before = Directory.GetCurrentDirectory();

    public RunLifeTests() => Directory.SetCurrentDirectory(folder.Path);

    public void Dispose()
    {
        Directory.SetCurrentDirectory(before);
        folder.Dispose();
    }

    static (int Code, string Output, string Error) Sagan(params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        int code = SaganCommandLine.Run(arguments, output, error);
        return (code, output.ToString(), error.ToString());
    }

    static string Succeeds(params string[] arguments)
    {
        (int code, string output, string error) = Sagan(arguments);
        Assert.True(code == 0, $"{string.Join(' ', arguments)}: {code}\n{output}{error}");
        return output + error;
    }

    static string Fails(ExitCode expected, params string[] arguments)
    {
        (int code, string output, string error) = Sagan(arguments);
        Assert.True(code == (int)expected, $"{string.Join(' ', arguments)}: {code}\n{output}{error}");
        return error;
    }

    static void Train(string run, params string[] more) => Succeeds(["train", "--out", run, .. Tiny, .. more]);

    static byte[] Weights(string run, int step) =>
        File.ReadAllBytes(Path.Combine(run, "checkpoints", $"step-{step:D7}", "model.safetensors"));

    // The words of a printed command of this program, without its name.
    static string[] Printed(string text, string verb)
    {
        string line = text.Split('\n').First(l => l.Contains($"sagan {verb} ", StringComparison.Ordinal));
        return [.. line[(line.IndexOf($"sagan {verb} ", StringComparison.Ordinal) + 6)..].Trim().Split(' ').Select(w => w.Trim('\''))];
    }

    void Photos(string name, int shade = 0)
    {
        Directory.CreateDirectory(name);
        for (int i = 0; i < 12; i++)
        {
            byte[] pixels = [.. Enumerable.Range(0, 16 * 16 * 3).Select(k => (byte)(20 * i + k + shade))];
            File.WriteAllBytes(Path.Combine(name, $"{i:D2}.png"), ImageFile.EncodePng(new Image(16, 16, 3, pixels)));
        }
    }

    [Fact]
    public void A_run_without_a_checkpoint_is_begun_anew_by_resume()
    {
        Train("a", "--steps", "3");
        byte[] weights = Weights("a", 3);
        Directory.Delete("a/checkpoints", recursive: true);
        string advice = Fails(ExitCode.Usage, ["train", "--out", "a", .. Tiny]);
        string said = Succeeds(Printed(advice, "resume"));
        Assert.Contains("a has no checkpoint yet: it is begun anew", said, StringComparison.Ordinal);
        Assert.Equal(weights, Weights("a", 3));
        Assert.Single(File.ReadLines("a/metrics.jsonl"));

        // The networks of another run, too.
        Train("b", "--steps", "2", "--from", "a");
        weights = Weights("b", 2);
        Directory.Delete("b/checkpoints", recursive: true);
        Succeeds("resume", "b");
        Assert.Equal(weights, Weights("b", 2));
    }

    [Fact]
    public void What_a_run_that_never_began_left_is_no_obstacle()
    {
        folder.Write("a/.lock", "");
        folder.Write("a/log.txt", "");
        Directory.CreateDirectory("a/samples");
        Train("a", "--steps", "1");
    }

    [Fact]
    public void The_images_of_a_run_are_found_from_any_folder()
    {
        Directory.CreateDirectory("project/runs");
        Directory.CreateDirectory("elsewhere");
        Directory.SetCurrentDirectory(folder.File("project"));
        Photos("photos");
        Train("runs/a", "--steps", "1", "--data", "photos");
        Directory.SetCurrentDirectory(folder.File("elsewhere"));
        Succeeds("resume", "../project/runs/a", "--steps", "2");
        Succeeds("nearest", "../project/runs/a", "--out", "near.png", "-n", "1", "-k", "1");

        // All of it moved.
        Directory.Move(folder.File("project"), folder.File("moved"));
        Succeeds("resume", "../moved/runs/a", "--steps", "3");

        // The images alone: told where they are now, also as another path of the same, also packed.
        Directory.Move(folder.File("moved/photos"), folder.File("pictures"));
        string advice = Fails(ExitCode.Data, "resume", "../moved/runs/a", "--steps", "4");
        Assert.Contains("sagan resume ../moved/runs/a --data PATH", advice, StringComparison.Ordinal);
        Succeeds("resume", "../moved/runs/a", "--steps", "4", "--data", folder.File("pictures"));
        Succeeds("data", "pack", "../pictures", "--size", "16", "--out", "packed.safetensors");
        Succeeds("resume", "../moved/runs/a", "--steps", "5", "--data", "packed.safetensors");
        Succeeds("resume", "../moved/runs/a", "--steps", "6");
        Photos("others", shade: 7);
        Assert.Contains("the images differ", Fails(ExitCode.Usage, "resume", "../moved/runs/a", "--steps", "7", "--data", "others"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_has_the_configuration()
    {
        Train("a", "--steps", "2", "--save-every", "1");
        string config = File.ReadAllText("a/config.json");
        File.Delete("a/config.json");
        Succeeds("sample", "a", "--out", "x.png", "-n", "1");
        Assert.False(File.Exists("a/config.json"));
        Assert.Contains("config.json was gone", Succeeds("resume", "a", "--steps", "3"), StringComparison.Ordinal);
        Assert.Equal(config.Replace("\"steps\": 2", "\"steps\": 3", StringComparison.Ordinal), File.ReadAllText("a/config.json"));

        // Away from its run; and one of a program that did not keep it there.
        Directory.Move("a/checkpoints/step-0000002", "alone");
        Succeeds("sample", "alone", "--out", "x.png", "-n", "1");
        JsonNode state = JsonNode.Parse(File.ReadAllText("a/checkpoints/step-0000003/state.json"))!;
        Assert.True(state["state"]!.AsObject().Remove("config"));
        File.WriteAllText("a/checkpoints/step-0000003/state.json", state.ToJsonString());
        Succeeds("resume", "a", "--steps", "4");
    }

    [Fact]
    public void A_checkpoint_away_from_its_run_is_read_by_its_own_configuration()
    {
        Train("a", "--steps", "1");
        folder.Write("b/config.json", File.ReadAllText("a/config.json").Replace("\"zDim\": 8", "\"zDim\": 6", StringComparison.Ordinal));
        Directory.CreateDirectory("b/copies/step-0000001");
        foreach (string file in Directory.EnumerateFiles("a/checkpoints/step-0000001"))
            File.Copy(file, Path.Combine("b/copies/step-0000001", Path.GetFileName(file)));
        Succeeds("sample", "a/checkpoints/step-0000001", "--out", "a.png", "-n", "1");
        Succeeds("sample", "b/copies/step-0000001", "--out", "b.png", "-n", "1");
        Assert.Equal(TestData.Load("a.png").Pixels, TestData.Load("b.png").Pixels);
    }

    [Theory]
    [InlineData("train", "--dry-run")]
    [InlineData("bench", "data")]
    public void A_run_is_not_taken_for_images(params string[] verb)
    {
        Train("a", "--steps", "1");
        string said = Fails(ExitCode.Usage, [.. verb, "a", .. Tiny]);
        Assert.Contains("a: is the folder of a run, not one of images. To go on with the run: sagan resume a; "
            + "to begin another with its networks: " + "sagan train --from a", said, StringComparison.Ordinal);
        Assert.False(Directory.Exists("runs"));
    }

    [Fact]
    public async Task Files_that_are_deleted_while_a_run_trains_are_begun_anew_and_missed()
    {
        Task<(int Code, string Output, string Error)> run =
            Task.Run(() => Sagan(["train", "--out", "a", .. Tiny, "--steps", "400", "--log-every", "1"]));
        Stopwatch clock = Stopwatch.StartNew();
        while (!(File.Exists("a/metrics.jsonl") && new FileInfo("a/metrics.jsonl").Length > 0) && clock.Elapsed < TimeSpan.FromSeconds(30))
            await Task.Delay(1);
        foreach (string name in (string[])["metrics.jsonl", "config.json", "log.txt"]) File.Delete($"a/{name}");
        (int code, string output, string error) = await run;
        Assert.True(code == (int)ExitCode.File, error);
        Assert.Contains("deleted while the run train", error, StringComparison.Ordinal);
        Assert.Contains("metrics.jsonl", error, StringComparison.Ordinal);
        Assert.Contains("log: a/metrics.jsonl", output, StringComparison.Ordinal);
        Assert.Equal(400, (int)JsonNode.Parse(File.ReadLines("a/metrics.jsonl").Last())!["step"]!);
        Assert.True(File.Exists("a/config.json") && File.Exists("a/log.txt"));
        Succeeds("resume", "a", "--steps", "401");
    }

    [Fact]
    public void Grids_of_samples_are_thinned_evenly()
    {
        Train("a", "--steps", "12", "--sample-every", "1", "--keep-samples", "5");
        int[] kept = [.. Directory.EnumerateFiles("a/samples", "step-*.png")
            .Select(f => (int)Checkpoint.StepOf(Path.GetFileNameWithoutExtension(f))!).Order()];
        Assert.Equal(5, kept.Length);
        Assert.Equal((1, 12), (kept[0], kept[^1]));
        Assert.All(kept.Zip(kept.Skip(1)), p => Assert.InRange(p.Second - p.First, 1, 5));
        Assert.True(File.Exists("a/samples/real.png"));
    }

    [Fact]
    public void A_run_says_what_it_will_write()
    {
        string said = Succeeds(["train", "--out", "a", .. Tiny, "--steps", "2"]);
        Assert.Matches(@"on disk: at most [\d.]+ MB \(1 checkpoint of [\d.]+ MB each, "
            + @"grids of samples 0 MB, logs [\d.]+ MB\); of the grids of samples 200 are kept, spread over the run", said);
        TrainingState state = new(ConfigurationOf("a"));
        long written = Directory.EnumerateFiles("a/checkpoints/step-0000002", "*.safetensors").Sum(f => new FileInfo(f).Length);
        Assert.InRange(state.CheckpointBytes, written / 1.2, written * 1.2);
        Assert.Contains("less than", DiskNeed.Of(state, 0).TooMuch("a", 1), StringComparison.Ordinal);
    }

    static RunConfig ConfigurationOf(string run) =>
        ResolvedConfig.Resolve(new Configuration.ConfigSources { File = $"{run}/config.json", FileIsComplete = true }).Config;

    [Fact]
    public void A_dry_run_looks_at_the_images_and_fails_as_the_run_would()
    {
        Photos("photos");
        Assert.Contains("data: photos: ", Succeeds(["train", "photos", "--dry-run", .. Tiny]), StringComparison.Ordinal);
        Fails(ExitCode.Data, ["train", "--data", "nothing", "--dry-run", .. Tiny]);
        Fails(ExitCode.Data, ["train", "--data", "photos", "--conditional", "--dry-run", .. Tiny]);
        Fails(ExitCode.Usage, ["train", "--out", "photos", "--dry-run", .. Tiny]);
        Assert.Equal(["photos"], Directory.EnumerateFileSystemEntries(".").Select(p => Path.GetFileName(p)));
    }

    [Fact]
    public void The_advice_after_a_failure_works_with_and_without_a_checkpoint()
    {
        string[] explodes = ["--loss", "least-squares", "--g-lr", "1", "--d-lr", "1", "--set", "model.spectralNorm=none", "--steps", "400"];
        string said = Fails(ExitCode.Diverged, ["train", "--out", "a b", .. Tiny, .. explodes, "--save-every", "0"]);
        Assert.Contains("no checkpoint was saved yet", said, StringComparison.Ordinal);
        Assert.DoesNotContain("sagan resume", said, StringComparison.Ordinal);
        Assert.Contains("sagan train 'a b/config.json' --g-lr 0.5 --d-lr 0.5", said, StringComparison.Ordinal);
        Succeeds("train", "a b/config.json", "--g-lr", "0.5", "--d-lr", "0.5", "--steps", "1", "--out", "c");

        said = Fails(ExitCode.Diverged, ["train", "--out", "d", .. Tiny, .. explodes, "--save-every", "1"]);
        string[] advice = Printed(said, "resume");
        long step = CheckpointStore.ForReading("d/checkpoints").Steps[0];
        // It goes on; whether it fails again is another question.
        (int code, _, said) = Sagan([.. advice, "--steps", $"{step + 1}"]);
        Assert.True(code is 0 or (int)ExitCode.Diverged, said);
        Assert.Contains($"resuming d at step {step}", said, StringComparison.Ordinal);
    }

    [Fact]
    public void What_begins_a_run_anew_begins_with_the_same_networks()
    {
        // The first loss below that of chance is failure enough.
        string[] fails = ["--loss", "least-squares", "--g-lr", "0.001", "--d-lr", "0.01", "--steps", "400", "--save-every", "0",
            "--set", "watch.patience=1", "--set", "watch.zeroLoss=0.99"];
        Train("a", "--steps", "2");
        string source = Path.GetFullPath("a");
        string said = Fails(ExitCode.Diverged, ["train", "--from", "a", "--out", "b", .. Tiny, .. fails]);
        Assert.EndsWith($": sagan train b/config.json --from {source} --g-lr 0.0005 --d-lr 0.005", said.TrimEnd(),
            StringComparison.Ordinal);
        said = Fails(ExitCode.Diverged, ["train", "--from", "a", "--no-ema", "--out", "c", .. Tiny, .. fails]);
        Assert.EndsWith($": sagan train c/config.json --from {source} --no-ema --g-lr 0.0005 --d-lr 0.005", said.TrimEnd(),
            StringComparison.Ordinal);
        Succeeds([.. Printed(said, "train"), "--steps", "1", "--set", "watch.patience=0", "--out", "c2"]);
        Assert.Equal("false", Fact("c2", "fromEma"));

        Train("d", "--steps", "1", "--from", "a", "--no-ema", "--fresh-classes", "--conditional");
        File.AppendAllText("d/checkpoints/step-0000001/model.safetensors", "x");
        said = Fails(ExitCode.File, "resume", "d");
        Assert.EndsWith($"begin it anew: sagan train d/config.json --from {source} --no-ema --fresh-classes", said.TrimEnd(),
            StringComparison.Ordinal);
        Succeeds([.. Printed(said, "train"), "--out", "d2"]);
        Assert.Equal("true", Fact("d2", "freshClasses"));

        static string? Fact(string run, string name) =>
            (string?)JsonNode.Parse(File.ReadAllText($"{run}/run.json"))!["sessions"]![0]![name];
    }

    [Fact]
    public void A_run_that_is_killed_before_its_first_step_knows_what_it_begins_with()
    {
        Train("a", "--steps", "2");
        // What a kill at its first words would leave of it.
        using ListeningWriter error = new(line =>
        {
            if (!line.StartsWith("training ", StringComparison.Ordinal)) return;
            Directory.CreateDirectory("killed");
            foreach (string name in (string[])["config.json", "run.json"])
                if (File.Exists($"b/{name}")) File.Copy($"b/{name}", $"killed/{name}");
        });
        int code = SaganCommandLine.Run(["train", "--from", "a", "--no-ema", "--out", "b", .. Tiny, "--steps", "1"],
            TextWriter.Null, error);
        Assert.True(code == 0, error.ToString());
        Assert.Contains("the networks begin as those of", Succeeds("resume", "killed"), StringComparison.Ordinal);
        Assert.Equal(Weights("b", 1), Weights("killed", 1));
    }

    [Fact]
    public void A_discriminator_that_wins_in_the_end_is_told_of()
    {
        string said = Succeeds(["train", "--out", "a", .. Tiny, "--steps", "40", "--d-lr", "0.01", "--set", "watch.zeroLoss=0.9"]);
        Assert.Matches(@"warning: the discriminator has won: its loss was below 1.8 in the last \d+ steps", said);
        Assert.Contains("the discriminator has won", File.ReadAllText("a/log.txt"), StringComparison.Ordinal);
        Assert.DoesNotContain("has won", Succeeds(["train", "--out", "b", .. Tiny, "--steps", "15"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Streams_that_fail_do_not_end_a_run()
    {
        using StringWriter good = new();
        Assert.Equal(0, SaganCommandLine.Run(["train", "--out", "a", .. Tiny, "--steps", "2"], good, new ClosedWriter()));
        // The run is whole, and what was asked for on stdout is not there.
        Assert.Equal((int)ExitCode.File, SaganCommandLine.Run(["train", "--out", "b", .. Tiny, "--steps", "2"], new ClosedWriter(), good));
        Assert.Equal(Weights("a", 2), Weights("b", 2));
        Assert.Contains("the results could not be written to stdout", good.ToString(), StringComparison.Ordinal);
    }

    sealed class ClosedWriter : StringWriter
    {
        public override void Write(char value) => throw new IOException("closed");

        public override void Write(string? value) => throw new IOException("closed");

        public override void WriteLine(string? value) => throw new IOException("closed");
    }

    // The moment between the question whether a step is saved and that whether the run stops with it, as a warning about the log's files
    // marks it.
    [Fact]
    public void A_signal_after_the_time_to_save_loses_no_step()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "sends a signal by its number on Linux");
        const int user2 = 12;
        int sent = 0;
        using ListeningWriter error = new(line =>
        {
            if (line.StartsWith("training ", StringComparison.Ordinal)) File.Delete("a/config.resolved.json");
            if (!line.Contains("deleted while the run trains; begun anew", StringComparison.Ordinal) || sent++ > 0) return;
            using Process self = Process.GetCurrentProcess();
            ChildProgram.Send(self, user2);
            // Time for it to be heard.
            Thread.Sleep(300);
        });
        int code = SaganCommandLine.Run(["train", "--out", "a", .. Tiny, "--steps", "1000000", "--save-every", "0",
            "--sample-every", "0", "--log-every", "1"], TextWriter.Null, error);
        Assert.Equal((1, (int)ExitCode.Announced), (sent, code));
        long saved = Assert.Single(CheckpointStore.ForReading("a/checkpoints").Steps);
        Assert.Contains($"stopped after step {saved};", error.ToString(), StringComparison.Ordinal);
    }

    // OpenCL on a processor brings LLVM, which handles SIGHUP and SIGUSR2 itself: the process would end unsaved, with 128 and the signal.
    [Fact]
    public async Task A_run_on_OpenCL_hears_the_signals_too()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "sends a signal by its number on Linux");
        Assert.SkipWhen(TestGpu.OpenCl == null, TestGpu.NoDevice("opencl:0"));
        const int user2 = 12;
        ProcessStartInfo child = ChildProcess.Describe("dotnet", ["exec", typeof(SaganCommandLine).Assembly.Location, "train",
            "--out", "a", .. Tiny, "--steps", "1000000", "--save-every", "0", "--sample-every", "0", "--log-every", "1",
            "--device", "opencl:0"], folder.Path,
            new Dictionary<string, string?> { [IlgpuDevices.AnyOpenCl] = "1" });
        using Process p = Process.Start(child)!;
        Task<string> output = p.StandardOutput.ReadToEndAsync(), error = p.StandardError.ReadToEndAsync();
        Wait(() => p.HasExited || (File.Exists("a/metrics.jsonl") && new FileInfo("a/metrics.jsonl").Length > 0));
        ChildProgram.Send(p, user2);
        Assert.True(p.WaitForExit(60_000), "it did not end.");
        Assert.True(p.ExitCode == (int)ExitCode.Announced, $"exit code {p.ExitCode}: {await output}{await error}");
        Assert.NotEmpty(CheckpointStore.ForReading("a/checkpoints").Steps);
    }

    // A window that is closed: its terminal is gone, the processes in it get SIGHUP, and nothing can be written any more.
    [Fact]
    public void A_run_whose_terminal_is_closed_saves()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script") && OperatingSystem.IsLinux(), "needs script of util-linux");
        string command = $"exec dotnet exec {typeof(SaganCommandLine).Assembly.Location} train --out a {string.Join(' ', Tiny)} --steps "
            + "1000000 --save-every 0";
        using Process p = Process.Start(ChildProcess.Describe("/usr/bin/script", ["-qc", command, "/dev/null"], folder.Path))!;
        Task<string> output = p.StandardOutput.ReadToEndAsync();
        Wait(() => File.Exists("a/metrics.jsonl") && new FileInfo("a/metrics.jsonl").Length > 0);
        p.Kill();
        Wait(() => File.Exists("a/checkpoints/LATEST") && JsonNode.Parse(File.ReadAllText("a/run.json"))!["sessions"]![0]!["exit"] != null);
        Assert.Equal("interrupted", (string)JsonNode.Parse(File.ReadAllText("a/run.json"))!["sessions"]![0]!["exit"]!);
        Assert.NotEmpty(CheckpointStore.ForReading("a/checkpoints").Steps);
    }

    static void Wait(Func<bool> condition)
    {
        Stopwatch clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(120), "waited in vain.");
            Thread.Sleep(20);
        }
    }
}
