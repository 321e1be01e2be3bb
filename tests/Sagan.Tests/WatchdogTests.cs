using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;
using Sagan.Native.Data.Images;
using Sagan.Native.Losses;
using Sagan.Native.Training;
using Sagan.Native.Training.Checkpoints;

namespace Sagan.Native.Tests;

public sealed class WatchdogTests
{
    static readonly string[] Tiny = ["--size", "16", "--conv-dim", "8", "--z-dim", "8", "--g-attention", "8", "--d-attention", "4",
        "--batch", "8",
        "--set", "data.creatureCount=30", "--set", "sampling.images=8"];

    [Fact]
    public void A_discriminator_has_won_when_its_loss_stays_near_0()
    {
        Watchdog dog = new(new WatchConfig { Patience = 3, ZeroLoss = 0.01 }, LossKind.Hinge, 50);
        float[] losses = [0.01f, 0.01f, 0.03f, 0.01f, 0.01f, 0.01f, 0.01f];
        string?[] seen = [.. losses.Select((d, i) => dog.See(new StepReport(i + 1, d, 1, 1, -1)))];
        Assert.All(seen.Where((_, i) => i != 5), Assert.Null);
        Assert.Equal("the discriminator has won: its loss was below 0.02 for 3 steps, the last of them 6", seen[5]);
        Watchdog wasserstein = new(new WatchConfig { Patience = 1 }, LossKind.WganGp, 50);
        Assert.Null(wasserstein.See(new StepReport(1, -100, 1, 1, 1)));
        Assert.Contains("losses D NaN", wasserstein.See(new StepReport(2, float.NaN, 1, 1, 1)));
    }

    // The chance losses are those of the losses themselves at score 0.
    [Theory]
    [InlineData(LossKind.Hinge)]
    [InlineData(LossKind.NonSaturating)]
    [InlineData(LossKind.Bce)]
    [InlineData(LossKind.LeastSquares)]
    [InlineData(LossKind.Kl)]
    public void The_loss_of_chance_is_that_of_scores_of_0(LossKind kind)
    {
        Tensor zero = Tensor.Zeros(new Shape(3));
        Assert.Equal(Watchdog.ChanceLoss(kind)!.Value, Losses.AdversarialLoss.Of(kind).Discriminator(zero, zero).Item(), 1e-6);
    }

    [Fact]
    public void Spread_is_the_standard_deviation_over_images()
    {
        Image a = new(1, 1, 3, [0, 10, 7]), b = new(1, 1, 3, [20, 10, 9]);
        Assert.Equal((10 + 0 + 1) / 3.0, Watchdog.Spread([a, b]), 1e-12);
        Watchdog dog = new(new WatchConfig { Collapse = 0.1 }, LossKind.Hinge, 50);
        Assert.Null(dog.See([new Image(1, 1, 1, [0]), new Image(1, 1, 1, [10])], 7));
        Assert.Contains("collapsed: at step 7 its images differ by 4.50", dog.See([new Image(1, 1, 1, [0]), new Image(1, 1, 1, [9])], 7));
    }

