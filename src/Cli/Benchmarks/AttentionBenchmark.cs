using System.Diagnostics;
using Sagan.Native.Kernels;
using Sagan.Native.Measuring;

namespace Sagan.Native.Benchmarks;

/// <summary>What attention over N positions costs, forward and backward.</summary>
/// <param name="Milliseconds">Median of a forward and backward pass.</param>
/// <param name="TensorMb">Peak memory of live tensors: q, k, v, the result, their gradients and what is kept for the backward pass.</param>
/// <param name="RssMb">How much the pass raised the peak resident memory of the process: scratch memory of the kernels is part of
/// it.</param>
readonly record struct AttentionTiming(int Positions, double Milliseconds, double TensorMb, double RssMb);

/// <summary>Times o = softmax(q k^T) v and the gradients of q, k and v over N positions: time is quadratic in N, memory linear.</summary>
static class AttentionBenchmark
{
    const double Seconds = 0.3;

    /// <summary>One small pass, so that what the first pass of a process costs is not counted as memory of the first measurement.</summary>
    public static void WarmUp(Device device, int dk, int dv) => Run(device, new RandomSource(1), 1, 16, dk, dv);

    /// <summary>q, k [batch, N, dk] and v [batch, N, dv], at random.</summary>
    public static AttentionTiming Measure(Device device, int batch, int positions, int dk, int dv)
    {
        Pool pool = device.Pool;
        pool.Trim();
        pool.ResetPeak();
        (double rssBefore, long liveBefore) = (BenchProcess.RssMb(), pool.LiveBytes);
        RandomSource random = new(1);
        List<double> times = [];
        long start = Stopwatch.GetTimestamp();
        while (times.Count < 3 || (Stopwatch.GetElapsedTime(start).TotalSeconds < Seconds && times.Count < 100))
            times.Add(Run(device, random, batch, positions, dk, dv));
        double rss = Math.Max(0, BenchProcess.PeakRssMb() - rssBefore);
        // The first pass brings its memory into being.
        return new AttentionTiming(positions, new Samples(times.Skip(1)).Median * 1e3, (pool.PeakLiveBytes - liveBefore) / 1048576.0,
            rss);
    }

    static double Run(Device device, RandomSource random, int batch, int positions, int dk, int dv) => Step.Run(() =>
    {
        Tensor q = Input(dk), k = Input(dk), v = Input(dv);
        Wait(v);
        long start = Stopwatch.GetTimestamp();
        Wait(Autograd.Grad(Ops.Sum(Ops.Attention(q, k, v)), [q, k, v])[0]);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;

        Tensor Input(int width) => random.Normal(new Shape(batch, positions, width), device).RequireGrad();
    });

    // A GPU does things in the order in which it was given them: who has seen one position of the last result has waited for all.
    static void Wait(Tensor t)
    {
        if (!t.Device.IsHost) Autograd.NoGrad(() => Ops.Slice(t, 1, 0, 1)).ToArray();
    }
}
