using System.Diagnostics;
using Sagan.Native.Kernels;

namespace Sagan.Native.Measuring;

/// <summary>
/// Times calls of a kernel: on the host by its clock, on a GPU by the device's, between two marks in its stream, so that the host's part of
/// a launch does not count. Calls that are short are timed several at once.
/// </summary>
public sealed class KernelClock(Device device) : IDisposable
{
    const double HostBatchSeconds = 2e-5, GpuBatchSeconds = 2e-3;
    const int Fewest = 5, Most = 2000, MostInBatch = 64, ColdCalls = 5, FlushFloats = 3 << 23;

    readonly IProfiling? gpu = device.Backend.Profiling;
    Storage? flush;

    /// <summary>Seconds of so many calls.</summary>
    public double Time(Action call, int calls = 1)
    {
        ArgumentNullException.ThrowIfNull(call);
        if (gpu != null)
            return gpu.Time(() =>
            {
                for (int i = 0; i < calls; i++) call();
            });
        long t = Stopwatch.GetTimestamp();
        for (int i = 0; i < calls; i++) call();
        return Stopwatch.GetElapsedTime(t).TotalSeconds;
    }

    /// <summary>Calls in turn, for so many seconds: what disturbs the machine disturbs all of them. Operands are where the last call left
    /// them: in a cache, if they fit.</summary>
    public Samples[] Warm(double seconds, params IReadOnlyList<Action> calls)
    {
        ArgumentNullException.ThrowIfNull(calls);
        int[] batch = [.. calls.Select(Batch)];
        List<double>[] times = [.. calls.Select(_ => new List<double>())];
        long start = Stopwatch.GetTimestamp();
        while (times[0].Count < Fewest || (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds && times[0].Count < Most))
            for (int i = 0; i < calls.Count; i++) times[i].Add(Time(calls[i], batch[i]) / batch[i]);
        return [.. times.Select(t => new Samples(t))];
    }

    /// <summary>Single calls, before each of which 96 MB of other numbers went through the caches.</summary>
    public Samples Cold(Action call)
    {
        flush ??= device.Pool.Rent(FlushFloats);
        List<double> times = [];
        for (int i = 0; i < ColdCalls; i++)
        {
            device.Backend.Fill(flush, FlushFloats, i);
            times.Add(Time(call));
        }
        return new Samples(times);
    }

    /// <summary>Gives back the memory that <see cref="Cold"/> needed.</summary>
    public void Dispose()
    {
        flush?.Release();
        flush = null;
    }

    // Others may have used the caches, and the clock of a processor that rests is low: the best of three.
    int Batch(Action call)
    {
        double seconds = Math.Min(Time(call), Math.Min(Time(call), Time(call)));
        return (int)Math.Clamp((gpu == null ? HostBatchSeconds : GpuBatchSeconds) / Math.Max(seconds, 1e-9), 1, MostInBatch);
    }
}