    [Theory]
    [InlineData("stop", 7, "the generator has collapsed: at step 4")]
    [InlineData("warn", 0, "the generator has collapsed: at step 8")]
    [InlineData("roll-back", 7, "back to step 2, learning rates now 0.5 of the configured ones (time 1 of 1)")]
    public void A_collapsed_run_stops_goes_on_or_goes_back(string action, int expected, string text)
    {
        using TemporaryFolder folder = new();
        string run = folder.File("run");
        (int code, string error) = Sagan(
            ["train", "--out", run, "--steps", "8", "--save-every", "2", "--watch", action, "--set", "watch.collapse=0.99",
            "--set", "watch.every=4", "--set", "watch.rollBacks=1", .. Tiny]);
        Assert.True(expected == code, error);
        Assert.Contains(text, error, StringComparison.Ordinal);
        if (expected == 7) Assert.Contains("the checkpoint of step 2 is kept", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Pictures_of_steps_that_were_gone_back_from_go_with_the_next_checkpoint()
    {
        using TemporaryFolder folder = new();
        string run = folder.File("run"), later = Path.Combine(run, "samples", "step-0000005.png");
        List<string> seen = [];
        // All images are found to be alike at step 6; the oldest checkpoint is that of step 2.
        using ListeningWriter error = new(line =>
        {
            if (line.Contains(": back to step 2,", StringComparison.Ordinal)) seen.Add($"back {File.Exists(later)}");
            if (line == "saved checkpoint of step 4") seen.Add($"saved {File.Exists(later)}");
        });
        int code = Commands.SaganCommandLine.Run(["train", "--out", run, "--steps", "8", "--save-every", "2",
            "--sample-every", "1", "--watch", "roll-back", "--set", "watch.collapse=0.99", "--set", "watch.every=6",
            "--set", "watch.rollBacks=1", .. Tiny], TextWriter.Null, error);
        Assert.True(code == (int)ExitCode.Diverged, error.ToString());
        Assert.Equal(["saved False", "back True", "saved False"], seen);
        // Of the way that was taken they are there again.
        Assert.Equal(["real", .. Enumerable.Range(1, 5).Select(i => $"step-{i:D7}")],
            Directory.EnumerateFiles(Path.GetDirectoryName(later)!).Select(f => Path.GetFileNameWithoutExtension(f))
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Numbers_that_are_not_finite_stop_a_run_and_leave_its_checkpoints()
    {
        using TemporaryFolder folder = new();
        string run = folder.File("run");
        (int code, string error) = Sagan(
            ["train", "--out", run, "--steps", "400", "--save-every", "1", "--loss", "least-squares", "--g-lr", "1", "--d-lr", "1",
            "--set", "model.spectralNorm=none", "--set", "watch.collapse=0", .. Tiny]);
        Assert.True((int)ExitCode.Diverged == code, error);
        (code, error) = Sagan(["sample", run, "--out", folder.File("a.png")]);
        Assert.True(code == 0, error);
    }

    [Fact]
    public void The_best_checkpoint_outlives_newer_ones()
    {
        using TemporaryFolder folder = new();
        CheckpointStore store = CheckpointStore.ForWriting(folder.File("c"), 2);
        foreach (long step in (long[])[1, 2, 3, 4, 5])
        {
            store.Save(step, new Dictionary<string, Action<Stream>> { ["a.bin"] = s => s.WriteByte(1) }, []);
            if (step == 2) store.MarkBest(2);
        }
        Assert.Equal([5, 4, 2], store.Steps);
        Assert.Equal(2, store.Best);
        store.MarkBest(5);
        Assert.Equal([5, 4], store.Steps);
    }

    [Fact]
    public void A_run_keeps_its_best_checkpoint_by_a_measure()
    {
        using TemporaryFolder folder = new();
        string run = folder.File("run");
        (int code, string error) = Sagan(
            ["train", "--out", run, "--steps", "3", "--save-every", "1", "--keep", "1", "--best", "consistency", .. Tiny]);
        Assert.True(code == 0, error);
        // At this size nothing is a creature: all measures are 0, and the first stays the best.
        Assert.Equal("step-0000001", File.ReadAllText(Path.Combine(run, "checkpoints", "BEST")).Trim());
        Assert.Equal([3, 1], CheckpointStore.ForReading(Path.Combine(run, "checkpoints")).Steps);
        Assert.Contains("step 1: consistency 0, the best so far", error, StringComparison.Ordinal);
        // What was measured is in the log with its parts, between two lines of other numbers too.
        JsonNode[] log = [.. File.ReadLines(Path.Combine(run, "metrics.jsonl")).Select(line => JsonNode.Parse(line)!)];
        Assert.Equal([1, 2, 3], log.Select(line => (int)line["step"]!));
        foreach (string name in (string[])["consistency", "consistency.figures", "consistency.diversity"])
            Assert.All(log, line => Assert.Equal(0, (double)line[name]!));
        (code, error) = Sagan(["train", "--data", folder.Path, "--best", "consistency", .. Tiny]);
        Assert.Equal((2, true), (code, error.Contains("take proxy-fid", StringComparison.Ordinal)));
    }

    static (int Code, string Error) Sagan(string[] arguments)
    {
        using StringWriter output = new(), error = new();
        return (Commands.SaganCommandLine.Run(arguments, output, error), error.ToString());
    }
}
