using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>
/// dK and dV of one chunk of keys of one batch entry, and this chunk's part of dQ in units of scale: see CpuAttention.cs. max, logs and
/// rowDots hold the largest score, log2 of the sum of exponentials and rowsum(g * o) of every query.
/// </summary>
readonly unsafe struct AttentionBackwardJob(float* q, float* k, float* v, float* g, float* max, float* logs, float* rowDots, float* dk,
    float* dv, float* dqParts, AttentionSpec s, AttentionChunks chunks) : ISimdJob
{
    const int QueryTile = 64;

    public void Execute(int index) => SimdJob.Run(this, index);

    public void Execute<V>(int index) where V : unmanaged, ISimd<V>
    {
        int w = AttentionPanels.Panel<V>(), b = index / chunks.Count, chunk = index % chunks.Count, width = chunks.QueryWidth;
        float sign = AttentionMath.Sign(s.Scale), unit = AttentionMath.Unit(s.Scale);
        float* qb = q + (long)b * s.N * s.Dk, gb = g + (long)b * s.N * s.Dv, dq = dqParts + (long)index * s.N * width;
        using ScratchScope scratch = ScratchArena.Enter();
        float* kt = scratch.Floats((long)w * (2L * s.Dk + 2L * s.Dv + 2 * QueryTile + width));
        float* vt = kt + (long)s.Dk * w, dkt = vt + (long)s.Dv * w, dvt = dkt + (long)s.Dk * w;
        float* p = dvt + (long)s.Dv * w, ds = p + QueryTile * w, rows = ds + QueryTile * w;

        for (int j = chunks.Begin(chunk); j < chunks.End(chunk); j += w)
        {
            int keys = Math.Min(w, chunks.End(chunk) - j);
            float* kj = k + ((long)b * s.M + j) * s.Dk, vj = v + ((long)b * s.M + j) * s.Dv;
            AttentionPanels.FillPanel<V>(kj, keys, s.Dk, kt, sign);
            AttentionPanels.FillPanel<V>(vj, keys, s.Dv, vt, 1);
            FillRows(kj, keys, s.Dk, rows, Math.Min(width, w));

            for (int i = 0; i < s.N; i += QueryTile)
            {
                int queries = Math.Min(QueryTile, s.N - i);
                bool add = i > 0, addQuery = j > chunks.Begin(chunk);
                float* qi = qb + (long)i * s.Dk, gi = gb + (long)i * s.Dv;
                AttentionPanels.Rows<V>(qi, s.Dk, kt, s.Dk, p, w, queries, false);
                AttentionPanels.Rows<V>(gi, s.Dv, vt, s.Dv, ds, w, queries, false);
                long row = (long)b * s.N + i;
                ScoreGradients<V>(p, ds, queries, unit, max + row, logs + row, rowDots + row);
                AttentionPanels.Columns<V>(gi, s.Dv, p, queries, dvt, w, s.Dv, add);
                AttentionPanels.Columns<V>(qi, s.Dk, ds, queries, dkt, w, s.Dk, add);
                // Only the keys that are there: the lanes above them hold no gradient.
                if (width == V.Count) AttentionPanels.RowsNarrow<V>(ds, w, rows, keys, dq + (long)i * width, width, queries, addQuery);
                else
                    for (int d = 0; d < width; d += w)
                        AttentionPanels.Rows<V>(ds, w, rows + (long)d * w, keys, dq + (long)i * width + d, width, queries, addQuery);
            }
            AttentionPanels.ScalePanel(dkt, s.Dk, V.Create(s.Scale), V.Create(s.Scale));
            CpuTranspose.Run(dkt, w, dk + ((long)b * s.M + j) * s.Dk, s.Dk, keys, s.Dk);
            CpuTranspose.Run(dvt, w, dv + ((long)b * s.M + j) * s.Dv, s.Dv, keys, s.Dv);
        }
    }

    // p = 2^(unit (p - max) - log): the large numbers go first, so that nothing of the small one is lost;  ds = p (ds - rowDot).
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void ScoreGradients<V>(float* p, float* ds, int queries, float unit, float* max, float* logs, float* rowDots)
        where V : unmanaged, ISimd<V>
    {
        V u = V.Create(unit);
        for (int i = 0; i < queries; i++, p += 2 * V.Count, ds += 2 * V.Count)
        {
            V m = V.Create(max[i]), l = V.Create(-logs[i]), d = V.Create(rowDots[i]);
            V p0 = AttentionMath.Exp2(V.MultiplyAdd(V.Load(p) - m, u, l));
            V p1 = AttentionMath.Exp2(V.MultiplyAdd(V.Load(p + V.Count) - m, u, l));
            p0.Store(p);
            p1.Store(p + V.Count);
            (p0 * (V.Load(ds) - d)).Store(ds);
            (p1 * (V.Load(ds + V.Count) - d)).Store(ds + V.Count);
        }
    }

    // x [count, width] as panels of `lanes` columns, filled up with 0: rows[(c / lanes) lanes^2 + r lanes + c % lanes] = x[r, c]. Only the
    // last panel can be short.
    static void FillRows(float* x, int count, int width, float* rows, int lanes)
    {
        for (int d = 0; d < width; d += lanes, rows += lanes * lanes)
            for (int r = 0; r < count; r++)
            {
                int columns = Math.Min(lanes, width - d);
                new ReadOnlySpan<float>(x + (nint)r * width + d, columns).CopyTo(new Span<float>(rows + r * lanes, lanes));
                new Span<float>(rows + r * lanes + columns, lanes - columns).Clear();
            }
    }
}
