using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>Before the backward pass: logs_i = the logarithm of sums_i, base 2, and rowDots_i = sum_c g[i,c] o[i,c].</summary>
readonly unsafe struct AttentionRowsJob(float* o, float* g, float* sums, float* logs, float* rowDots, int rows, int width) : ISimdJob
{
    public const int Rows = 256;

    public void Execute(int index) => SimdJob.Run(this, index);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<V>(int index) where V : unmanaged, ISimd<V>
    {
        for (int i = index * Rows, end = Math.Min(i + Rows, rows); i < end; i++)
        {
            float* a = g + (long)i * width, b = o + (long)i * width;
            V sum = V.Create(0);
            int c = 0;
            for (; c <= width - V.Count; c += V.Count) sum = V.MultiplyAdd(V.Load(a + c), V.Load(b + c), sum);
            float total = Lanes.Sum(sum);
            for (; c < width; c++) total += a[c] * b[c];
            rowDots[i] = total;
            logs[i] = (float)Math.Log2(sums[i]);
        }
    }
}

/// <summary>dq = scale times the sum of the chunks' parts, in order, for one batch entry.</summary>
readonly unsafe struct AttentionQueryGradJob(float* parts, float* dq, AttentionSpec s, AttentionChunks chunks) : IJob
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute(int index)
    {
        long part = (long)s.N * chunks.QueryWidth;
        for (int i = 0; i < s.N; i++)
        {
            float* p = parts + index * chunks.Count * part + (long)i * chunks.QueryWidth, y = dq + ((long)index * s.N + i) * s.Dk;
            for (int d = 0; d < s.Dk; d++)
            {
                float sum = p[d];
                for (int c = 1; c < chunks.Count; c++) sum += p[c * part + d];
                y[d] = s.Scale * sum;
            }
        }
    }
}
