using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace Sagan.Native.Kernels;

/// <summary>
/// A device that computes nothing and notes which kernels it is told to run: how a training step looks to a GPU, on any machine. Its memory
/// is the host's and its results are whatever lies there.
/// </summary>
sealed class IlgpuRecorder : GpuQueue
{
    readonly Context context = Context.Create(b => b.CPU());
    readonly Accelerator memory;
    readonly Dictionary<Type, LaunchedKernel> kernels = [];

    IlgpuRecorder() => memory = context.CreateCPUAccelerator(0);

    /// <summary>
    /// Gives <paramref name="prepare"/> such a device; returns what the work that it returns launched, in the order of first launches.
    /// </summary>
    public static IReadOnlyList<LaunchedKernel> Record(Func<Device, Action> prepare)
    {
        if (!RuntimeFeature.IsDynamicCodeSupported) throw new DeviceUnavailableException($"{IlgpuDevices.NoCompiler}.");
        using IlgpuRecorder queue = new();
        GpuPool pool = new(queue);
        Action work = prepare(new Device("recorder", pool, new GpuBackend(queue, pool)));
        queue.kernels.Clear();
        work();
        return [.. queue.kernels.Values];
    }

    public override string Name => "recorder";

    public override bool PrefersSmallTiles => false;

    public override bool HasTensorCores => true;

    // As a large GPU.
    public override int ConcurrentBlocks => 264;

    public override (long TotalBytes, long? FreeBytes) Memory => (64L << 30, null);

    protected override void Enqueue<TKernel>(in TKernel kernel, GpuGrid grid, int threads)
    {
        Type type = typeof(TKernel);
        LaunchedKernel seen = kernels.GetValueOrDefault(type) ?? new LaunchedKernel(GpuKernelName.Of(type), type, threads, 0, 0);
        kernels[type] = seen with { Launches = seen.Launches + 1, Blocks = seen.Blocks + grid.Count };
    }

    public override void Upload(ReadOnlySpan<float> source, ArrayView<float> target) =>
        target.SubView(0, source.Length).CopyFromCPU(memory.DefaultStream, source);

    public override void Download(ArrayView<float> source, Span<float> target) => source.CopyToCPU(memory.DefaultStream, target);

    public override void Synchronize() { }

    public override double Time(Action work)
    {
        work();
        return 0;
    }

    public override (ArrayView<float> View, IDisposable Owner) Allocate(long count)
    {
        MemoryBuffer1D<float, Stride1D.Dense> buffer = memory.Allocate1D<float>(count);
        return (buffer.View.AsContiguous(), buffer);
    }

    public override void Dispose()
    {
        memory.Dispose();
        context.Dispose();
    }
}
