using static Sagan.Native.Kernels.GpuViews;

namespace Sagan.Native.Kernels;

/// <summary>Launches Upsample2x and SumPool2x2.</summary>
static class GpuResample
{
    /// <inheritdoc cref="Backend.Upsample2x"/>
    public static void Upsample2x(GpuContext gpu, Storage x, Storage y, in ImageSpec s)
    {
        int n = s.N * s.H * s.W * s.C;
        if (n == 0) return;
        if (s.C % 4 == 0) gpu.Launch(new GpuUpsampleKernel<GpuFloat4>(Float4s(x), Float4s(y), n / 4, s.W, s.C / 4), GpuGrid.Cover(n / 4));
        else gpu.Launch(new GpuUpsampleKernel<float>(Floats(x), Floats(y), n, s.W, s.C), GpuGrid.Cover(n));
    }

    /// <inheritdoc cref="Backend.SumPool2x2"/>
    public static void SumPool2x2(GpuContext gpu, Storage x, Storage y, in ImageSpec s)
    {
        int n = s.N * s.H * s.W * s.C;
        if (n == 0) return;
        if (s.C % 4 == 0) gpu.Launch(new GpuSumPoolKernel<GpuCompensatedSum4, GpuFloat4>(Float4s(x), Float4s(y), n / 4, s.W, s.C / 4),
            GpuGrid.Cover(n / 4));
        else gpu.Launch(new GpuSumPoolKernel<GpuCompensatedSum, float>(Floats(x), Floats(y), n, s.W, s.C), GpuGrid.Cover(n));
    }
}
