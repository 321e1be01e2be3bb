namespace Sagan.Native.Kernels;

public sealed partial class GpuBackend : IFusedAttention
{
    // The most floats that the chunks' parts of dQ may take.
    const long AttentionParts = 1L << 26;

    /// <summary>Groups that the chunks of keys aim at in the backward pass. Set by tests, so that a small case has chunks of several tiles.</summary>
    internal int AttentionGroups { get; init; } = 512;

    /// <inheritdoc/>
    public void Attention(Storage q, Storage k, Storage v, Storage o, Storage lse, in AttentionSpec s)
    {
        int tiles = CeilDiv(s.N, GpuAttention.Own);
        if (s.Batch * tiles == 0) return;
        queue.Launch(new GpuAttentionKernel(Floats(q), Floats(k), Floats(v), Floats(o), Floats(lse), s.N, s.M, s.Dk, s.Dv, s.Scale, tiles),
            new GpuGrid(s.Batch * tiles, CeilDiv(s.Dv, GpuAttention.Width)), GpuAttention.Threads);
    }

    /// <inheritdoc/>
    public void AttentionBackward(Storage q, Storage k, Storage v, Storage o, Storage lse, Storage g, Storage dq, Storage dk, Storage dv, in AttentionSpec s)
    {
        int rows = s.Batch * s.N, tiles = CeilDiv(s.M, GpuAttention.Own);
        if (s.Batch * tiles == 0) return;
        GpuStorage rowDots = Temporary(rows);
        queue.Launch(new GpuAttentionRowsKernel(Floats(g), Floats(o), Floats(rowDots), rows, s.Dv), GpuGrid.Cover(rows, GpuAttentionRowsKernel.Rows), Threads);
        queue.Launch(new GpuAttentionValueGradKernel(Floats(q), Floats(k), Floats(lse), Floats(g), Floats(dv), s.N, s.M, s.Dk, s.Dv, s.Scale, tiles),
            new GpuGrid(s.Batch * tiles, CeilDiv(s.Dv, GpuAttention.Width)), GpuAttention.Threads);

        // Chunks of whole tiles of keys.
        long part = (long)s.Batch * s.Dk * CeilDiv(s.N, GpuAttention.Walk) * GpuAttention.Walk;
        int wanted = (int)Math.Clamp(Math.Min(AttentionGroups / s.Batch, AttentionParts / Math.Max(part, 1)), 1, tiles);
        int chunkTiles = CeilDiv(tiles, wanted), chunks = CeilDiv(tiles, chunkTiles);
        GpuStorage parts = Temporary(part * chunks);
        queue.Launch(new GpuAttentionKeyGradKernel(Floats(q), Floats(k), Floats(v), Floats(lse), Floats(rowDots), Floats(g), Floats(dk), Float4s(parts),
            s.N, s.M, s.Dk, s.Dv, s.Scale, chunks, chunkTiles * GpuAttention.Own), new GpuGrid(s.Batch * chunks, CeilDiv(s.Dk, GpuAttention.Depth)),
            GpuAttention.Threads);
        queue.Launch(new GpuAttentionQueryGradKernel(Float4s(parts), Floats(dq), s.Batch, s.N, s.Dk, s.Scale, chunks),
            GpuGrid.Cover((int)(part / 4), Threads));
        parts.Release();
        rowDots.Release();
    }
}
