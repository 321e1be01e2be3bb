namespace Sagan.Native.Kernels;

// Batch normalisation with the activation that follows, x [rows, channels].
//
//   forward    mean_c, variance_c over the rows;  y = act(weight_c (x - mean_c) / sqrt(variance_c + eps) + bias_c)
//   backward   z = g act'(y);  dbias_c = sum z;  dweight_c = sum z xh;
//              dx = weight_c / sqrt(variance_c + eps) (z - dbias_c / M - xh dweight_c / M)
//
// Who computes what: one job per block of rows (RowBlocks), vector lanes along the channels, channels that fill no vector one by one. Sums
// over rows are taken per block in float and combined over the blocks, in order, in double: the same bits for every number of threads.
// Work: forward reads x twice, once more from the cache, and writes y; backward reads g, x, y twice and writes dx. 6 and 15 flops an
// element: bound by memory.
//
// Numerics. A block is read twice while it is in the cache: shift m = its mean as float gives it, then s1 = sum (x - m) and s2 = sum (x -
// m)^2 over four interleaved sets of at most 128 rows. In double, over the blocks: mean = (sum_b n m + s1) / rows, where s1 mends the
// rounding of m, and sum (x - mean)^2 = sum_b s2 + 2 d s1 + n d^2, d = m - mean (Chan, Golub and LeVeque 1979). Nothing large cancels, also
// where the mean is a million deviations. A channel for which that gives no number is done again, in double from its elements.
// Timings: benchmarks/kernel-notes.md.
static unsafe class CpuBatchNorm
{
    /// <inheritdoc cref="IFusedBatchNorm.BatchNorm"/>
    public static void BatchNorm(Storage x, Storage weight, Storage bias, Storage y, Storage mean, Storage variance, in BatchNormSpec s)
    {
        RowBlocks blocks = RowBlocks.Cached(s.Rows, s.Channels);
        // Per block and channel: the shift, sum (x - shift), sum (x - shift)^2.
        using ScratchScope scratch = ScratchArena.Enter();
        float* partials = scratch.Floats(3L * blocks.Count * s.Channels);
        WorkerPool.Run(blocks.Count, new BatchStatisticsJob(x.Pointer(), partials, s.Channels, blocks));
        BatchStatisticsJob.Combine(x.Pointer(), partials, mean.Pointer(), variance.Pointer(), s.Rows, s.Channels, blocks);
        BatchNormInference(x, weight, bias, mean, variance, y, s);
    }

    /// <inheritdoc cref="IFusedBatchNorm.BatchNormInference"/>
    public static void BatchNormInference(Storage x, Storage weight, Storage bias, Storage mean, Storage variance, Storage y,
        in BatchNormSpec s)
    {
        switch (s.Activation.Kind)
        {
            case ActivationKind.None: Normalize(x, weight, bias, mean, variance, y, s, new IdentityOp()); break;
            case ActivationKind.LeakyRelu: Normalize(x, weight, bias, mean, variance, y, s, new LeakyReluOp(s.Activation.Slope)); break;
            case ActivationKind.Tanh: Normalize(x, weight, bias, mean, variance, y, s, new TanhOp()); break;
            default: throw new ArgumentOutOfRangeException(nameof(s), s.Activation.Kind, "batch norm: this activation is unknown.");
        }
    }

    /// <inheritdoc cref="IFusedBatchNorm.BatchNormBackward"/>
    public static void BatchNormBackward(Storage g, Storage x, Storage y, Storage weight, Storage mean, Storage variance, Storage dx,
        Storage dweight, Storage dbias, in BatchNormSpec s)
    {
        switch (s.Activation.Kind)
        {
            case ActivationKind.None: NormalizeBackward(g, x, y, weight, mean, variance, dx, dweight, dbias, s, new FirstOp()); break;
            case ActivationKind.LeakyRelu:
                NormalizeBackward(g, x, y, weight, mean, variance, dx, dweight, dbias, s, new LeakyReluGradOp(s.Activation.Slope));
                break;
            case ActivationKind.Tanh: NormalizeBackward(g, x, y, weight, mean, variance, dx, dweight, dbias, s, new TanhGradOp()); break;
            default: throw new ArgumentOutOfRangeException(nameof(s), s.Activation.Kind, "batch norm: this activation is unknown.");
        }
    }

    static void Normalize<TAct>(Storage x, Storage weight, Storage bias, Storage mean, Storage variance, Storage y, in BatchNormSpec s,
        TAct act)
        where TAct : unmanaged, IUnaryOp
    {
        using ScratchScope scratch = ScratchArena.Enter();
        float* scale = scratch.Floats(s.Channels);
        float* w = weight.Pointer(), v = variance.Pointer();
        for (int c = 0; c < s.Channels; c++) scale[c] = (float)(w[c] / Math.Sqrt((double)v[c] + s.Epsilon));
        RowBlocks blocks = RowBlocks.Cached(s.Rows, s.Channels);
        WorkerPool.Run(blocks.Count, new NormalizeJob<TAct>(x.Pointer(), y.Pointer(), mean.Pointer(), scale,
            bias.Pointer(), s.Channels, blocks, act));
    }

    static void NormalizeBackward<TGrad>(Storage g, Storage x, Storage y, Storage weight, Storage mean, Storage variance, Storage dx,
        Storage dweight, Storage dbias, in BatchNormSpec s, TGrad grad) where TGrad : unmanaged, IBinaryOp
    {
        int channels = s.Channels;
        RowBlocks blocks = RowBlocks.Cached(s.Rows, channels);
        using ScratchScope scratch = ScratchArena.Enter();
        float* partials = scratch.Floats(2L * blocks.Count * channels);
        // Per channel: 1 / sqrt(variance + eps), weight / sqrt(variance + eps), dbias / M, dweight / M.
        float* factors = scratch.Floats(4L * channels);
        float* w = weight.Pointer(), v = variance.Pointer();
        float* dw = dweight.Pointer(), db = dbias.Pointer();
        for (int c = 0; c < channels; c++)
        {
            double inverse = 1 / Math.Sqrt((double)v[c] + s.Epsilon);
            factors[c] = (float)inverse;
            factors[channels + c] = (float)(w[c] * inverse);
        }
        float* pg = g.Pointer(), px = x.Pointer(), py = y.Pointer(), m = mean.Pointer();
        WorkerPool.Run(blocks.Count, new NormalizeGradSumsJob<TGrad>(pg, px, py, m, factors, partials, channels, blocks, grad));
        // sum z and sum z xh of every channel lie side by side.
        double* sums = scratch.Doubles(2L * channels);
        Wide.SumRows(partials, 2L * channels, blocks.Count, 2 * channels, sums);
        for (int c = 0; c < channels; c++)
        {
            db[c] = (float)sums[c];
            dw[c] = (float)sums[channels + c];
            factors[2 * channels + c] = (float)(sums[c] / s.Rows);
            factors[3 * channels + c] = (float)(sums[channels + c] / s.Rows);
        }
        WorkerPool.Run(blocks.Count, new NormalizeGradJob<TGrad>(pg, px, py, m, factors, dx.Pointer(), channels, blocks, grad));
    }
}
