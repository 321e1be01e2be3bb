using ILGPU;
using Sagan.Native.Kernels;
using Sagan.Native.Tests.Conformance;

namespace Sagan.Native.Tests;

/// <summary>ILGPU's emulation, but that kernels are only noted: which of them a case launches, without the time that they take.</summary>
sealed class KernelListener(GpuQueue emulation) : GpuQueue
{
    readonly HashSet<Type> kernels = [];

    /// <summary>Of the cases some that launch all the kernels that these do.</summary>
    public static IEnumerable<KernelCase> OneForEachKernel(IEnumerable<KernelCase> cases)
    {
        KernelListener listener = new(((GpuBackend)TestGpu.Emulated.Backend).Context.Queue);
        GpuPool pool = new(listener);
        GpuBackend backend = new(listener, pool);
        // Small ones, but not so small that one thread does all.
        const int Small = 200;
        foreach (KernelCase c in cases.OrderBy(c => Size(c) < Small).ThenBy(Size))
        {
            int before = listener.kernels.Count;
            c.Execute(backend, pool.Rent, c.Values());
            if (listener.kernels.Count > before) yield return c;
        }

        static long Size(KernelCase c) => c.Operands.Sum(o => (long)o.Count);
    }

    public override string Name => emulation.Name;

    public override bool PrefersSmallTiles => emulation.PrefersSmallTiles;

    public override bool HasTensorCores => emulation.HasTensorCores;

    public override int ConcurrentBlocks => emulation.ConcurrentBlocks;

    public override (long TotalBytes, long? FreeBytes) Memory => emulation.Memory;

    protected override void Enqueue<TKernel>(in TKernel kernel, GpuGrid grid, int threads) => kernels.Add(typeof(TKernel));

    public override void Upload(ReadOnlySpan<float> source, ArrayView<float> target) => emulation.Upload(source, target);

    public override void Download(ArrayView<float> source, Span<float> target) => emulation.Download(source, target);

    public override void Synchronize() => emulation.Synchronize();

    public override double Time(Action work) => emulation.Time(work);

    public override (ArrayView<float> View, IDisposable Owner) Allocate(long count) => emulation.Allocate(count);

    // The emulation stays open.
    public override void Dispose() { }
}
