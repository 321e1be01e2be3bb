using System.Diagnostics;
using Sagan.Native.Kernels;
using Sagan.Native.Measuring;

namespace Sagan.Native.Benchmarks;

/// <summary>The timing of one kernel case.</summary>
/// <param name="Warm">Calls whose operands are where the last call left them.</param>
/// <param name="Cold">Calls after other numbers went through the caches.</param>
/// <param name="PercentOfPeak">Of the roof that binds: see <see cref="MachinePeak.Percent"/>.</param>
sealed record KernelTiming(KernelCase Case, Samples Warm, Samples Cold, double PercentOfPeak)
{
    /// <summary>Median of a call.</summary>
    public double Milliseconds => 1e3 * Warm.Median;

    public double GflopsPerSecond => Case.Flops / Warm.Median * 1e-9;

    public double GigabytesPerSecond => Case.Bytes / Warm.Median * 1e-9;
}

/// <summary>Times kernels by themselves, each for a fifth of a second.</summary>
sealed class KernelBenchmark(Device device) : IDisposable
{
    const double Seconds = 0.2, WarmUpSeconds = 0.05;
    const int WarmUpCalls = 40, CompileFactor = 5;

    readonly bool isGpu = device.Backend.Profiling != null;
    readonly KernelClock clock = new(device);
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
        double seconds = clock.Time(c.Run);
        if (!isGpu)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 1; i < WarmUpCalls && Stopwatch.GetElapsedTime(start).TotalSeconds < WarmUpSeconds; i++)
                seconds = Math.Min(seconds, clock.Time(c.Run));
        }
        // The first call on a GPU compiles the kernel.
        else if (seconds < CompileFactor * LimitSeconds) seconds = clock.Time(c.Run);
        foreach (string key in (string[])[c.Kernel, unit]) rates[key] = Math.Max(rates.GetValueOrDefault(key), work / seconds);
        return seconds > LimitSeconds ? seconds : null;
    }

    public KernelTiming Run(KernelCase c, MachinePeak peak)
    {
        c.Before?.Invoke();
        Samples warm = clock.Warm(Seconds, c.Run)[0];
        return new KernelTiming(c, warm, clock.Cold(c.Run), peak.Percent(c.Flops, c.Bytes, warm.Median));
    }

    public void Dispose() => clock.Dispose();
}
