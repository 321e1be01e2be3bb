using ILGPU;
using static Sagan.Native.Kernels.GpuViews;

namespace Sagan.Native.Kernels;

// y[yStart + b(i)] = x[xStart + a(i)], thread i does element i, or four neighbours where everything is a multiple of 4 (T = GpuFloat4, all
// numbers counted in float4s). Serves BroadcastTo, Slice, CopyInto and the permutations that leave the innermost axis where it is.
// 8 bytes an element: bound by memory.

/// <summary>Launches strided copies.</summary>
static class GpuStridedCopy
{
    /// <summary>Over all axes, innermost first; what is in <paramref name="axes"/> is lost.</summary>
    public static void Run(GpuContext gpu, Storage x, int xStart, Storage y, int yStart, Span<GpuAxis> axes)
    {
        int n = 1;
        foreach (GpuAxis axis in axes) n *= axis.Size;
        if (n == 0) return;
        bool isVec4 = axes[0].A == 1 && axes[0].B == 1 && axes[0].Size % 4 == 0 && xStart % 4 == 0 && yStart % 4 == 0;
        foreach (GpuAxis axis in axes[1..]) isVec4 &= axis.A % 4 == 0 && axis.B % 4 == 0;
        if (isVec4)
        {
            axes[0] = new GpuAxis(axes[0].Size / 4, 1, 1);
            foreach (ref GpuAxis axis in axes[1..]) axis = new GpuAxis(axis.Size, axis.A / 4, axis.B / 4);
            gpu.Launch(new GpuStridedCopyKernel<GpuFloat4>(Float4s(x), xStart / 4, Float4s(y), yStart / 4, n / 4, new GpuAxes(axes)),
                GpuGrid.Cover(n / 4));
        }
        else
            gpu.Launch(new GpuStridedCopyKernel<float>(Floats(x), xStart, Floats(y), yStart, n, new GpuAxes(axes)), GpuGrid.Cover(n));
    }
}

/// <summary>y[yStart + b(i)] = x[xStart + a(i)] for i below n.</summary>
readonly struct GpuStridedCopyKernel<T>(ArrayView<T> x, int xStart, ArrayView<T> y, int yStart, int n, GpuAxes axes) : IGpuKernel
    where T : unmanaged
{
    public void Run()
    {
        int i = GpuThread.Index;
        if (i >= n) return;
        axes.Offsets(i, out int from, out int to);
        y[yStart + to] = x[xStart + from];
    }
}
