using ILGPU;
using static Sagan.Native.Kernels.GpuViews;
using static Sagan.Native.Kernels.IntMath;

namespace Sagan.Native.Kernels;

/// <summary>Launches Attention and AttentionBackward.</summary>
static class GpuAttention
{
    // The most floats that the chunks' parts of dQ may take.
    const long MaxParts = 1L << 26;

    /// <inheritdoc cref="IFusedAttention.Attention"/>
    public static void Attention(GpuContext gpu, Storage q, Storage k, Storage v, Storage o, Storage rows, in AttentionSpec s)
    {
        int queries = s.Batch * s.N, tiles = CeilDiv(s.N, GpuAttentionTile.BlockM);
        if (queries == 0) return;
        if (s.M == 0)
        {
            // The mean of nothing is 0 here, as a product with no terms is.
            GpuElementwise.Fill(gpu, o, queries * s.Dv, 0);
            GpuElementwise.Fill(gpu, rows, 2 * queries, 0);
            GpuElementwise.Fill(gpu, rows, queries, float.NegativeInfinity);
            return;
        }
        if (s.Dk == 0)
        {
            // Scores without terms are 0: those of one channel of zeros.
            GpuStorage zeros = Zeros(gpu, s.Batch * Math.Max(s.N, s.M));
            Attention(gpu, zeros, zeros, v, o, rows, s with { Dk = 1 });
            zeros.Release();
            return;
        }
        ArrayView<float> maxima = Floats(rows).SubView(0, queries), sums = Floats(rows).SubView(queries, queries);
        gpu.Launch(new GpuAttentionKernel(Floats(q), Floats(k), Floats(v), Floats(o), maxima, sums, s.N, s.M, s.Dk, s.Dv,
            AttentionMath.Sign(s.Scale), AttentionMath.Unit(s.Scale), tiles),
            new GpuGrid(s.Batch * tiles, Math.Max(1, CeilDiv(s.Dv, GpuAttentionTile.Width))), GpuAttentionTile.Threads);
    }

    /// <inheritdoc cref="IFusedAttention.AttentionBackward"/>
    public static void AttentionBackward(GpuContext gpu, Storage q, Storage k, Storage v, Storage o, Storage rows, Storage g, Storage dq,
        Storage dk, Storage dv, in AttentionSpec s)
    {
        int queries = s.Batch * s.N, tiles = CeilDiv(s.M, GpuAttentionTile.BlockM);
        if (s.Batch == 0) return;
        if (s.N == 0 || s.M == 0 || s.Dv == 0)
        {
            GpuElementwise.Fill(gpu, dq, s.Batch * s.N * s.Dk, 0);
            GpuElementwise.Fill(gpu, dk, s.Batch * s.M * s.Dk, 0);
            GpuElementwise.Fill(gpu, dv, s.Batch * s.M * s.Dv, 0);
            return;
        }
        if (s.Dk == 0)
        {
            GpuStorage zeros = Zeros(gpu, s.Batch * Math.Max(s.N, s.M)), none = gpu.Temporary(s.Batch * s.N),
                nothing = gpu.Temporary(s.Batch * s.M);
            AttentionBackward(gpu, zeros, zeros, v, o, rows, g, none, nothing, dv, s with { Dk = 1 });
            foreach (GpuStorage t in (GpuStorage[])[zeros, none, nothing]) t.Release();
            return;
        }
        float sign = AttentionMath.Sign(s.Scale), unit = AttentionMath.Unit(s.Scale);
        ArrayView<float> maxima = Floats(rows).SubView(0, queries), sums = Floats(rows).SubView(queries, queries);
        GpuStorage rowDots = gpu.Temporary(queries), logs = gpu.Temporary(queries);
        gpu.Launch(new GpuAttentionRowsKernel(Floats(g), Floats(o), sums, Floats(rowDots), Floats(logs), queries, s.Dv),
            GpuGrid.Cover(queries, GpuAttentionRowsKernel.Rows), GpuQueue.Threads);
        gpu.Launch(new GpuAttentionValueGradKernel(Floats(q), Floats(k), maxima, Floats(logs), Floats(g), Floats(dv), s.N, s.M, s.Dk, s.Dv,
            sign, unit, tiles), new GpuGrid(s.Batch * tiles, CeilDiv(s.Dv, GpuAttentionTile.Width)), GpuAttentionTile.Threads);

        // Chunks of whole tiles of keys.
        long part = (long)s.Batch * s.Dk * CeilDiv(s.N, GpuAttentionTile.BlockN) * GpuAttentionTile.BlockN;
        int wanted = (int)Math.Clamp(Math.Min(gpu.AttentionBlocks / s.Batch, MaxParts / Math.Max(part, 1)), 1, tiles);
        int chunkTiles = CeilDiv(tiles, wanted), chunks = CeilDiv(tiles, chunkTiles);
        GpuStorage parts = gpu.Temporary(part * chunks);
        gpu.Launch(new GpuAttentionKeyGradKernel(Floats(q), Floats(k), Floats(v), maxima, Floats(logs), Floats(rowDots), Floats(g),
            Floats(dk), Float4s(parts), s.N, s.M, s.Dk, s.Dv, s.Scale, sign, unit, chunks, chunkTiles * GpuAttentionTile.BlockM),
            new GpuGrid(s.Batch * chunks, CeilDiv(s.Dk, GpuAttentionTile.Depth)),
            GpuAttentionTile.Threads);
        gpu.Launch(new GpuAttentionQueryGradKernel(Float4s(parts), Floats(dq), s.Batch, s.N, s.Dk, s.Scale, chunks),
            GpuGrid.Cover((int)(part / 4)));
        parts.Release();
        logs.Release();
        rowDots.Release();
    }

    static GpuStorage Zeros(GpuContext gpu, int count)
    {
        GpuStorage zeros = gpu.Temporary(count);
        GpuElementwise.Fill(gpu, zeros, count, 0);
        return zeros;
    }
}
