using System.Diagnostics;

namespace Sagan.Native.Benchmarks;

/// <summary>The timing of one kernel case.</summary>
/// <param name="Milliseconds">Median of a call.</param>
/// <param name="PercentOfPeak">Of the roof that binds: flops against the peak of multiply-adds where the case counts flops and they take longer, else bytes
/// against bandwidth; above 100 where the operands fit in a cache.</param>
readonly record struct KernelTiming(KernelCase Case, double Milliseconds, double GflopsPerSecond, double GigabytesPerSecond, double PercentOfPeak);

/// <summary>Times kernels by themselves: calls for a fifth of a second, and takes the median.</summary>
static class KernelBenchmark
{
    const double Seconds = 0.2, WarmUpSeconds = 0.05;
    const int Fewest = 5, Most = 2000, WarmUpCalls = 40;

    /// <summary>Calls a kernel until its code is queued to be optimised. To be done for all cases before the first is timed: the compiler works in the background.</summary>
    public static void WarmUp(KernelCase c)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < WarmUpCalls && Stopwatch.GetElapsedTime(start).TotalSeconds < WarmUpSeconds; i++) c.Run();
    }

    public static KernelTiming Run(KernelCase c, MachinePeak peak)
    {
        for (int i = 0; i < 3; i++) c.Run();
        List<double> times = [];
        long start = Stopwatch.GetTimestamp();
        while (times.Count < Fewest || (Stopwatch.GetElapsedTime(start).TotalSeconds < Seconds && times.Count < Most))
        {
            long t = Stopwatch.GetTimestamp();
            c.Run();
            times.Add(Stopwatch.GetElapsedTime(t).TotalSeconds);
        }
        times.Sort();
        double s = times[times.Count / 2], gflops = c.Flops / s * 1e-9, gigabytes = c.Bytes / s * 1e-9;
        return new KernelTiming(c, s * 1e3, gflops, gigabytes, 100 * Math.Max(gflops / peak.GflopsPerSecond, gigabytes / peak.GigabytesPerSecond));
    }
}
