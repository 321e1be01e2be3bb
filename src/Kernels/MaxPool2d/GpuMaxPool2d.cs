using static Sagan.Native.Kernels.GpuViews;

namespace Sagan.Native.Kernels;

/// <summary>Launches MaxPool2d.</summary>
static class GpuMaxPool2d
{
    /// <inheritdoc cref="Backend.MaxPool2d"/>
    public static void MaxPool2d(GpuContext gpu, Storage x, Storage y, Storage index, in MaxPool2dSpec s)
    {
        int count = s.N * s.OutH * s.OutW * s.C;
        if (count == 0) return;
        gpu.Launch(new GpuMaxPool2dKernel(Floats(x), Floats(y), Ints(index), count, s), GpuGrid.Cover(count));
        ((GpuStorage)index).IndexRange = (0, s.N * s.H * s.W * s.C - 1);
    }
}
