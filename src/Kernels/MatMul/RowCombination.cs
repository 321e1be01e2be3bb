using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>
/// y[j] = act(scale sum over k of v[k] x[k,j] + bias[j biasStride]), x [K,N]: a product with one row (or one column), where a register tile
/// would be empty but for one row and x would be packed to be read once. One job per strip of columns, lanes along the columns; x is read
/// once, 2 flops per 4 bytes. One chain of multiply-adds per 1024 k; the chains are added in order.
/// Timings: benchmarks/kernel-notes.md.
/// </summary>
readonly unsafe struct RowCombination(float* v, float* x, float* bias, int biasStride, float scale, float* y, int k, int n, Activation act)
    : ISimdJob
{
    const int ColumnsPerJob = 1024, Chain = 1024;

    /// <summary>Enough columns for the threads; else the sum over k is the longer side, which Gemm cuts.</summary>
    public static bool Suits(int k, int n) => n >= 1024 && k > 0;

    public int Jobs => (n + ColumnsPerJob - 1) / ColumnsPerJob;

    public void Execute(int index) => SimdJob.Run(this, index);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<V>(int index) where V : unmanaged, ISimd<V>
    {
        int end = Math.Min(n, (index + 1) * ColumnsPerJob), j = index * ColumnsPerJob;
        for (; j <= end - 4 * V.Count; j += 4 * V.Count)
        {
            V t0 = V.Create(0), t1 = t0, t2 = t0, t3 = t0;
            for (int from = 0; from < k; from += Chain)
            {
                V s0 = V.Create(0), s1 = s0, s2 = s0, s3 = s0;
                float* p = x + (long)from * n + j;
                for (int i = from; i < Math.Min(k, from + Chain); i++, p += n)
                {
                    V a = V.Create(v[i]);
                    s0 = V.MultiplyAdd(a, V.Load(p), s0);
                    s1 = V.MultiplyAdd(a, V.Load(p + V.Count), s1);
                    s2 = V.MultiplyAdd(a, V.Load(p + 2 * V.Count), s2);
                    s3 = V.MultiplyAdd(a, V.Load(p + 3 * V.Count), s3);
                }
                t0 += s0;
                t1 += s1;
                t2 += s2;
                t3 += s3;
            }
            Finish(t0, j, V.Count);
            Finish(t1, j + V.Count, V.Count);
            Finish(t2, j + 2 * V.Count, V.Count);
            Finish(t3, j + 3 * V.Count, V.Count);
        }
        for (; j < end; j += V.Count)
        {
            V t = V.Create(0);
            for (int from = 0; from < k; from += Chain)
            {
                V s = V.Create(0);
                for (int i = from; i < Math.Min(k, from + Chain); i++) s = V.MultiplyAdd(V.Create(v[i]), V.Load(x + (long)i * n + j), s);
                t += s;
            }
            Finish(t, j, Math.Min(V.Count, end - j));
        }
    }

    void Finish<V>(V sum, int j, int count) where V : unmanaged, ISimd<V>
    {
        if (scale != 1) sum *= V.Create(scale);
        if (bias != null) sum += biasStride == 0 ? V.Create(*bias) : V.Load(bias + j);
        sum = Epilogues.Activate(sum, act);
        if (count == V.Count) sum.Store(y + j);
        else Simd.StoreFirst(sum, y + j, count);
    }
}
