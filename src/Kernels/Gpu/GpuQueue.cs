using ILGPU;

namespace Sagan.Native.Kernels;

/// <summary>
/// The one stream of a GPU: kernels and copies happen in the order in which they were given, so that a storage that was released may be
/// handed out again at once. Only <see cref="Download"/>, <see cref="Synchronize"/> and <see cref="Time"/> wait. A queue belongs to one
/// thread at a time.
/// </summary>
abstract class GpuQueue : IDisposable
{
    /// <summary>Threads of a thread block where a kernel has no reason for another number.</summary>
    public const int Threads = 256;

    /// <summary>The largest extent of a grid along Y and Z.</summary>
    public const int MaxGridYZ = 65535;

    /// <summary>Kernels launched so far.</summary>
    public long LaunchCount { get; private set; }

    /// <summary>What the device calls itself.</summary>
    public abstract string Name { get; }

    /// <summary>True where threads have few registers or are no hardware threads: products then use small tiles.</summary>
    public abstract bool PrefersSmallTiles { get; }

    /// <summary>True where the instructions of GpuTensorCores exist.</summary>
    public abstract bool HasTensorCores { get; }

    /// <summary>About how many thread blocks the device runs at once: what splits of long sums aim at.</summary>
    public abstract int ConcurrentBlocks { get; }

    /// <summary>Runs the kernel in thread blocks of so many threads.</summary>
    public void Launch<TKernel>(in TKernel kernel, GpuGrid grid, int threads = Threads) where TKernel : struct, IGpuKernel
    {
        LaunchCount++;
        Enqueue(kernel, grid, threads);
    }

    protected abstract void Enqueue<TKernel>(in TKernel kernel, GpuGrid grid, int threads) where TKernel : struct, IGpuKernel;

    /// <summary>Copies from the host; the source may be changed as soon as this returns.</summary>
    public abstract void Upload(ReadOnlySpan<float> source, ArrayView<float> target);

    /// <summary>Copies to the host and waits for it.</summary>
    public abstract void Download(ArrayView<float> source, Span<float> target);

    /// <summary>Waits until everything given so far is done.</summary>
    public abstract void Synchronize();

    /// <summary>
    /// Seconds by the device's clock from the end of what was given before to the end of what <paramref name="work"/> gives; waits for it.
    /// </summary>
    public abstract double Time(Action work);

    /// <summary>
    /// A piece of device memory of so many floats, aligned to at least 256 bytes; disposing its owner gives it back, when nothing that was
    /// enqueued uses it any more. Throws <see cref="DeviceMemoryException"/> when there is none.
    /// </summary>
    public abstract (ArrayView<float> View, IDisposable Owner) Allocate(long count);

    /// <summary>Memory of the device and what of it is free, where it can be told.</summary>
    public abstract (long TotalBytes, long? FreeBytes) Memory { get; }

    public abstract void Dispose();
}
