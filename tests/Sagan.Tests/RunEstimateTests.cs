using Sagan.Native.Benchmarks;
using Sagan.Native.Data;
using Sagan.Native.Training;

namespace Sagan.Native.Tests;

public class RunEstimateTests
{
    static RunConfig Config(int batch, int accumulation = 1, int dSteps = 1) =>
        new() { Training = new() { Batch = batch, Accumulation = accumulation, DSteps = dSteps } };

    static StepTiming Timing(double d, double g, double mb) => new()
    {
        DSeconds = d,
        GSeconds = g,
        PeakTensorMb = mb,
        StepSeconds = d + g,
        StepMinSeconds = 0,
        ImagesPerSecond = 0,
        LaunchesPerStep = null,
        AllSteps = [],
        FirstStepSeconds = 0,
        FullSpeedSeconds = 0,
        AllocatedBytes = 0,
        PeakRssMb = 0,
    };

    [Fact]
    public void Time_and_memory_are_on_the_line_through_two_measurements()
    {
        // d = 0.1 + 0.01 B, g = 0.02 B, 100 MB + 2 MB B.
        (int, StepTiming) four = (4, Timing(0.14, 0.08, 108)), eight = (8, Timing(0.18, 0.16, 116));
        RunEstimate e = RunEstimate.Between(Config(64, dSteps: 2), four, eight);
        Assert.Equal(2 * 0.74 + 1.28, e.StepSeconds, 1e-9);
        Assert.Equal(228 * 1048576L, e.TensorBytes);
        // Of four parts, one is alive at a time; time is that of the whole batch.
        RunEstimate parts = RunEstimate.Between(Config(64, accumulation: 4, dSteps: 2), four, eight);
        Assert.Equal((e.StepSeconds, 132 * 1048576L), (parts.StepSeconds, parts.TensorBytes));
        Assert.Equal("about 132 MB of tensors at batch 64 in 4 parts", parts.Memory(Config(64, 4).Training));
        Assert.Equal("about 2.760 s a step, 4.6 minutes for 100 steps", e.Time(100));
        Assert.Equal("about 2.760 s a step, 27.6 seconds for 10 steps", e.Time(10));
        Assert.Equal("about 2.760 s a step, 7.7 hours for 10000 steps", e.Time(10_000));
    }

    [Fact]
    public void What_does_not_fit_is_told_with_a_way_out()
    {
        RunEstimate e = new(1000 * 1048576L, 1);
        Assert.Null(e.TooLarge(Config(60).Training, 1000 * 1048576L));
        // 60 is not a multiple of 7 or 8, the first that would do by size.
        string warning = e.TooLarge(Config(60).Training, 150 * 1048576L)!;
        Assert.Contains("1000 MB", warning, StringComparison.Ordinal);
        Assert.Contains("--accumulation 10 ", warning, StringComparison.Ordinal);
        Assert.Contains("--conv-dim", e.TooLarge(Config(2).Training, 1)!, StringComparison.Ordinal);
    }

    [Fact]
    public void A_quick_estimate_agrees_with_a_measured_step()
    {
        RunConfig config = new()
        {
            Model = new() { Size = 16, ConvDim = 8, ZDim = 8, GAttention = [8], DAttention = [4] },
            Training = new() { Batch = 32, EmaDecay = 0 }
        };
        RunEstimate e = RunEstimate.Quick(config)!;
        Assert.InRange(e.TensorBytes / 1048576.0, 0.7 * Peak(32), 1.4 * Peak(32));
        Assert.True(e.StepSeconds > 0);
        Assert.Null(RunEstimate.Quick(Config(1)));

        double Peak(int batch) => RunEstimate.At(config, batch, 1).PeakTensorMb;
    }
}
