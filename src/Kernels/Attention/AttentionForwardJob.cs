using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>The outputs of one panel of queries of one batch entry: see CpuAttention.cs.</summary>
readonly unsafe struct AttentionForwardJob(float* q, float* k, float* v, float* o, float* rows, AttentionSpec s, int panels) : ISimdJob
{
    const int KeyTile = 64;

    public void Execute(int index) => SimdJob.Run(this, index);

    public void Execute<V>(int index) where V : unmanaged, ISimd<V>
    {
        int w = AttentionPanels.Panel<V>(), b = index / panels, i = index % panels * w, queries = Math.Min(w, s.N - i);
        float* kb = k + (long)b * s.M * s.Dk, vb = v + (long)b * s.M * s.Dv;
        using ScratchScope scratch = ScratchArena.Enter();
        float* qt = scratch.Floats((long)w * (s.Dk + s.Dv + KeyTile + 3));
        float* ot = qt + (long)s.Dk * w, scores = ot + (long)s.Dv * w, max = scores + KeyTile * w, sum = max + w, factor = sum + w;
        AttentionPanels.FillPanel<V>(q + ((long)b * s.N + i) * s.Dk, queries, s.Dk, qt, AttentionMath.Sign(s.Scale));
        float unit = AttentionMath.Unit(s.Scale);
        // Not minus infinity: scores of that, before any other, would make it NaN. A row that has no other ends as 0 / 0.
        new Span<float>(max, w).Fill(float.MinValue);
        new Span<float>(sum, w).Clear();

        for (int j = 0; j < s.M; j += KeyTile)
        {
            int keys = Math.Min(KeyTile, s.M - j);
            AttentionPanels.Rows<V>(kb + (long)j * s.Dk, s.Dk, qt, s.Dk, scores, w, keys, false);
            Maximum<V>(scores, keys, unit, max, factor);
            if (j > 0)
            {
                AttentionPanels.ScalePanel(sum, 1, V.Load(factor), V.Load(factor + V.Count));
                AttentionPanels.ScalePanel(ot, s.Dv, V.Load(factor), V.Load(factor + V.Count));
            }
            Exponentials<V>(scores, keys, unit, max, sum);
            AttentionPanels.Columns<V>(vb + (long)j * s.Dv, s.Dv, scores, keys, ot, w, s.Dv, j > 0);
        }

        float* row = rows + (long)b * s.N + i;
        new ReadOnlySpan<float>(max, queries).CopyTo(new Span<float>(row, queries));
        new ReadOnlySpan<float>(sum, queries).CopyTo(new Span<float>(row + (long)s.Batch * s.N, queries));
        AttentionPanels.ScalePanel(ot, s.Dv, V.Create(1) / V.Load(sum), V.Create(1) / V.Load(sum + V.Count));
        CpuTranspose.Run(ot, w, o + ((long)b * s.N + i) * s.Dv, s.Dv, queries, s.Dv);
    }

    // factor = 2^(unit (old maximum - new maximum)); max = the new one. A NaN among the scores is passed over here and shows in the
    // exponentials.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Maximum<V>(float* scores, int keys, float unit, float* max, float* factor) where V : unmanaged, ISimd<V>
    {
        V old0 = V.Load(max), old1 = V.Load(max + V.Count), a0 = old0, a1 = old1, b0 = old0, b1 = old1;
        float* p = scores, end = scores + (nint)keys * 2 * V.Count;
        for (; p <= end - 4 * V.Count; p += 4 * V.Count)
        {
            a0 = Larger(V.Load(p), a0);
            a1 = Larger(V.Load(p + V.Count), a1);
            b0 = Larger(V.Load(p + 2 * V.Count), b0);
            b1 = Larger(V.Load(p + 3 * V.Count), b1);
        }
        if (p < end)
        {
            a0 = Larger(V.Load(p), a0);
            a1 = Larger(V.Load(p + V.Count), a1);
        }
        a0 = Larger(a0, b0);
        a1 = Larger(a1, b1);
        a0.Store(max);
        a1.Store(max + V.Count);
        V u = V.Create(unit);
        AttentionMath.Exp2((old0 - a0) * u).Store(factor);
        AttentionMath.Exp2((old1 - a1) * u).Store(factor + V.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static V Larger<V>(V a, V b) where V : unmanaged, ISimd<V> => V.Select(V.GreaterThan(a, b), a, b);

    // scores = 2^(unit (scores - max)); sum += their sum over the keys.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Exponentials<V>(float* scores, int keys, float unit, float* max, float* sum) where V : unmanaged, ISimd<V>
    {
        V u = V.Create(unit), m0 = V.Load(max), m1 = V.Load(max + V.Count), s0 = V.Create(0), s1 = s0;
        for (float* p = scores, end = scores + (nint)keys * 2 * V.Count; p < end; p += 2 * V.Count)
        {
            V e0 = AttentionMath.Exp2((V.Load(p) - m0) * u), e1 = AttentionMath.Exp2((V.Load(p + V.Count) - m1) * u);
            e0.Store(p);
            e1.Store(p + V.Count);
            s0 += e0;
            s1 += e1;
        }
        (V.Load(sum) + s0).Store(sum);
        (V.Load(sum + V.Count) + s1).Store(sum + V.Count);
    }
}
