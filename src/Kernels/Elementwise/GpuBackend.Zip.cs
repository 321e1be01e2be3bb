namespace Sagan.Native.Kernels;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public override void Zip<TOp>(Storage a, Storage b, Storage y, in BroadcastSpec s, TOp f)
    {
        if (s.Count == 0) return;
        int rank = s.Rank, stepA = s.StrideA(rank - 1), stepB = s.StrideB(rank - 1);
        Span<GpuAxis> axes = stackalloc GpuAxis[rank];
        for (int i = 0; i < rank; i++) axes[i] = new GpuAxis(s.Size(rank - 1 - i), s.StrideA(rank - 1 - i), s.StrideB(rank - 1 - i));
        bool fours = rank == 1 || axes[0].Size % 4 == 0;
        // Every row of an operand that moves along the innermost axis must begin at a multiple of 4.
        foreach (GpuAxis axis in axes[1..]) fours &= axis.A * stepA % 4 == 0 && axis.B * stepB % 4 == 0;
        if (fours)
        {
            axes[0] = new GpuAxis(axes[0].Size / 4, stepA, stepB);
            foreach (ref GpuAxis axis in axes[1..]) axis = new GpuAxis(axis.Size, stepA == 0 ? axis.A : axis.A / 4, stepB == 0 ? axis.B : axis.B / 4);
            queue.Launch(new GpuZipFoursKernel<TOp>(Floats(a), Floats(b), Floats(y), s.Count, stepA, stepB, new GpuAxes(axes), f), Fours(s.Count));
        }
        else
            queue.Launch(new GpuZipKernel<TOp>(Floats(a), Floats(b), Floats(y), s.Count, new GpuAxes(axes), f), GpuGrid.Cover(s.Count, Threads));
    }

    /// <inheritdoc/>
    public override void BroadcastTo(Storage x, Storage y, in BroadcastSpec s)
    {
        Span<GpuAxis> axes = stackalloc GpuAxis[s.Rank];
        for (int i = 0, step = 1; i < s.Rank; i++)
        {
            int axis = s.Rank - 1 - i;
            axes[i] = new GpuAxis(s.Size(axis), s.StrideA(axis), step);
            step *= s.Size(axis);
        }
        CopyStrided(x, 0, y, 0, axes);
    }
}
