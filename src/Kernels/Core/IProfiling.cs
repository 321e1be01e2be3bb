namespace Sagan.Native.Kernels;

/// <summary>What a device tells of itself, by its own clock: <see cref="Backend.Profiling"/>.</summary>
interface IProfiling
{
    /// <summary>What the device calls itself.</summary>
    string Processor { get; }

    /// <summary>Kernels launched so far.</summary>
    long LaunchCount { get; }

    /// <summary>
    /// Seconds by the device's clock for what <paramref name="work"/> enqueues, from its beginning to its end; waits for it. The device has
    /// something else to do while the host enqueues, so that calls that are shorter than their launch are measured too.
    /// </summary>
    double Time(Action work);

    /// <summary>Multiply-adds in registers on the whole device, in GFLOP/s: one counts as 2 flops.</summary>
    double PeakGflops();

    /// <summary>y = a + s b over arrays larger than the caches, in GB/s: 3 arrays' traffic.</summary>
    double PeakGigabytes();
}
