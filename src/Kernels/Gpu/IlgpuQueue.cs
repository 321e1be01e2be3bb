using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Sagan.Native.Kernels;

/// <summary>The stream of an accelerator of ILGPU: CUDA, OpenCL, or ILGPU's own emulation on the processor.</summary>
sealed class IlgpuQueue : GpuQueue
{
    /// <summary>Half of the pinned memory through which copies from the host go.</summary>
    const int StagingFloats = 16 << 20 >> 2;

    readonly Accelerator accelerator;
    readonly AcceleratorStream stream;
    readonly Dictionary<Type, Delegate> launchers = [];
    readonly PageLockedArray1D<float>[] staging;
    // Recorded behind the last copy from each half: the half may be filled again when it has passed.
    readonly ProfilingMarker?[] lastUse = new ProfilingMarker?[2];
    int half, filled;

    public IlgpuQueue(Accelerator accelerator, bool prefersSmallTiles)
    {
        this.accelerator = accelerator;
        PrefersSmallTiles = prefersSmallTiles;
        stream = accelerator.CreateStream();
        staging = [accelerator.AllocatePageLocked1D<float>(StagingFloats, true),
            accelerator.AllocatePageLocked1D<float>(StagingFloats, true)];
    }

    public Accelerator Accelerator => accelerator;

    public override string Name => accelerator.Name;

    public override bool PrefersSmallTiles { get; }

    public override bool HasTensorCores => accelerator is CudaAccelerator cuda && cuda.Architecture >= CudaArchitecture.SM_80;

    // Two thread blocks of 256 threads with 128 registers each fill a multiprocessor.
    public override int ConcurrentBlocks => 2 * accelerator.NumMultiprocessors;

    public override (long TotalBytes, long? FreeBytes) Memory => (accelerator.MemorySize, null);

    protected override void Enqueue<TKernel>(in TKernel kernel, GpuGrid grid, int threads)
    {
        if (!launchers.TryGetValue(typeof(TKernel), out Delegate? launcher)) launchers.Add(typeof(TKernel),
            launcher = Load<TKernel>(threads));
        try
        {
            KernelConfig size = new(new Index3D(grid.X, grid.Y, grid.Z), new Index3D(threads, 1, 1));
            ((Action<AcceleratorStream, KernelConfig, TKernel>)launcher)(stream, size, kernel);
        }
        catch (AcceleratorException e)
        {
            throw Failed($"{Describe<TKernel>()} on {grid} of {threads} threads", e);
        }
    }

    // A device computes later than it is told to: what went wrong in a kernel may be reported by the next call that waits.
    DeviceException Failed(string what, AcceleratorException e) => new($"{accelerator.Name}: {what} failed: {e.Message}", e);

    // A kernel that does not compile leaves the context of ILGPU broken, so there is no going on.
    Action<AcceleratorStream, KernelConfig, TKernel> Load<TKernel>(int threads) where TKernel : struct, IGpuKernel
    {
        try
        {
            return accelerator.LoadKernel<TKernel>(GpuEntry.Run, IlgpuCode.Specialization(typeof(TKernel), threads));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new DeviceException($"{accelerator.Name}: {Describe<TKernel>()} was not compiled: {e.Message}", e);
        }
    }

    static string Describe<TKernel>() => GpuKernelName.Of(typeof(TKernel));

    public override void Upload(ReadOnlySpan<float> source, ArrayView<float> target)
    {
        try
        {
            for (int done = 0; done < source.Length;)
            {
                if (filled == StagingFloats) TurnOver();
                int n = Math.Min(source.Length - done, StagingFloats - filled);
                // Memory that the collector does not move, unlike what a ref into any other array points to.
                Span<float> pinned = staging[half].Span.Slice(filled, n);
                source.Slice(done, n).CopyTo(pinned);
                target.SubView(done, n).CopyFromCPUUnsafeAsync(stream, ref pinned[0], n);
                filled += n;
                done += n;
            }
        }
        catch (AcceleratorException e)
        {
            throw Failed($"a copy of {source.Length} floats to the device, or what was started before it,", e);
        }
    }

    void TurnOver()
    {
        lastUse[half]?.Dispose();
        lastUse[half] = stream.AddProfilingMarker();
        half ^= 1;
        filled = 0;
        lastUse[half]?.Synchronize();
    }

    // By span: that overload pins the target until the copy is done. The one by ref does not, and a collection during the wait would move
    // the target away from under the device.
    public override void Download(ArrayView<float> source, Span<float> target)
    {
        try
        {
            source.CopyToCPU(stream, target);
        }
        catch (AcceleratorException e)
        {
            throw Failed($"a copy of {target.Length} floats to the host, or what was started before it,", e);
        }
    }

    public override void Synchronize()
    {
        try
        {
            stream.Synchronize();
        }
        catch (AcceleratorException e)
        {
            throw Failed("what was started", e);
        }
    }

    public override double Time(Action work)
    {
        try
        {
            using ProfilingMarker start = stream.AddProfilingMarker();
            work();
            using ProfilingMarker end = stream.AddProfilingMarker();
            end.Synchronize();
            return end.MeasureFrom(start).TotalSeconds;
        }
        catch (AcceleratorException e)
        {
            throw Failed("what was timed", e);
        }
    }

    public override (ArrayView<float> View, IDisposable Owner) Allocate(long count)
    {
        try
        {
            MemoryBuffer1D<float, Stride1D.Dense> buffer = accelerator.Allocate1D<float>(count);
            return (buffer.View.AsContiguous(), buffer);
        }
        catch (Exception e) when (e is AcceleratorException or OutOfMemoryException)
        {
            throw new DeviceMemoryException($"{accelerator.Name}: no {count >> 18} MB of device memory: {e.Message}", e);
        }
    }

    public override void Dispose()
    {
        foreach (ProfilingMarker? m in lastUse) m?.Dispose();
        foreach (PageLockedArray1D<float> s in staging) s.Dispose();
        stream.Dispose();
        Context context = accelerator.Context;
        accelerator.Dispose();
        context.Dispose();
    }
}
