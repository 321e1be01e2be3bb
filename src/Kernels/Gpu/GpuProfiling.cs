using static Sagan.Native.Kernels.GpuViews;

namespace Sagan.Native.Kernels;

/// <inheritdoc/>
sealed class GpuProfiling(GpuContext gpu) : IProfiling
{
    // As long as it takes the host to enqueue a few hundred launches.
    const double BusySeconds = 2e-3;
    // What is measured at a peak takes about this long, or is as large as it may be.
    const double PeakSeconds = 0.02;
    const int PeakRounds = 5, MostSteps = 1 << 20, FewestTriadFloats = 1 << 16, MostTriadFloats = 1 << 25;

    readonly GpuQueue queue = gpu.Queue;
    int busySteps;

    public string Processor => queue.Name;

    public long LaunchCount => queue.LaunchCount;

    public double Time(Action work)
    {
        KeepBusy();
        return queue.Time(work);
    }

    public double PeakGflops()
    {
        // As many thread blocks as a device holds whose multiprocessors take eight of them.
        int threadBlocks = 4 * queue.ConcurrentBlocks, steps = 4;
        MultiplyAdds(threadBlocks, steps);
        while (queue.Time(() => MultiplyAdds(threadBlocks, steps)) < PeakSeconds && steps < MostSteps) steps *= 4;
        double seconds = Best(() => MultiplyAdds(threadBlocks, steps));
        return (double)GpuPeakMultiplyAddKernel.Flops * steps * threadBlocks * GpuQueue.Threads / seconds * 1e-9;
    }

    public double PeakGigabytes()
    {
        for (int n = FewestTriadFloats; ; n *= 8)
        {
            GpuStorage a = gpu.Temporary(n), b = gpu.Temporary(n), y = gpu.Temporary(n);
            foreach (GpuStorage s in (GpuStorage[])[a, b, y]) GpuElementwise.Fill(gpu, s, n, 1);
            void Triad() => gpu.Launch(new GpuPeakTriadKernel(Float4s(a), Float4s(b), Float4s(y), 0.5f, n / 4), GpuGrid.Cover(n / 4));
            Triad();
            // A slow device is measured on arrays that its caches may hold.
            bool last = queue.Time(Triad) > PeakSeconds || n == MostTriadFloats;
            double seconds = last ? Best(Triad) : 0;
            foreach (GpuStorage s in (GpuStorage[])[a, b, y]) s.Release();
            if (!last) continue;
            gpu.Pool.Trim();
            return 12.0 * n / seconds * 1e-9;
        }
    }

    double Best(Action work) => Enumerable.Range(0, PeakRounds).Min(_ => queue.Time(work));

    // One thread block that computes for a while.
    void KeepBusy()
    {
        if (busySteps == 0)
        {
            busySteps = 8;
            MultiplyAdds(1, busySteps);
            while (queue.Time(() => MultiplyAdds(1, busySteps)) < BusySeconds && busySteps < MostSteps) busySteps *= 2;
        }
        MultiplyAdds(1, busySteps);
    }

    void MultiplyAdds(int threadBlocks, int steps)
    {
        GpuStorage y = gpu.Temporary(threadBlocks * GpuQueue.Threads);
        gpu.Launch(new GpuPeakMultiplyAddKernel(y.View, 0.999f, 1e-3f, steps), new GpuGrid(threadBlocks));
        y.Release();
    }
}
