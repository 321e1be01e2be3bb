using System.Numerics;

namespace Sagan.Native.Kernels;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public override void Softmax(Storage x, Storage y, int rows, int columns)
    {
        if (rows == 0 || columns == 0) return;
        int lanes = Math.Min((int)BitOperations.RoundUpToPowerOf2((uint)CeilDiv(columns, 4)), Threads);
        queue.Launch(new GpuSoftmaxKernel(Floats(x), Floats(y), rows, columns, lanes), new GpuGrid(CeilDiv(rows, Threads / lanes)));
    }
}
