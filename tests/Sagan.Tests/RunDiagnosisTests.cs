using Sagan.Native.Commands;
using Sagan.Native.Training;
using Sagan.Native.Training.Diagnosis;

namespace Sagan.Native.Tests;

/// <summary>Each rule sees what it is for, and a healthy run gets no finding.</summary>
public sealed class RunDiagnosisTests : IDisposable
{
    static readonly string[] Wasserstein = ["--loss", "wgan-gp", "--set", "model.spectralNorm=none"];

    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    IReadOnlyList<Finding> Of(int steps, Dictionary<string, Func<int, double>>? curves = null, params string[] set) =>
        RunDiagnosis.Of(RunHistory.Load(SyntheticRun.Write(folder, "run", steps, curves, set)));

    Finding Only(FindingKind kind, int steps, Dictionary<string, Func<int, double>> curves, params string[] set)
    {
        Finding finding = Assert.Single(Of(steps, curves, set));
        Assert.Equal(kind, finding.Kind);
        Assert.NotEmpty(finding.Evidence);
        Assert.DoesNotContain('\n', finding.ToString());
        if (finding.Command is { } command) AssertIsOne(command);
        return finding;
    }

    // The command is one that the program knows, with its options.
    static void AssertIsOne(string command)
    {
        System.CommandLine.RootCommand root = SaganCommandLine.Build();
        System.CommandLine.ParseResult parsed = root.Parse([.. command.Split(' ').Skip(1)]);
        Assert.Empty(parsed.Errors);
        SaganCommandLine.RefuseUnknownOption(root, parsed);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(50)]
    [InlineData(1000)]
    [InlineData(20_000)]
    public void A_healthy_run_gets_none(int steps) => Assert.Empty(Of(steps));

    [Fact]
    public void A_discriminator_that_has_won_is_found_with_the_step_it_won_at()
    {
        Finding f = Only(FindingKind.DiscriminatorWon, 2000, new()
        {
            ["d_loss"] = s => s < 500 ? 1.2 : s % 300 == 0 ? 0.4 : 0,
            ["g_loss"] = s => s < 500 ? 1 : s / 20.0,
        }, "--d-lr", "0.0004");
        Assert.Equal(500, f.Since);
        Assert.StartsWith("the discriminator has won since step 500: d_loss is below 0.02 in 146 of 151 logged steps, 500 to 2000; ",
            f.Text, StringComparison.Ordinal);
        Assert.Contains("--d-lr (now 0.0004)", f.Advice, StringComparison.Ordinal);
        Assert.EndsWith("config.json --d-lr 0.0001", f.Command, StringComparison.Ordinal);
        Assert.Equal(["d_loss", "d_fake"], f.Evidence.Select(e => e.Curve));
    }

