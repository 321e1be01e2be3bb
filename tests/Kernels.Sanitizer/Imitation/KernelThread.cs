using ILGPU;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests.Sanitizer;

/// <summary>A group of threads in a launch: where it is, its shared memory, and how its threads take turns.</summary>
sealed class KernelGroup(GpuGrid grid, int x, int y, int z, int threads)
{
    /// <summary>What an NVIDIA device gives a group without being asked for more.</summary>
    public const int SharedBytes = 48 << 10;

    readonly List<DeviceMemory> shared = [];
    readonly Dictionary<int, TensorWarp> warps = [];

    public GpuGrid Grid { get; } = grid;

    public int X { get; } = x;

    public int Y { get; } = y;

    public int Z { get; } = z;

    public int Threads { get; } = threads;

    /// <summary>The n-th piece of shared memory; the first thread to ask makes it.</summary>
    public DeviceMemory Shared(int n, long bytes)
    {
        if (n == shared.Count)
        {
            shared.Add(new DeviceMemory(Math.Max(16, bytes)));
            shared[n].Poison();
            if (shared.Sum(m => m.Bytes) > SharedBytes)
                throw new KernelException($"{shared.Sum(m => m.Bytes)} bytes of shared memory, a group has {SharedBytes}");
        }
        return shared[n];
    }

    /// <summary>The warp of a thread, as tensor cores know it.</summary>
    public TensorWarp Warp(int thread)
    {
        if (!warps.TryGetValue(thread >> 5, out TensorWarp? warp)) warps.Add(thread >> 5, warp = new TensorWarp());
        return warp;
    }

    public void Free() => shared.ForEach(m => m.Dispose());
}

/// <summary>The thread of a kernel that runs on this thread of the system.</summary>
sealed class KernelThread(KernelGroup group, int index, Action<KernelThread>? wait)
{
    [ThreadStatic] static KernelThread? current;
    int allocations;

    public static KernelThread Current
    {
        get => current ?? throw new KernelException("device code runs outside of a kernel");
        set => current = value;
    }

    public KernelGroup Group { get; } = group;

    public int Index { get; } = index;

    public void Barrier()
    {
        if (wait == null) throw new KernelException("the kernel waits at a barrier and does not say so: it must be an IGpuBlockKernel");
        wait(this);
    }

    public unsafe ArrayView<T> Allocate<T>(int extent) where T : unmanaged
    {
        if (wait == null) throw new KernelException("the kernel uses shared memory and does not say so: it must be an IGpuBlockKernel");
        DeviceMemory memory = Group.Shared(allocations++, (long)extent * sizeof(T));
        return new ArrayView<T>(memory, 0, extent);
    }
}
