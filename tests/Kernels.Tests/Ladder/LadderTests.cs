using Sagan.Native.Kernels;
using Sagan.Native.Ladder;
using Sagan.Native.Measuring;

namespace Sagan.Native.Tests;

/// <summary>The ladders of the processor, and what refuses a wrong rung.</summary>
[Quick]
public sealed class LadderTests
{
    public static TheoryData<string> Names => [.. Ladders.Names];

    [Theory, MemberData(nameof(Names))]
    public void Every_rung_computes_what_the_reference_does(string name) =>
        Assert.All(SmallLadders.On(Device.Cpu).Where(l => l.Name == name), SmallLadders.Check);

    [Fact]
    public void Every_name_has_a_ladder_that_ends_with_the_engine()
    {
        foreach (string name in Ladders.Names)
        {
            KernelLadder ladder = Ladders.Of(name, Device.Cpu);
            Assert.Equal((name, "naive", "engine"), (ladder.Name, ladder.Rungs[0].Name, ladder.Rungs[^1].Name));
        }
        ArgumentException e = Assert.Throws<ArgumentException>(() => Ladders.Of("fft", Device.Cpu));
        Assert.StartsWith("there is no ladder of fft; there are: attention, matmul, ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_rung_is_not_timed()
    {
        KernelLadder ladder = Ladders.MatMul(Device.Cpu, 4, 5, 6);
        Rung wrong = ladder.Rungs[0] with { Name = "wrong", Run = o => o.Write(0).Clear() };
        KernelMismatchException e = Assert.Throws<KernelMismatchException>(() =>
            LadderRun.Time(ladder with { Rungs = [wrong] }, new MachinePeak(1, 1), seconds: 0));
        Assert.Matches(@"^matmul, rung wrong: result \d+ of 20 is 0, expected ", e.Message);
    }

    [Fact]
    public void A_rung_that_writes_too_little_is_not_timed()
    {
        KernelLadder ladder = Ladders.Softmax(Device.Cpu, 2, 3);
        Rung lazy = ladder.Rungs[0] with { Run = _ => { } };
        Assert.Throws<KernelMismatchException>(() => LadderRun.Errors(ladder with { Rungs = [ladder.Rungs[0], lazy] }).ToList());
    }

    [Fact]
    public void Each_rung_has_its_time_and_what_it_adds()
    {
        KernelLadder ladder = Ladders.Softmax(Device.Cpu, 64, 256);
        IReadOnlyList<RungTiming> timings = LadderRun.Time(ladder, new MachinePeak(100, 10), seconds: 0.02);
        Assert.Equal(ladder.Rungs, timings.Select(t => t.Rung));
        Assert.All(timings, t =>
        {
            Assert.True(t.Warm.Count >= 5 && t.Warm.Median > 0 && t.Error <= ladder.Tolerance);
            Assert.Equal(100 * 8.0 * 64 * 256 / (10e9 * t.Warm.Median), t.PercentOfRoof, 1e-9);
        });
        Assert.Null(timings[0].Gain);
        Assert.Equal(timings[0].Warm.Median / timings[1].Warm.Median, timings[1].Gain!.Value, 1e-12);
    }
}
