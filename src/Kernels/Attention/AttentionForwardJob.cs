using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>The outputs of one panel of queries of one batch entry: see CpuBackend.Attention.cs.</summary>
readonly unsafe struct AttentionForwardJob(float* q, float* k, float* v, float* o, float* lse, AttentionSpec s, int panels) : ISimdJob
{
    const int KeyTile = 96;

    public void Execute(int index) => SimdJob.Run(this, index);

    public void Execute<V>(int index) where V : unmanaged, ISimd<V>
    {
        int w = AttentionMath.Panel<V>(), b = index / panels, i = index % panels * w, queries = Math.Min(w, s.N - i);
        float* kb = k + (long)b * s.M * s.Dk, vb = v + (long)b * s.M * s.Dv;
        float* qt = Scratch.Floats(CpuBackend.AttentionJob, (long)w * (s.Dk + s.Dv + KeyTile + 3));
        float* ot = qt + (long)s.Dk * w, scores = ot + (long)s.Dv * w, max = scores + KeyTile * w, sum = max + w, factor = sum + w;
        // Scores in units of log 2, so that the exponential is a power of two.
        AttentionMath.FillPanel(q + ((long)b * s.N + i) * s.Dk, queries, s.Dk, qt, w, s.Scale * AttentionMath.Log2E);
        new Span<float>(max, w).Fill(float.NegativeInfinity);
        new Span<float>(sum, w).Clear();

        for (int j = 0; j < s.M; j += KeyTile)
        {
            int keys = Math.Min(KeyTile, s.M - j);
            AttentionMath.Rows<V>(kb + (long)j * s.Dk, s.Dk, qt, s.Dk, scores, w, keys, false);
            Maximum<V>(scores, keys, max, factor);
            if (j > 0) Rescale<V>(ot, s.Dv, sum, factor);
            Exponentials<V>(scores, keys, max, sum);
            AttentionMath.Columns<V>(vb + (long)j * s.Dv, s.Dv, scores, keys, ot, w, s.Dv, j > 0);
        }

        for (int l = 0; l < queries; l++) lse[(long)b * s.N + i + l] = (float)((max[l] + Math.Log2(sum[l])) * AttentionMath.Ln2);
        Divide<V>(ot, s.Dv, sum);
        AttentionMath.Transpose(ot, w, o + ((long)b * s.N + i) * s.Dv, s.Dv, s.Dv, queries, 1);
    }

    // factor = 2^(old maximum - new maximum); max = the new one.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Maximum<V>(float* scores, int keys, float* max, float* factor) where V : unmanaged, ISimd<V>
    {
        V old0 = V.Load(max), old1 = V.Load(max + V.Count), m0 = old0, m1 = old1;
        for (float* p = scores, end = scores + (nint)keys * 2 * V.Count; p < end; p += 2 * V.Count)
        {
            m0 = V.Max(m0, V.Load(p));
            m1 = V.Max(m1, V.Load(p + V.Count));
        }
        m0.Store(max);
        m1.Store(max + V.Count);
        AttentionMath.Exp2(old0 - m0).Store(factor);
        AttentionMath.Exp2(old1 - m1).Store(factor + V.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Rescale<V>(float* ot, int rows, float* sum, float* factor) where V : unmanaged, ISimd<V>
    {
        V f0 = V.Load(factor), f1 = V.Load(factor + V.Count);
        (V.Load(sum) * f0).Store(sum);
        (V.Load(sum + V.Count) * f1).Store(sum + V.Count);
        for (float* p = ot, end = ot + (nint)rows * 2 * V.Count; p < end; p += 2 * V.Count)
        {
            (V.Load(p) * f0).Store(p);
            (V.Load(p + V.Count) * f1).Store(p + V.Count);
        }
    }

    // scores = 2^(scores - max); sum += their sum over the keys.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Exponentials<V>(float* scores, int keys, float* max, float* sum) where V : unmanaged, ISimd<V>
    {
        V m0 = V.Load(max), m1 = V.Load(max + V.Count), s0 = V.Create(0), s1 = s0;
        for (float* p = scores, end = scores + (nint)keys * 2 * V.Count; p < end; p += 2 * V.Count)
        {
            V e0 = AttentionMath.Exp2(V.Load(p) - m0), e1 = AttentionMath.Exp2(V.Load(p + V.Count) - m1);
            e0.Store(p);
            e1.Store(p + V.Count);
            s0 += e0;
            s1 += e1;
        }
        (V.Load(sum) + s0).Store(sum);
        (V.Load(sum + V.Count) + s1).Store(sum + V.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Divide<V>(float* ot, int rows, float* sum) where V : unmanaged, ISimd<V>
    {
        V f0 = V.Create(1) / V.Load(sum), f1 = V.Create(1) / V.Load(sum + V.Count);
        for (float* p = ot, end = ot + (nint)rows * 2 * V.Count; p < end; p += 2 * V.Count)
        {
            (V.Load(p) * f0).Store(p);
            (V.Load(p + V.Count) * f1).Store(p + V.Count);
        }
    }
}
