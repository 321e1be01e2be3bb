using static Sagan.Native.Kernels.GpuViews;
using static Sagan.Native.Kernels.IntMath;

namespace Sagan.Native.Kernels;

/// <summary>Launches Residual and ResidualBackward.</summary>
static class GpuResidual
{
    // A piece that is worth a thread block.
    const int MinPiece = 4096;

    /// <inheritdoc cref="IFusedResidual.Residual"/>
    public static void Residual(GpuContext gpu, Storage x, Storage o, Storage gamma, Storage y, int n) =>
        gpu.Launch(new GpuResidualKernel(Floats(x), Floats(o), Floats(gamma), Floats(y), n), GpuGrid.CoverVec4(n));

    /// <inheritdoc cref="IFusedResidual.ResidualBackward"/>
    public static void ResidualBackward(GpuContext gpu, Storage g, Storage o, Storage gamma, Storage dO, Storage dgamma, int n)
    {
        int pieces = Math.Clamp(CeilDiv(n, MinPiece), 1, GpuGrid.Enough), piece = CeilDiv(CeilDiv(n, pieces), 4) * 4;
        pieces = Math.Max(1, CeilDiv(n, Math.Max(1, piece)));
        GpuStorage? sums = pieces > 1 ? gpu.Temporary(pieces) : null;
        gpu.Launch(new GpuResidualGradKernel(Floats(g), Floats(o), Floats(gamma), Floats(dO), Floats(sums ?? dgamma), n, piece),
            new GpuGrid(pieces));
        if (sums == null) return;
        GpuSum.SumRows(gpu, sums, dgamma, 1, pieces);
        sums.Release();
    }
}
