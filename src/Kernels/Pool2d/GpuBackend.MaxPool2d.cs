namespace Sagan.Native.Kernels;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public override void MaxPool2d(Storage x, Storage y, Storage index, in MaxPool2dSpec s)
    {
        int count = s.N * s.OutH * s.OutW * s.C;
        if (count == 0) return;
        queue.Launch(new GpuMaxPool2dKernel(Floats(x), Floats(y), Ints(index), count, s), GpuGrid.Cover(count, Threads));
        ((GpuStorage)index).IndexRange = (0, s.N * s.H * s.W * s.C - 1);
    }
}
