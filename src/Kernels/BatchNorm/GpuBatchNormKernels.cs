using ILGPU;

namespace Sagan.Native.Kernels;

// Batch normalisation with the activation that follows, x [rows, channels]; see CpuBatchNorm.cs for the same in two levels of jobs.
//
//   forward    mean_c, variance_c over the rows;  y = act(weight_c (x - mean_c) / sqrt(variance_c + eps) + bias_c)
//   backward   z = g act'(y);  dbias_c = sum z;  dweight_c = sum z xh;
//              dx = weight_c / sqrt(variance_c + eps) (z - dbias_c / M - xh dweight_c / M)
//
// Which thread does what: a thread block has 64 channels of a block of rows (GpuRowTile); its sums go to `partials`, and one more kernel
// adds the blocks' sums in a fixed order. Channels beyond the last are computed from whatever lies there and dropped.
// Work: forward reads x three times (the second time from the cache: a thread block reads its block twice) and writes y; backward reads g,
// x, y twice and writes dx. 6 and 15 flops an element: bound by memory.
// Numerics, all in float. A block's shift m is its own mean; s1 = sum (x - m) mends the rounding of m, s2 = sum (x - m)^2. Over the blocks
// everything is relative to the first block's shift K: t = sum_b (n (m - K) + s1) / rows, mean = K + t, and sum (x - mean)^2 = sum_b s2 + d
// (2 s1 + n d), d = m - K - t (Chan, Golub and LeVeque 1979): nothing large cancels, also where the mean is a million deviations. A thread
// adds at most 64 rows, the combination 1/16 of the blocks.

/// <summary>
/// partials[block, 0..2, c] = shift m, sum (x - m), sum (x - m)^2 over a block of rows, channels filled up to whole float4s.
/// </summary>
readonly struct GpuBatchStatisticsKernel(ArrayView<float> x, ArrayView<GpuFloat4> partials, GpuRowTile tile) : IGpuBlockKernel
{
    public void Run()
    {
        GpuFloat4 sum = default;
        int first = tile.First, end = tile.End;
        for (int r = first; r < end; r += GpuRowTile.Step) sum += tile.Load(x, r);
        float n = tile.Count;
        GpuFloat4 m = 1 / n * GpuRowTile.SumOfRows(SharedMemory.Allocate<GpuFloat4>(GpuRowTile.Threads), sum);

        GpuFloat4 s1 = default, s2 = default;
        for (int r = first; r < end; r += GpuRowTile.Step)
        {
            GpuFloat4 d = tile.Load(x, r) - m;
            s1 += d;
            s2 += d * d;
        }
        s1 = GpuRowTile.SumOfRows(SharedMemory.Allocate<GpuFloat4>(GpuRowTile.Threads), s1);
        s2 = GpuRowTile.SumOfRows(SharedMemory.Allocate<GpuFloat4>(GpuRowTile.Threads), s2);
        if (GpuRowTile.RowLane != 0 || GpuRowTile.Column >= tile.Columns) return;
        int stride = GpuRowTile.Vec4s(tile.Columns), i = 3 * Grid.IdxX * stride + (GpuRowTile.Column >> 2);
        partials[i] = m;
        partials[i + stride] = s1;
        partials[i + 2 * stride] = s2;
    }
}

