using static Sagan.Native.Kernels.GpuViews;

namespace Sagan.Native.Kernels;

/// <summary>Launches Slice, CopyInto and Pad.</summary>
static class GpuSlice
{
    /// <inheritdoc cref="Backend.Slice"/>
    public static void Slice(GpuContext gpu, Storage x, Storage y, in SliceSpec s) =>
        GpuStridedCopy.Run(gpu, x, s.Start * s.Inner, y, 0, [new GpuAxis(s.Count * s.Inner, 1, 1),
        new GpuAxis(s.Outer, s.Length * s.Inner, s.Count * s.Inner)]);

    /// <inheritdoc cref="Backend.CopyInto"/>
    public static void CopyInto(GpuContext gpu, Storage x, Storage y, in SliceSpec s) =>
        GpuStridedCopy.Run(gpu, x, 0, y, s.Start * s.Inner, [new GpuAxis(s.Count * s.Inner, 1, 1),
        new GpuAxis(s.Outer, s.Count * s.Inner, s.Length * s.Inner)]);

    /// <inheritdoc cref="Backend.Pad"/>
    public static void Pad(GpuContext gpu, Storage x, Storage y, in SliceSpec s)
    {
        int length = s.Length * s.Inner, n = s.Outer * length, before = s.Start * s.Inner, run = s.Count * s.Inner;
        if (n == 0) return;
        if (length % 4 == 0 && before % 4 == 0 && run % 4 == 0)
            gpu.Launch(new GpuPadKernel<GpuFloat4>(Float4s(x), Float4s(y), n / 4, length / 4, before / 4, run / 4), GpuGrid.Cover(n / 4));
        else gpu.Launch(new GpuPadKernel<float>(Floats(x), Floats(y), n, length, before, run), GpuGrid.Cover(n));
    }
}
