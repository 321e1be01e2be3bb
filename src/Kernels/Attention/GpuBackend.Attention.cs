using ILGPU;

namespace Sagan.Native.Kernels;

public sealed partial class GpuBackend : IFusedAttention
{
    // The most floats that the chunks' parts of dQ may take.
    const long AttentionParts = 1L << 26;

    /// <summary>Groups that the chunks of keys aim at in the backward pass. Set by tests, so that a small case has chunks of several tiles.</summary>
    internal int AttentionGroups { get; init; } = 512;

    /// <inheritdoc/>
    public void Attention(Storage q, Storage k, Storage v, Storage o, Storage rows, in AttentionSpec s)
    {
        int queries = s.Batch * s.N, tiles = CeilDiv(s.N, GpuAttention.Own);
        if (queries == 0) return;
        if (s.M == 0)
        {
            // The mean of nothing is 0 here, as a product with no terms is.
            Fill(o, queries * s.Dv, 0);
            Fill(rows, 2 * queries, 0);
            Fill(rows, queries, float.NegativeInfinity);
            return;
        }
        if (s.Dk == 0)
        {
            // Scores without terms are 0: those of one channel of zeros.
            GpuStorage zeros = Zeros(s.Batch * Math.Max(s.N, s.M));
            Attention(zeros, zeros, v, o, rows, s with { Dk = 1 });
            zeros.Release();
            return;
        }
        ArrayView<float> maxima = Floats(rows).SubView(0, queries), sums = Floats(rows).SubView(queries, queries);
        queue.Launch(new GpuAttentionKernel(Floats(q), Floats(k), Floats(v), Floats(o), maxima, sums, s.N, s.M, s.Dk, s.Dv,
            AttentionMath.Sign(s.Scale), AttentionMath.Unit(s.Scale), tiles),
            new GpuGrid(s.Batch * tiles, Math.Max(1, CeilDiv(s.Dv, GpuAttention.Width))), GpuAttention.Threads);
    }

    /// <inheritdoc/>
    public void AttentionBackward(Storage q, Storage k, Storage v, Storage o, Storage rows, Storage g, Storage dq, Storage dk, Storage dv, in AttentionSpec s)
    {
        int queries = s.Batch * s.N, tiles = CeilDiv(s.M, GpuAttention.Own);
        if (s.Batch == 0) return;
        if (s.N == 0 || s.M == 0 || s.Dv == 0)
        {
            Fill(dq, s.Batch * s.N * s.Dk, 0);
            Fill(dk, s.Batch * s.M * s.Dk, 0);
            Fill(dv, s.Batch * s.M * s.Dv, 0);
            return;
        }
        if (s.Dk == 0)
        {
            GpuStorage zeros = Zeros(s.Batch * Math.Max(s.N, s.M)), none = Temporary(s.Batch * s.N), nothing = Temporary(s.Batch * s.M);
            AttentionBackward(zeros, zeros, v, o, rows, g, none, nothing, dv, s with { Dk = 1 });
            foreach (GpuStorage t in (GpuStorage[])[zeros, none, nothing]) t.Release();
            return;
        }
        float sign = AttentionMath.Sign(s.Scale), unit = AttentionMath.Unit(s.Scale);
        ArrayView<float> maxima = Floats(rows).SubView(0, queries), sums = Floats(rows).SubView(queries, queries);
        GpuStorage rowDots = Temporary(queries), logs = Temporary(queries);
        queue.Launch(new GpuAttentionRowsKernel(Floats(g), Floats(o), sums, Floats(rowDots), Floats(logs), queries, s.Dv),
            GpuGrid.Cover(queries, GpuAttentionRowsKernel.Rows), Threads);
        queue.Launch(new GpuAttentionValueGradKernel(Floats(q), Floats(k), maxima, Floats(logs), Floats(g), Floats(dv), s.N, s.M, s.Dk, s.Dv, sign, unit,
            tiles), new GpuGrid(s.Batch * tiles, CeilDiv(s.Dv, GpuAttention.Width)), GpuAttention.Threads);

        // Chunks of whole tiles of keys.
        long part = (long)s.Batch * s.Dk * CeilDiv(s.N, GpuAttention.Walk) * GpuAttention.Walk;
        int wanted = (int)Math.Clamp(Math.Min(AttentionGroups / s.Batch, AttentionParts / Math.Max(part, 1)), 1, tiles);
        int chunkTiles = CeilDiv(tiles, wanted), chunks = CeilDiv(tiles, chunkTiles);
        GpuStorage parts = Temporary(part * chunks);
        queue.Launch(new GpuAttentionKeyGradKernel(Floats(q), Floats(k), Floats(v), maxima, Floats(logs), Floats(rowDots), Floats(g), Floats(dk),
            Float4s(parts), s.N, s.M, s.Dk, s.Dv, s.Scale, sign, unit, chunks, chunkTiles * GpuAttention.Own),
            new GpuGrid(s.Batch * chunks, CeilDiv(s.Dk, GpuAttention.Depth)),
            GpuAttention.Threads);
        queue.Launch(new GpuAttentionQueryGradKernel(Float4s(parts), Floats(dq), s.Batch, s.N, s.Dk, s.Scale, chunks),
            GpuGrid.Cover((int)(part / 4), Threads));
        parts.Release();
        logs.Release();
        rowDots.Release();
    }

    GpuStorage Zeros(int count)
    {
        GpuStorage zeros = Temporary(count);
        Fill(zeros, count, 0);
        return zeros;
    }
}