/// <summary>
/// Mean and biased variance of all rows from the partial sums of x's blocks. Here the rows of <paramref name="blocks"/> are those blocks.
/// </summary>
readonly struct GpuBatchCombineKernel(ArrayView<GpuFloat4> partials, ArrayView<float> mean, ArrayView<float> variance, GpuRowTile x,
    GpuRowTile blocks)
    : IGpuBlockKernel
{
    public void Run()
    {
        int first = blocks.First, end = blocks.End, stride = GpuRowTile.Vec4s(x.Columns), c = GpuRowTile.Column >> 2;
        GpuFloat4 k = first < end ? partials[c] : default, t = default, plain = default;
        float scale = 1f / x.Rows;
        for (int b = first; b < end; b += GpuRowTile.Step)
        {
            int i = 3 * b * stride + c;
            t += x.CountOf(b) * (partials[i] - k) + partials[i + stride];
            plain += scale * x.CountOf(b) * partials[i];
        }
        t = scale * GpuRowTile.SumOfRows(SharedMemory.Allocate<GpuFloat4>(GpuRowTile.Threads), t);

        GpuFloat4 m2 = default;
        for (int b = first; b < end; b += GpuRowTile.Step)
        {
            int i = 3 * b * stride + c;
            GpuFloat4 d = partials[i] - k - t;
            m2 += partials[i + 2 * stride] + d * (2 * partials[i + stride] + x.CountOf(b) * d);
        }
        m2 = GpuRowTile.SumOfRows(SharedMemory.Allocate<GpuFloat4>(GpuRowTile.Threads), m2);
        plain = GpuRowTile.SumOfRows(SharedMemory.Allocate<GpuFloat4>(GpuRowTile.Threads), plain);
        if (GpuRowTile.RowLane != 0 || GpuRowTile.Column >= x.Columns) return;
        t += k;
        blocks.Store(mean, 0, new GpuFloat4(Number(t.X, plain.X), Number(t.Y, plain.Y), Number(t.Z, plain.Z), Number(t.W, plain.W)));
        blocks.Store(variance, 0, scale * new GpuFloat4(Positive(m2.X), Positive(m2.Y), Positive(m2.Z), Positive(m2.W)));
    }

    // Shifts make NaN of a mean that is infinite.
    static float Number(float mean, float plain) => float.IsNaN(mean) ? plain : mean;

    // Rounding can make the sum of squares of equal numbers negative. NaN stays.
    static float Positive(float sum) => sum < 0 ? 0 : sum;
}

/// <summary>y = act(weight_c (x - mean_c) / sqrt(variance_c + eps) + bias_c).</summary>
readonly struct GpuNormalizeKernel(ArrayView<float> x, ArrayView<float> weight, ArrayView<float> bias, ArrayView<float> mean,
    ArrayView<float> variance, ArrayView<float> y, float epsilon, GpuRowTile tile, GpuActivation act) : IGpuKernel
{
    public void Run()
    {
        int first = tile.First, end = tile.End;
        if (first >= end) return;
        GpuFloat4 m = tile.Load(mean, 0), b = tile.Load(bias, 0);
        GpuFloat4 scale = tile.Load(weight, 0) * GpuBatchNormMath.Inverse(tile.Load(variance, 0), epsilon);
        for (int r = first; r < end; r += GpuRowTile.Step)
        {
            // x - mean first: scale x + shift would cancel where the mean is large beside the deviation.
            tile.Store(y, r, act.Apply((tile.Load(x, r) - m) * scale + b));
        }
    }
}

/// <summary>partials[block, 0..1, c] = sum z, sum z xh over a block of rows.</summary>
readonly struct GpuNormalizeGradSumsKernel(ArrayView<float> g, ArrayView<float> x, ArrayView<float> y, ArrayView<float> mean,
    ArrayView<float> variance, ArrayView<GpuFloat4> partials, float epsilon, GpuRowTile tile, GpuActivation act) : IGpuBlockKernel
{
    public void Run()
    {
        int first = tile.First, end = tile.End;
        GpuFloat4 sum = default, dot = default;
        if (first < end)
        {
            GpuFloat4 m = tile.Load(mean, 0), inverse = GpuBatchNormMath.Inverse(tile.Load(variance, 0), epsilon);
            for (int r = first; r < end; r += GpuRowTile.Step)
            {
                GpuFloat4 z = GpuBatchNormMath.Gradient(tile, act, g, y, r);
                sum += z;
                dot += z * ((tile.Load(x, r) - m) * inverse);
            }
        }
        sum = GpuRowTile.SumOfRows(SharedMemory.Allocate<GpuFloat4>(GpuRowTile.Threads), sum);
        dot = GpuRowTile.SumOfRows(SharedMemory.Allocate<GpuFloat4>(GpuRowTile.Threads), dot);
        if (GpuRowTile.RowLane != 0 || GpuRowTile.Column >= tile.Columns) return;
        int stride = GpuRowTile.Vec4s(tile.Columns), i = 2 * Grid.IdxX * stride + (GpuRowTile.Column >> 2);
        partials[i] = sum;
        partials[i + stride] = dot;
    }
}

