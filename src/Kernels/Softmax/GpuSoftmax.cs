using System.Numerics;
using static Sagan.Native.Kernels.GpuViews;
using static Sagan.Native.Kernels.IntMath;

namespace Sagan.Native.Kernels;

/// <summary>Launches Softmax.</summary>
static class GpuSoftmax
{
    /// <inheritdoc cref="Backend.Softmax"/>
    public static void Softmax(GpuContext gpu, Storage x, Storage y, int rows, int columns)
    {
        if (rows == 0 || columns == 0) return;
        int lanes = Math.Min((int)BitOperations.RoundUpToPowerOf2((uint)CeilDiv(columns, 4)), GpuQueue.Threads);
        gpu.Launch(new GpuSoftmaxKernel(Floats(x), Floats(y), rows, columns, lanes), new GpuGrid(CeilDiv(rows, GpuQueue.Threads / lanes)));
    }
}
