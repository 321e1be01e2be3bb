using System.Diagnostics;
using Sagan.Native.Kernels;

namespace Sagan.Native.Benchmarks;

/// <summary>The timing of one kernel case.</summary>
/// <param name="Milliseconds">Median of a call.</param>
/// <param name="PercentOfPeak">Of the roof that binds: flops against the peak of multiply-adds where the case counts flops and they take
/// longer, else bytes against bandwidth; above 100 where the operands fit in a cache.</param>
readonly record struct KernelTiming(KernelCase Case, double Milliseconds, double GflopsPerSecond, double GigabytesPerSecond,
    double PercentOfPeak);

/// <summary>
/// Times kernels by themselves: calls for a fifth of a second, and takes the median. On a GPU by the device's clock, and several short
/// calls at once, so that the host's part of a launch does not count.
/// </summary>
sealed class KernelBenchmark(Device device)
{
    const double Seconds = 0.2, WarmUpSeconds = 0.05, BatchSeconds = 2e-3;
    const int Fewest = 5, Most = 2000, WarmUpCalls = 40, MostInBatch = 64, CompileFactor = 5;

    readonly IProfiling? gpu = device.Backend.Profiling;
    // Work in a second, the most seen: of each kernel by its name, and of any. A case is work by its flops, or by its bytes where it counts
    // none.
    readonly Dictionary<string, double> rates = [];

    /// <summary>A case whose call takes longer is not timed.</summary>
    public double LimitSeconds { get; init; } = 2;

    /// <summary>
    /// Calls a kernel until its code is queued to be optimised. To be done for all cases before the first is timed: the compiler works in
    /// the background. Returns null, or about how many seconds a call takes where that is too long: by a call of it, or by what other cases
    /// took.
    /// </summary>
    public double? WarmUp(KernelCase c)
    {
        (double work, string unit) = c.Flops > 0 ? (c.Flops, "flops") : (c.Bytes, "bytes");
        if (rates.TryGetValue(c.Kernel, out double rate) || rates.TryGetValue(unit, out rate))
            if (work / rate > LimitSeconds) return work / rate;
        c.Before?.Invoke();
        double seconds = Time(c, 1);
        if (gpu == null)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 1; i < WarmUpCalls && Stopwatch.GetElapsedTime(start).TotalSeconds < WarmUpSeconds; i++)
                seconds = Math.Min(seconds, Time(c, 1));
        }
        // The first call on a GPU compiles the kernel.
        else if (seconds < CompileFactor * LimitSeconds) seconds = Time(c, 1);
        foreach (string key in (string[])[c.Kernel, unit]) rates[key] = Math.Max(rates.GetValueOrDefault(key), work / seconds);
        return seconds > LimitSeconds ? seconds : null;
    }

    public KernelTiming Run(KernelCase c, MachinePeak peak)
    {
        c.Before?.Invoke();
        // Others may have used the caches, and the clock of a GPU that rests is low.
        double seconds = Time(c, 1);
        for (int i = 0; i < 2 && seconds < Seconds; i++) seconds = Math.Min(seconds, Time(c, 1));
        int batch = gpu == null ? 1 : (int)Math.Clamp(BatchSeconds / seconds, 1, MostInBatch);
        List<double> times = [];
        long start = Stopwatch.GetTimestamp();
        while (times.Count < Fewest || (Stopwatch.GetElapsedTime(start).TotalSeconds < Seconds && times.Count < Most))
            times.Add(Time(c, batch) / batch);
        times.Sort();
        double s = times[times.Count / 2], gflops = c.Flops / s * 1e-9, gigabytes = c.Bytes / s * 1e-9;
        return new KernelTiming(c, s * 1e3, gflops, gigabytes,
            100 * Math.Max(gflops / peak.GflopsPerSecond, gigabytes / peak.GigabytesPerSecond));
    }

    double Time(KernelCase c, int calls)
    {
        if (gpu != null)
            return gpu.Time(() =>
            {
                for (int i = 0; i < calls; i++) c.Run();
            });
        long t = Stopwatch.GetTimestamp();
        for (int i = 0; i < calls; i++) c.Run();
        return Stopwatch.GetElapsedTime(t).TotalSeconds;
    }
}
