namespace Sagan.Native.Kernels;

/// <summary>
/// y[i] = act(scale sum over k of x[i,k] v[k] + bias[i biasStride]), x [rows,K]: a product with one column (or one row), where a register
/// tile would be empty but for one lane. One job per band of rows; x is read once, 2 flops per 4 bytes. Four chains of sums a row, combined
/// in a fixed order.
/// Timings: benchmarks/kernel-notes.md.
/// </summary>
readonly unsafe struct RowDots(float* x, float* v, float* bias, int biasStride, float scale, float* y, int rows, int k, Activation act)
    : ISimdJob
{
    const int ElementsPerJob = 1 << 14;

    public int Jobs => (rows + RowsPerJob - 1) / RowsPerJob;

    int RowsPerJob => Math.Max(1, ElementsPerJob / Math.Max(k, 1));

    public void Execute(int index) => SimdJob.Run(this, index);

    public void Execute<V>(int index) where V : unmanaged, ISimd<V>
    {
        for (int i = index * RowsPerJob; i < Math.Min(rows, (index + 1) * RowsPerJob); i++)
        {
            float sum = scale * Dot<V>(x + (long)i * k, v, k);
            if (bias != null) sum += bias[i * biasStride];
            Epilogues.Activate(Simd1.Create(sum), act).Store(y + i);
        }
    }

    static float Dot<V>(float* x, float* v, int k) where V : unmanaged, ISimd<V>
    {
        V s0 = V.Create(0), s1 = s0, s2 = s0, s3 = s0;
        int i = 0;
        for (; i + 4 * V.Count <= k; i += 4 * V.Count)
        {
            s0 = V.MultiplyAdd(V.Load(x + i), V.Load(v + i), s0);
            s1 = V.MultiplyAdd(V.Load(x + i + V.Count), V.Load(v + i + V.Count), s1);
            s2 = V.MultiplyAdd(V.Load(x + i + 2 * V.Count), V.Load(v + i + 2 * V.Count), s2);
            s3 = V.MultiplyAdd(V.Load(x + i + 3 * V.Count), V.Load(v + i + 3 * V.Count), s3);
        }
        for (; i + V.Count <= k; i += V.Count) s0 = V.MultiplyAdd(V.Load(x + i), V.Load(v + i), s0);
        float* lanes = stackalloc float[V.Count];
        (s0 + s1 + (s2 + s3)).Store(lanes);
        float sum = 0;
        for (int l = 0; l < V.Count; l++) sum += lanes[l];
        for (; i < k; i++) sum += x[i] * v[i];
        return sum;
    }
}
