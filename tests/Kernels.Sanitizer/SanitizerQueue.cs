using System.Diagnostics;
using ILGPU;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests.Sanitizer;

/// <summary>
/// A GPU made of the host's threads: runs the kernels of the Gpu*.cs files, compiled against an imitation of ILGPU's device-side API, and
/// finds what a device would punish or do silently.
/// </summary>
sealed class SanitizerQueue(bool prefersSmallTiles, long memoryBytes = SanitizerQueue.MemoryBytes) : GpuQueue
{
    // Of which the pool takes pieces of 64 MB: a larger one, every float of it poisoned, takes longer than most tests.
    const long MemoryBytes = 4L << 30;

    readonly List<DeviceMemory> blocks = [];

    /// <summary>A device on its own pool.</summary>
    public static Device Device(bool prefersSmallTiles, long memoryBytes = MemoryBytes)
    {
        SanitizerQueue queue = new(prefersSmallTiles, memoryBytes);
        GpuPool pool = new(queue);
        return new Device("sanitizer", pool, new GpuBackend(queue, pool));
    }

    public override string Name => "sanitizer";

    public override bool PrefersSmallTiles => prefersSmallTiles;

    public override bool HasTensorCores => true;

    public override int ConcurrentBlocks => 4;

    public override (long TotalBytes, long? FreeBytes) Memory => (memoryBytes, memoryBytes - blocks.Sum(b => b.Bytes));

    protected override void Enqueue<TKernel>(in TKernel kernel, GpuGrid grid, int threads)
    {
        if (grid.X < 1 || grid.Y is < 1 or > MaxGridYZ || grid.Z is < 1 or > MaxGridYZ || threads is < 1 or > 1024)
            throw new KernelException($"{KernelName<TKernel>()}: a launch of {grid} groups of {threads} threads is impossible");
        TKernel k = kernel;
        try
        {
            for (int z = 0; z < grid.Z; z++)
                for (int y = 0; y < grid.Y; y++)
                    for (int x = 0; x < grid.X; x++)
                        RunGroup(new KernelGroup(grid, x, y, z, threads), k, (x + y + z & 1) != 0);
        }
        catch (KernelException e)
        {
            throw new KernelException($"{KernelName<TKernel>()}: {e.Message}", e);
        }
    }

    static void RunGroup<TKernel>(KernelGroup group, TKernel kernel, bool backwards) where TKernel : struct, IGpuKernel
    {
        try
        {
            if (kernel is IGpuBlockKernel)
            {
                GroupRunner.Run(group, () => kernel.Run(), backwards);
                return;
            }
            for (int i = 0; i < group.Threads; i++)
            {
                KernelThread.Current = new KernelThread(group, backwards ? group.Threads - 1 - i : i, null);
                kernel.Run();
            }
        }
        finally
        {
            group.Free();
        }
    }

    static string KernelName<TKernel>() => typeof(TKernel).Name;

    public override void Upload(ReadOnlySpan<float> source, ArrayView<float> target) => source.CopyTo(target.Span);

    public override void Download(ArrayView<float> source, Span<float> target) => source.Span.CopyTo(target);

    public override void Synchronize() { }

    public override double Time(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public override (ArrayView<float> View, IDisposable Owner) Allocate(long count)
    {
        if (blocks.Sum(b => b.Bytes) + 4 * count > memoryBytes) throw new DeviceMemoryException("the sanitizer's memory is used up.");
        DeviceMemory block = new(4 * count, blocks);
        block.Poison();
        blocks.Add(block);
        return (new ArrayView<float>(block, 0, count), block);
    }

    public override void Dispose()
    {
        foreach (DeviceMemory b in blocks.ToArray()) b.Dispose();
    }
}
