using static Sagan.Native.Kernels.GpuViews;

namespace Sagan.Native.Kernels;

/// <summary>Launches TopKMask.</summary>
static class GpuTopK
{
    /// <inheritdoc cref="Backend.TopKMask"/>
    public static void TopKMask(GpuContext gpu, Storage x, Storage y, int rows, int columns, int k)
    {
        int n = rows * columns;
        if (n > 0) gpu.Launch(new GpuTopKKernel(Floats(x), Floats(y), n, columns, k), GpuGrid.Cover(n));
    }
}
