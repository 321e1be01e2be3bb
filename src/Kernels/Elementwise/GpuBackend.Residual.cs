namespace Sagan.Native.Kernels;

public sealed partial class GpuBackend : IFusedResidual
{
    /// <inheritdoc/>
    public void Residual(Storage x, Storage o, Storage gamma, Storage y, int n) =>
        queue.Launch(new GpuResidualKernel(Floats(x), Floats(o), Floats(gamma), Floats(y), n), Fours(n));

    /// <inheritdoc/>
    public void ResidualBackward(Storage g, Storage o, Storage gamma, Storage dO, Storage dgamma, int n)
    {
        int pieces = Math.Clamp(CeilDiv(n, MinRowPiece), 1, EnoughGroups), piece = CeilDiv(CeilDiv(n, pieces), 4) * 4;
        pieces = Math.Max(1, CeilDiv(n, Math.Max(1, piece)));
        GpuStorage? sums = pieces > 1 ? Temporary(pieces) : null;
        queue.Launch(new GpuResidualGradKernel(Floats(g), Floats(o), Floats(gamma), Floats(dO), Floats(sums ?? dgamma), n, piece), new GpuGrid(pieces));
        if (sums == null) return;
        SumRows(sums, dgamma, 1, pieces);
        sums.Release();
    }
}
