using System.Numerics;
using static Sagan.Native.Kernels.GpuViews;
using static Sagan.Native.Kernels.IntMath;

namespace Sagan.Native.Kernels;

/// <summary>Launches TopKMask.</summary>
static class GpuTopK
{
    /// <inheritdoc cref="Backend.TopKMask"/>
    public static void TopKMask(GpuContext gpu, Storage x, Storage y, int rows, int columns, int k)
    {
        if (rows == 0 || columns == 0) return;
        int lanes = Math.Min((int)BitOperations.RoundUpToPowerOf2((uint)CeilDiv(columns, 4)), GpuQueue.Threads);
        gpu.Launch(new GpuTopKKernel(Floats(x), Floats(y), rows, columns, k, lanes), new GpuGrid(CeilDiv(rows, GpuQueue.Threads / lanes)));
    }
}
