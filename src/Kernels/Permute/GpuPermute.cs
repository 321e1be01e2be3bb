using static Sagan.Native.Kernels.GpuViews;
using static Sagan.Native.Kernels.IntMath;

namespace Sagan.Native.Kernels;

/// <summary>Launches Permute.</summary>
static class GpuPermute
{
    // A transposed matrix with fewer rows or columns than this would leave most of a tile empty.
    const int MinTransposed = 12;

    /// <inheritdoc cref="Backend.Permute"/>
    public static void Permute(GpuContext gpu, Storage x, Storage y, in PermuteSpec s)
    {
        if (s.Count == 0) return;
        Span<GpuAxis> axes = stackalloc GpuAxis[Shape.MaxRank];
        axes = axes[..MergeAxes(s, axes)];
        int plane = 0;
        while (plane < axes.Length && axes[plane].A != 1) plane++;
        if (plane == axes.Length || plane == 0 || Math.Min(axes[0].Size, axes[plane].Size) < MinTransposed) GpuStridedCopy.Run(gpu, x, 0, y,
            0, axes);
        else Transpose(gpu, x, y, s.Count, axes, plane);
    }

    // Axes of y with the strides in x (A) and y (B), innermost first; neighbours in y that are neighbours in x are one.
    static int MergeAxes(in PermuteSpec s, Span<GpuAxis> axes)
    {
        int n = 0, step = 1;
        for (int i = s.Rank - 1; i >= 0; i--)
        {
            int size = s.Size(i), stride = s.Stride(i);
            if (size == 1) continue;
            if (n > 0 && stride == axes[n - 1].A * axes[n - 1].Size) axes[n - 1] = new GpuAxis(axes[n - 1].Size * size, axes[n - 1].A,
                axes[n - 1].B);
            else axes[n++] = new GpuAxis(size, stride, step);
            step *= size;
        }
        if (n == 0) axes[n++] = new GpuAxis(1, 1, 1);
        return n;
    }

    // The innermost axis of y gives the columns of a matrix, the axis along which x is contiguous its rows; the others count matrices.
    static void Transpose(GpuContext gpu, Storage x, Storage y, int count, ReadOnlySpan<GpuAxis> axes, int plane)
    {
        int columns = axes[0].Size, rows = axes[plane].Size;
        Span<GpuAxis> planes = stackalloc GpuAxis[Math.Max(1, axes.Length - 2)];
        planes[0] = new GpuAxis(1, 0, 0);
        for (int i = 1, n = 0; i < axes.Length; i++)
            if (i != plane) planes[n++] = axes[i];
        int rowTiles = CeilDiv(rows, GpuTransposeKernel.Tile), tiles = rowTiles * CeilDiv(columns, GpuTransposeKernel.Tile);
        gpu.Launch(new GpuTransposeKernel(Floats(x), Floats(y), rows, columns, axes[plane].B, axes[0].A, rowTiles, tiles,
            new GpuAxes(planes)), new GpuGrid(count / rows / columns * tiles));
    }
}
