using static Sagan.Native.Kernels.GpuViews;

namespace Sagan.Native.Kernels;

/// <summary>Launches Fill, Copy and Map.</summary>
static class GpuElementwise
{
    /// <inheritdoc cref="Backend.Fill"/>
    public static void Fill(GpuContext gpu, Storage y, int n, float value) =>
        gpu.Launch(new GpuFillKernel(Floats(y), n, value), GpuGrid.CoverVec4(n));

    /// <inheritdoc cref="Backend.Copy"/>
    public static void Copy(GpuContext gpu, Storage x, Storage y, int n) =>
        gpu.Launch(new GpuCopyKernel(Floats(x), Floats(y), n), GpuGrid.CoverVec4(n));

    /// <inheritdoc cref="Backend.Map"/>
    public static void Map<TOp>(GpuContext gpu, Storage x, Storage y, int n, TOp f) where TOp : unmanaged, IUnaryOp =>
        gpu.Launch(new GpuMapKernel<TOp>(Floats(x), Floats(y), n, f), GpuGrid.CoverVec4(n));

}
