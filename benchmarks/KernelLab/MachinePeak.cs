using System.Diagnostics;
using System.Runtime.Intrinsics;
using Sagan.Native.Kernels;

namespace Sagan.Native.Measuring;

/// <summary>
/// What a device can do at best, measured: the roofs that kernels are compared with. Devices on the host share the processor's.
/// </summary>
/// <param name="GflopsPerSecond">Fused multiply-adds in registers, on all threads; one counts as 2 flops.</param>
/// <param name="GigabytesPerSecond">y = a + s b over arrays larger than the caches, on all threads: 3 arrays' traffic.</param>
public readonly record struct MachinePeak(double GflopsPerSecond, double GigabytesPerSecond)
{
    const int Rounds = 5, FmaSteps = 1 << 22, TriadFloats = 1 << 24, TriadJobs = 64;

    /// <summary>
    /// The share of the roof that binds, in per cent: flops against the peak of multiply-adds where they take longer, else bytes against
    /// bandwidth; above 100 where the operands fit in a cache.
    /// </summary>
    public double Percent(double flops, double bytes, double seconds) =>
        100 * Math.Max(flops / GflopsPerSecond, bytes / GigabytesPerSecond) / seconds * 1e-9;

    /// <summary>Measures both; takes up to a second.</summary>
    public static MachinePeak Measure(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return new(Gflops(device), device.Backend.Profiling?.PeakGigabytes() ?? Triad());
    }

    /// <summary>The peak of multiply-adds alone, which needs no memory.</summary>
    public static double Gflops(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (device.Backend.Profiling is { } gpu) return gpu.PeakGflops();
        int jobs = WorkerPool.Threads;
        return Vector512.IsHardwareAccelerated ? Fma<Simd512>(jobs) : Vector256.IsHardwareAccelerated ? Fma<Simd256>(jobs)
            : Fma<Simd128>(jobs);
    }

    static double Fma<V>(int jobs) where V : unmanaged, ISimd<V>
    {
        double best = double.MaxValue;
        for (int i = 0; i < Rounds; i++) best = Math.Min(best, Seconds(() => WorkerPool.Run(jobs, default(FmaJob<V>))));
        return 2.0 * FmaJob<V>.Accumulators * V.Count * FmaSteps * jobs / best * 1e-9;
    }

    static unsafe double Triad()
    {
        Storage a = Device.Cpu.Pool.Rent(TriadFloats), b = Device.Cpu.Pool.Rent(TriadFloats), y = Device.Cpu.Pool.Rent(TriadFloats);
        Device.Cpu.Backend.Fill(a, TriadFloats, 1);
        Device.Cpu.Backend.Fill(b, TriadFloats, 2);
        Device.Cpu.Backend.Fill(y, TriadFloats, 0);
        BroadcastSpec same = new(new Shape(TriadFloats), new Shape(TriadFloats), new Shape(TriadFloats));
        double best = double.MaxValue;
        for (int i = 0; i < Rounds; i++) best = Math.Min(best, Seconds(() => Device.Cpu.Backend.Zip(a, b, y, same, new AddScaledOp(0.5f))));
        a.Release();
        b.Release();
        y.Release();
        return 12.0 * TriadFloats / best * 1e-9;
    }

    static double Seconds(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    // Twelve independent chains hide the latency of the multiply-add on every processor of today.
    readonly struct FmaJob<V> : IJob where V : unmanaged, ISimd<V>
    {
        public const int Accumulators = 12;

        public unsafe void Execute(int index)
        {
            V x = V.Create(0.999f), y = V.Create(1e-3f), a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
            for (int s = 0; s < FmaSteps; s++)
            {
                a = V.MultiplyAdd(a, x, y);
                b = V.MultiplyAdd(b, x, y);
                c = V.MultiplyAdd(c, x, y);
                d = V.MultiplyAdd(d, x, y);
                e = V.MultiplyAdd(e, x, y);
                f = V.MultiplyAdd(f, x, y);
                g = V.MultiplyAdd(g, x, y);
                h = V.MultiplyAdd(h, x, y);
                i = V.MultiplyAdd(i, x, y);
                j = V.MultiplyAdd(j, x, y);
                k = V.MultiplyAdd(k, x, y);
                l = V.MultiplyAdd(l, x, y);
            }
            // Kept, so that the loop is not removed.
            float* sink = stackalloc float[16];
            (a + b + c + d + e + f + g + h + i + j + k + l).Store(sink);
            GC.KeepAlive(sink[0] > 1e30f ? new object() : null);
        }
    }
}