    [Fact]
    public void A_discriminator_that_was_about_to_win_has_not()
    {
        Assert.Empty(Of(2000, new() { ["d_loss"] = s => s is > 500 and < 1500 ? 0.001 : 1 + SyntheticRun.Noise(0.2) }));
        // Wasserstein losses have no 0.
        Assert.Empty(Of(2000, new() { ["d_loss"] = s => 0.001 }, Wasserstein));
        // Three of three lines, and too few steps.
        Assert.Empty(Of(30, new() { ["d_loss"] = s => s < 25 ? 1 : 0 }));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_number_that_is_none_is_found(double value)
    {
        Finding f = Only(FindingKind.NotFinite, 400, new()
        {
            ["d_loss"] = s => s >= 300 ? value : 1,
            ["g_loss"] = s => s >= 310 ? value : 1,
        });
        Assert.Equal(300, f.Since);
        Assert.Equal(["d_loss", "g_loss"], f.Evidence.Select(e => e.Curve));
        Assert.Contains("and 1 at step 290", f.Text, StringComparison.Ordinal);
        Assert.Contains("--watch roll-back", f.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void Losses_that_leave_their_range_diverge()
    {
        Finding f = Only(FindingKind.Diverging, 2000, new() { ["g_loss"] = s => s < 1500 ? 1 : Math.Exp((s - 1500) / 60.0) });
        Assert.InRange(f.Since, 1500, 1700);
        // The last number may be small by chance.
        f = Only(FindingKind.Diverging, 2000, new() { ["g_loss"] = s => s < 1500 || s >= 1999 ? 1 : 1000 });
        Assert.InRange(f.Since, 1500, 2000);
        // Those of WGAN are large from the beginning.
        Assert.Empty(Of(2000, new() { ["g_loss"] = s => 100 + s / 100.0, ["d_loss"] = s => -50 }, Wasserstein));
    }

    [Fact]
    public void Losses_that_swing_are_found_and_noise_does_not_swing()
    {
        Finding f = Only(FindingKind.Swinging, 3000, new() { ["d_loss"] = s => 1 + 0.9 * Math.Sin(s / 40.0) + SyntheticRun.Noise(0.2) });
        Assert.InRange(f.Since, 1500, 1700);
        Assert.Contains("--g-lr", f.Command, StringComparison.Ordinal);
        Assert.Empty(Of(3000, new() { ["d_loss"] = s => 1 + SyntheticRun.Noise(1.6) }));
    }

    [Fact]
    public void A_gamma_that_stays_0_is_found()
    {
        Finding f = Only(FindingKind.GammaZero, 2000, new() { ["gamma.g.attn1"] = s => 1e-4 * Math.Sin(s) });
        Assert.Contains("gamma.g.attn1 stayed within 0.0001 of 0 in the steps 10 to 2000", f.Text, StringComparison.Ordinal);
        Assert.Empty(Of(300, new() { ["gamma.g.attn1"] = s => 0 }));
        Assert.Empty(Of(2000, new() { ["gamma.g.attn1"] = s => 0 }, "--set", "model.initialGamma=1"));
    }

    [Fact]
    public void A_measure_that_still_gets_better_is_no_fault()
    {
        Finding f = Only(FindingKind.StillImproving, 2000, new() { ["proxy_fid"] = s => 40 - s / 60.0 });
        Assert.False(f.IsWrong);
        Assert.EndsWith("--steps 4000", f.Command, StringComparison.Ordinal);
        Assert.Empty(Of(2000, new() { ["proxy_fid"] = s => 10 + SyntheticRun.Noise(0.01) }));
        Only(FindingKind.StillImproving, 2000, new() { ["consistency"] = s => s / 4000.0 });
    }

    [Fact]
    public void A_measure_that_was_better_before_is_found()
    {
        Finding f = Only(FindingKind.PastBest, 2000, new() { ["proxy_fid"] = s => 10 + Math.Abs(s - 800) / 100.0 });
        Assert.Equal(800, f.Since);
        Assert.EndsWith("checkpoints/step-0000800", f.Command, StringComparison.Ordinal);
    }

    [Fact]
    public void Steps_that_wait_for_images_are_found()
    {
        Finding f = Only(FindingKind.Waiting, 1000, new() { ["wait_ms"] = s => 40 + SyntheticRun.Noise(4), ["images_per_s"] = s => 320 });
        Assert.Contains("a step of 100 ms waits", f.Text, StringComparison.Ordinal);
        Assert.Contains("data pack creatures --size 32", f.Command, StringComparison.Ordinal);
        Assert.Empty(Of(1000, new() { ["wait_ms"] = s => s < 300 ? 90 : 0 }));
    }

    [Fact]
    public void A_generator_that_makes_one_picture_is_found_by_its_samples()
    {
        string run = SyntheticRun.Write(folder, "run", 2000);
        SyntheticRun.Samples(run, "real", difference: 20);
        SyntheticRun.Samples(run, "step-0000500", difference: 15);
        SyntheticRun.Samples(run, "step-0001000", difference: 0);
        SyntheticRun.Samples(run, "step-0001500", difference: 0);
        Finding f = Assert.Single(RunDiagnosis.Of(RunHistory.Load(run)));
        Assert.Equal((FindingKind.Collapsed, 1000), (f.Kind, f.Since));
        Assert.Contains("at step 1500 samples differ by 0.00 of 255 levels, real images by 45.", f.Text, StringComparison.Ordinal);
        // Not one picture, but far less different than before and than real ones.
        SyntheticRun.Samples(run, "step-0001000", difference: 5);
        SyntheticRun.Samples(run, "step-0001500", difference: 4);
        f = Assert.Single(RunDiagnosis.Of(RunHistory.Load(run)));
        Assert.Equal((FindingKind.Collapsed, 1000), (f.Kind, f.Since));
        Assert.Contains("become alike since step 1000", f.Text, StringComparison.Ordinal);
        SyntheticRun.Samples(run, "step-0001500", difference: 15);
        Assert.Empty(RunDiagnosis.Of(RunHistory.Load(run)));
        // A picture that is damaged says nothing.
        File.WriteAllText(Path.Combine(run, "samples/step-0001500.png"), "x");
        Assert.Empty(RunDiagnosis.Of(RunHistory.Load(run)));
    }

    [Fact]
    public void Without_a_configuration_the_curves_still_speak()
    {
        string run = SyntheticRun.Write(folder, "run", 400, new() { ["d_loss"] = s => s > 200 ? double.NaN : 1 });
        File.Delete(Path.Combine(run, "config.json"));
        Assert.Equal(FindingKind.NotFinite, Assert.Single(RunDiagnosis.Of(RunHistory.Load(run))).Kind);
    }
}
