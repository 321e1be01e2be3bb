using ILGPU;

namespace Sagan.Native.Kernels;

/// <summary>What launchers are given: the queue and the memory of one device, and how its products are to be computed.</summary>
sealed class GpuContext(GpuQueue queue, GpuPool pool)
{
    public GpuQueue Queue => queue;

    public GpuPool Pool => pool;

    /// <summary>What products may round their factors to.</summary>
    public MatMulPrecision MatMulPrecision { get; set; }

    /// <summary>Whether thin products use tensor cores too: for checks.</summary>
    public bool TensorCoresForAllProducts { get; set; }

    /// <summary>The plan of all products, instead of the one that is chosen for their size: for tests and measurements.</summary>
    public GpuGemmPlan? FixedPlan { get; set; }

    /// <summary>
    /// Thread blocks that the chunks of keys aim at in attention's backward pass: set by tests, so that a small case has chunks of several
    /// tiles.
    /// </summary>
    public int AttentionBlocks { get; set; } = 512;

    /// <summary>Where the parameters of recent Adam steps lie.</summary>
    public LinkedList<GpuAdamTables> AdamTables { get; } = [];

    /// <inheritdoc cref="GpuQueue.Launch"/>
    public void Launch<TKernel>(in TKernel kernel, GpuGrid grid, int threads = GpuQueue.Threads) where TKernel : struct, IGpuKernel =>
        queue.Launch(kernel, grid, threads);

    /// <summary>
    /// Memory for intermediate results: it may be released as soon as the last kernel that uses it was launched, because launches are in
    /// order.
    /// </summary>
    public GpuStorage Temporary(long count) => (GpuStorage)pool.Rent(checked((int)count));
}

/// <summary>Storages of a GPU as the views that kernels take.</summary>
static class GpuViews
{
    public static ArrayView<float> Floats(Storage s) => ((GpuStorage)s).View;

    public static ArrayView<int> Ints(Storage s) => ((GpuStorage)s).View.Cast<int>();

    public static ArrayView<GpuFloat4> Float4s(Storage s) => ((GpuStorage)s).View.Cast<GpuFloat4>();
}
