namespace Sagan.Native.Kernels;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public override void TopKMask(Storage x, Storage y, int rows, int columns, int k)
    {
        int n = rows * columns;
        if (n > 0) queue.Launch(new GpuTopKKernel(Floats(x), Floats(y), n, columns, k), GpuGrid.Cover(n, Threads));
    }
}
