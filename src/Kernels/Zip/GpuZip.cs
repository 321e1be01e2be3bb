using static Sagan.Native.Kernels.GpuViews;

namespace Sagan.Native.Kernels;

/// <summary>Launches Zip and BroadcastTo.</summary>
static class GpuZip
{
    /// <inheritdoc cref="Backend.Zip"/>
    public static void Zip<TOp>(GpuContext gpu, Storage a, Storage b, Storage y, in BroadcastSpec s, TOp f) where TOp : unmanaged, IBinaryOp
    {
        if (s.Count == 0) return;
        int rank = s.Rank, stepA = s.StrideA(rank - 1), stepB = s.StrideB(rank - 1);
        Span<GpuAxis> axes = stackalloc GpuAxis[rank];
        for (int i = 0; i < rank; i++) axes[i] = new GpuAxis(s.Size(rank - 1 - i), s.StrideA(rank - 1 - i), s.StrideB(rank - 1 - i));
        bool isVec4 = rank == 1 || axes[0].Size % 4 == 0;
        // Every row of an operand that moves along the innermost axis must begin at a multiple of 4.
        foreach (GpuAxis axis in axes[1..]) isVec4 &= axis.A * stepA % 4 == 0 && axis.B * stepB % 4 == 0;
        if (isVec4)
        {
            axes[0] = new GpuAxis(axes[0].Size / 4, stepA, stepB);
            foreach (ref GpuAxis axis in axes[1..]) axis = new GpuAxis(axis.Size, stepA == 0 ? axis.A : axis.A / 4, stepB == 0 ? axis.B
                : axis.B / 4);
            gpu.Launch(new GpuZipVec4Kernel<TOp>(Floats(a), Floats(b), Floats(y), s.Count, stepA, stepB, new GpuAxes(axes), f),
                GpuGrid.CoverVec4(s.Count));
        }
        else
            gpu.Launch(new GpuZipKernel<TOp>(Floats(a), Floats(b), Floats(y), s.Count, new GpuAxes(axes), f), GpuGrid.Cover(s.Count));
    }

    /// <inheritdoc cref="Backend.BroadcastTo"/>
    public static void BroadcastTo(GpuContext gpu, Storage x, Storage y, in BroadcastSpec s)
    {
        Span<GpuAxis> axes = stackalloc GpuAxis[s.Rank];
        for (int i = 0, step = 1; i < s.Rank; i++)
        {
            int axis = s.Rank - 1 - i;
            axes[i] = new GpuAxis(s.Size(axis), s.StrideA(axis), step);
            step *= s.Size(axis);
        }
        GpuStridedCopy.Run(gpu, x, 0, y, 0, axes);
    }
}