/// <summary>dbias and dweight from the partial sums of x's blocks. Here the rows of <paramref name="blocks"/> are those blocks.</summary>
readonly struct GpuNormalizeGradCombineKernel(ArrayView<GpuFloat4> partials, ArrayView<float> dweight, ArrayView<float> dbias,
    GpuRowTile blocks)
    : IGpuBlockKernel
{
    public void Run()
    {
        int first = blocks.First, end = blocks.End, stride = GpuRowTile.Vec4s(blocks.Columns), c = GpuRowTile.Column >> 2;
        GpuFloat4 sum = default, dot = default;
        for (int b = first; b < end; b += GpuRowTile.Step)
        {
            sum += partials[2 * b * stride + c];
            dot += partials[(2 * b + 1) * stride + c];
        }
        sum = GpuRowTile.SumOfRows(SharedMemory.Allocate<GpuFloat4>(GpuRowTile.Threads), sum);
        dot = GpuRowTile.SumOfRows(SharedMemory.Allocate<GpuFloat4>(GpuRowTile.Threads), dot);
        if (GpuRowTile.RowLane != 0 || GpuRowTile.Column >= blocks.Columns) return;
        blocks.Store(dbias, 0, sum);
        blocks.Store(dweight, 0, dot);
    }
}

/// <summary>dx = weight_c / sqrt(variance_c + eps) (z - dbias_c / M - xh dweight_c / M).</summary>
readonly struct GpuNormalizeGradKernel(ArrayView<float> g, ArrayView<float> x, ArrayView<float> y, ArrayView<float> weight,
    ArrayView<float> mean,
    ArrayView<float> variance, ArrayView<float> dweight, ArrayView<float> dbias, ArrayView<float> dx, float epsilon, GpuRowTile tile,
    GpuActivation act)
    : IGpuKernel
{
    public void Run()
    {
        int first = tile.First, end = tile.End;
        if (first >= end) return;
        float share = 1f / tile.Rows;
        GpuFloat4 m = tile.Load(mean, 0), inverse = GpuBatchNormMath.Inverse(tile.Load(variance, 0), epsilon),
            a = tile.Load(weight, 0) * inverse;
        GpuFloat4 p = share * tile.Load(dbias, 0), q = share * tile.Load(dweight, 0);
        for (int r = first; r < end; r += GpuRowTile.Step)
        {
            GpuFloat4 z = GpuBatchNormMath.Gradient(tile, act, g, y, r), xh = (tile.Load(x, r) - m) * inverse;
            tile.Store(dx, r, a * (z - p - xh * q));
        }
    }
}

static class GpuBatchNormMath
{
    /// <summary>1 / sqrt(variance + eps).</summary>
    public static GpuFloat4 Inverse(GpuFloat4 variance, float epsilon) => new(Inverse(variance.X, epsilon), Inverse(variance.Y, epsilon),
        Inverse(variance.Z, epsilon), Inverse(variance.W, epsilon));

    static float Inverse(float variance, float epsilon) => 1 / MathF.Sqrt(variance + epsilon);

    /// <summary>z = g act'(y); without an activation y is not read.</summary>
    public static GpuFloat4 Gradient(GpuRowTile tile, GpuActivation act, ArrayView<float> g, ArrayView<float> y, int r)
    {
        GpuFloat4 z = tile.Load(g, r);
        if (!act.IsNone) z = act.Gradient(z, tile.Load(y, r));
        return z;
    }
}
