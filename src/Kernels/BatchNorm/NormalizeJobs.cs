using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>y = act((x - mean_c) scale_c + bias_c) for one block of rows.</summary>
readonly unsafe struct NormalizeJob<TAct>(float* x, float* y, float* mean, float* scale, float* bias, int channels, RowBlocks blocks,
    TAct act) : ISimdJob
    where TAct : unmanaged, IUnaryOp
{
    public void Execute(int index) => SimdJob.Run(this, index);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<V>(int index) where V : unmanaged, ISimd<V>
    {
        // Backwards: the blocks that the sums have looked at last are still in the cache.
        int block = blocks.Count - 1 - index;
        for (int r = blocks.Begin(block); r < blocks.End(block); r++)
        {
            float* p = x + (long)r * channels, q = y + (long)r * channels;
            int c = 0;
            for (; c <= channels - V.Count; c += V.Count) Step<V>(p, q, c);
            for (; c < channels; c++) Step<Simd1>(p, q, c);
        }
    }

    // x - mean first: scale x + shift would cancel where the mean is large beside the deviation.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void Step<V>(float* p, float* q, int c) where V : unmanaged, ISimd<V> =>
        act.Invoke(V.MultiplyAdd(V.Load(p + c) - V.Load(mean + c), V.Load(scale + c), V.Load(bias + c))).Store(q + c);
}

/// <summary>
/// sum z and sum z xh of every channel over one block of rows, z = g act'(y), xh = (x - mean_c) / sqrt(variance_c + eps).
/// </summary>
readonly unsafe struct NormalizeGradSumsJob<TGrad>(float* g, float* x, float* y, float* mean, float* inverse, float* partials, int channels,
    RowBlocks blocks, TGrad grad) : ISimdJob where TGrad : unmanaged, IBinaryOp
{
    public void Execute(int index) => SimdJob.Run(this, index);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<V>(int block) where V : unmanaged, ISimd<V>
    {
        int c = 0;
        for (; c <= channels - V.Count; c += V.Count) Channel<V>(block, c);
        for (; c < channels; c++) Channel<Simd1>(block, c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void Channel<V>(int block, int c) where V : unmanaged, ISimd<V>
    {
        V m = V.Load(mean + c), inv = V.Load(inverse + c), sum = V.Create(0), dot = sum;
        long end = (long)blocks.End(block) * channels + c;
        for (long i = (long)blocks.Begin(block) * channels + c; i < end; i += channels)
        {
            V z = grad.Invoke(V.Load(g + i), V.Load(y + i));
            sum += z;
            dot = V.MultiplyAdd(z, (V.Load(x + i) - m) * inv, dot);
        }
        float* o = partials + 2L * block * channels + c;
        sum.Store(o);
        dot.Store(o + channels);
    }
}

/// <summary>
/// dx = a_c (z - p_c - xh q_c) for one block of rows.
/// factors holds 1 / sqrt(variance + eps), a = weight / sqrt(variance + eps), p = dbias / M, q = dweight / M.
/// </summary>
readonly unsafe struct NormalizeGradJob<TGrad>(float* g, float* x, float* y, float* mean, float* factors, float* dx, int channels,
    RowBlocks blocks, TGrad grad)
    : ISimdJob where TGrad : unmanaged, IBinaryOp
{
    readonly float* inverse = factors, a = factors + channels, p = factors + 2 * channels, q = factors + 3 * channels;

    public void Execute(int index) => SimdJob.Run(this, index);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<V>(int index) where V : unmanaged, ISimd<V>
    {
        // Backwards: the blocks that the sums have looked at last are still in the cache.
        int block = blocks.Count - 1 - index;
        for (int r = blocks.Begin(block); r < blocks.End(block); r++)
        {
            int c = 0;
            for (; c <= channels - V.Count; c += V.Count) Step<V>((long)r * channels + c, c);
            for (; c < channels; c++) Step<Simd1>((long)r * channels + c, c);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void Step<V>(long i, int c) where V : unmanaged, ISimd<V>
    {
        V z = grad.Invoke(V.Load(g + i), V.Load(y + i)), xh = (V.Load(x + i) - V.Load(mean + c)) * V.Load(inverse + c);
        (V.Load(a + c) * (z - V.Load(p + c) - xh * V.Load(q + c))).Store(dx + i);
    }
}
