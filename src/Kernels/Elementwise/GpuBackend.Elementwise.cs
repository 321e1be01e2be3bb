namespace Sagan.Native.Kernels;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public override void Fill(Storage y, int n, float value) => queue.Launch(new GpuFillKernel(Floats(y), n, value), Fours(n));

    /// <inheritdoc/>
    public override void Copy(Storage x, Storage y, int n) => queue.Launch(new GpuCopyKernel(Floats(x), Floats(y), n), Fours(n));

    /// <inheritdoc/>
    public override void Map<TOp>(Storage x, Storage y, int n, TOp f) => queue.Launch(new GpuMapKernel<TOp>(Floats(x), Floats(y), n, f), Fours(n));

    // A thread for every four elements.
    static GpuGrid Fours(int n) => GpuGrid.Cover(CeilDiv(n, 4), Threads);
}
