using MathNet.Numerics.LinearAlgebra;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests.Reference;

/// <summary>The oracle itself: against numbers worked by hand, against Math.NET, and against properties that hold for any input.</summary>
[Quick]
public sealed class ReferenceBackendTests
{
    static readonly Backend Reference = Device.Reference.Backend;

    [Fact]
    public void Zip_broadcasts()
    {
        Shape a = new(3, 1), b = new(2), y = new(3, 2);
        float[] result = Run(6, (x, y0) => Reference.Zip(x[0], x[1], y0, new BroadcastSpec(a, b, y), new SubtractOp()), [10, 20, 30],
            [1, 2]);
        Assert.Equal([9, 8, 19, 18, 29, 28], result);
    }

    [Theory]
    [InlineData(true, true, new float[] { 21 })]
    [InlineData(true, false, new float[] { 5, 7, 9 })]
    [InlineData(false, true, new float[] { 6, 15 })]
    [InlineData(false, false, new float[] { 1, 2, 3, 4, 5, 6 })]
    public void Sum_adds_along_the_marked_axes(bool rows, bool columns, float[] expected)
    {
        ReduceSpec s = new(new Shape(2, 3), [rows, columns]);
        Assert.Equal(expected, Run(s.OutputCount, (x, y) => Reference.Sum(x[0], y, s), [1, 2, 3, 4, 5, 6]));
    }

    [Fact]
    public void Sum_keeps_the_middle_axis()
    {
        ReduceSpec s = new(new Shape(2, 2, 2), [true, false, true]);
        Assert.Equal([1 + 2 + 5 + 6, 3 + 4 + 7 + 8], Run(2, (x, y) => Reference.Sum(x[0], y, s), [1, 2, 3, 4, 5, 6, 7, 8]));
    }

    [Fact]
    public void Permute_moves_axes()
    {
        // x[i, j, k] = 100 i + 10 j + k, y[k, i, j] = x[i, j, k].
        float[] x = [0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112];
        float[] y = Run(12, (t, y) => Reference.Permute(t[0], y, new PermuteSpec(new Shape(2, 2, 3), [2, 0, 1])), x);
        Assert.Equal([0, 10, 100, 110, 1, 11, 101, 111, 2, 12, 102, 112], y);
    }

    [Fact]
    public void Slice_cuts_and_pad_fills_with_zeros()
    {
        SliceSpec s = new(2, 3, 2, 1, 2);
        Assert.Equal([3, 4, 5, 6, 9, 10, 11, 12], Run(8, (x, y) => Reference.Slice(x[0], y, s), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]));
        Assert.Equal([0, 0, 1, 2, 3, 4, 0, 0, 5, 6, 7, 8], Run(12, (x, y) => Reference.Pad(x[0], y, s), [1, 2, 3, 4, 5, 6, 7, 8]));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void MatMul_agrees_with_mathnet(bool transposeA, bool transposeB)
    {
        const int m = 5, n = 7, k = 11;
        Matrix<double> a = Matrix<double>.Build.Random(m, k, 1), b = Matrix<double>.Build.Random(k, n, 2);
        float[] y = Run(m * n, (x, y) => Reference.MatMul(x[0], x[1], y, new MatMulSpec(1, m, n, k, transposeA, transposeB, 0, 0)),
            Rows(transposeA ? a.Transpose() : a), Rows(transposeB ? b.Transpose() : b));
        Assert.Equal(Rows(a * b), y, (e, v) => Math.Abs(e - v) < 1e-5);
    }

    [Fact]
    public void Conv2d_does_not_flip_the_kernel()
    {
        float[] x = [1, 2, 3, 4, 5, 6, 7, 8, 9], w = [1, 2, 3, 4];
        Assert.Equal([37, 47, 67, 77], Run(4, (t, y) => Reference.Conv2d(t[0], t[1], y, new Conv2dSpec(1, 3, 3, 1, 1, 2, 2, 1, 0, 2, 2)), x,
            w));
        Assert.Equal([4, 18, 36, 77], Run(4, (t, y) => Reference.Conv2d(t[0], t[1], y, new Conv2dSpec(1, 3, 3, 1, 1, 2, 2, 2, 1, 2, 2)), x,
            w));
    }

    [Fact]
    public void Conv2d_sums_over_input_channels_and_has_one_kernel_per_output_channel()
    {
        // x [1, 1, 1, 2], w [3, 1, 1, 2].
        Assert.Equal([3 + 40, 5 + 60, 7 + 80], Run(3, (t, y) => Reference.Conv2d(t[0], t[1], y,
            new Conv2dSpec(1, 1, 1, 2, 3, 1, 1, 1, 0, 1, 1)), [1, 10],
            [3, 4, 5, 6, 7, 8]));
    }

    /// <summary>&lt;conv(x, w), dy&gt; = &lt;x, inputgrad(dy, w)&gt; = &lt;w, weightgrad(x, dy)&gt; for any x, w, dy.</summary>
    [Theory]
    [InlineData(2, 5, 7, 3, 4, 3, 3, 1, 1)]
    [InlineData(2, 8, 8, 3, 5, 4, 4, 2, 1)]
    [InlineData(1, 9, 8, 2, 3, 5, 3, 3, 2)]
    [InlineData(1, 6, 6, 2, 3, 2, 2, 3, 0)]
    [InlineData(2, 4, 4, 5, 1, 4, 4, 1, 0)]
    public void Convolution_gradients_are_adjoint(int n, int h, int w, int ci, int co, int kh, int kw, int stride, int padding)
    {
        Conv2dSpec s = new(n, h, w, ci, co, kh, kw, stride, padding, (h + 2 * padding - kh) / stride + 1, (w + 2 * padding - kw) / stride +
            1);
        float[] x = Random(n * h * w * ci, 1), weight = Random(co * kh * kw * ci, 2), dy = Random(n * s.OutH * s.OutW * co, 3);
        double direct = Dot(Run(dy.Length, (t, y) => Reference.Conv2d(t[0], t[1], y, s), x, weight), dy);
        Assert.Equal(direct, Dot(Run(x.Length, (t, dx) => Reference.Conv2dInputGrad(t[0], t[1], dx, s), dy, weight), x), 1e-4);
        Assert.Equal(direct, Dot(Run(weight.Length, (t, dw) => Reference.Conv2dWeightGrad(t[0], t[1], dw, s), x, dy), weight), 1e-4);
    }

    [Fact]
    public void Linear_pairs_are_adjoint()
    {
        SliceSpec slice = new(3, 7, 5, 2, 3);
        AssertAdjoint(105, 45, (x, y) => Reference.Slice(x[0], y, slice), (y, x) => Reference.Pad(y[0], x, slice));

        ImageSpec image = new(2, 3, 4, 5);
        AssertAdjoint(120, 480, (x, y) => Reference.Upsample2x(x[0], y, image), (y, x) => Reference.SumPool2x2(y[0], x, image));

        Shape small = new(3, 1, 5), large = new(3, 4, 5);
        AssertAdjoint(15, 60, (x, y) => Reference.BroadcastTo(x[0], y, new BroadcastSpec(small, small, large)), (y, x) =>
            Reference.Sum(y[0], x, new ReduceSpec(large, [false, true, false])));

        AssertAdjoint(24, 24, (x, y) => Reference.Permute(x[0], y, new PermuteSpec(new Shape(2, 3, 4), [2, 0, 1])),
            (y, x) => Reference.Permute(y[0], x, new PermuteSpec(new Shape(4, 2, 3), [1, 2, 0])));

        GatherSpec table = new(4, 6, 3);
        float[] index = [.. ((int[])[3, 0, 0, 2, 3, 3]).Select(BitConverter.Int32BitsToSingle)];
        AssertAdjoint(12, 18, (x, y) => Reference.Gather(x[0], x[1], y, table), (y, x) => Reference.ScatterAdd(y[0], y[1], x, table),
            index);
    }

    [Fact]
    public void Softmax_rows_sum_to_one_and_keep_their_ratios()
    {
        // Shifting a row by 1000 changes nothing.
        float[] y = Run(6, (x, y) => Reference.Softmax(x[0], y, 2, 3), [0, 1, 2, 1000, 1001, 1002]);
        double e = Math.E, sum = 1 + e + e * e;
        Assert.Equal([(float)(1 / sum), (float)(e / sum), (float)(e * e / sum)], y[..3]);
        Assert.Equal(y[..3], y[3..]);
    }

    [Fact]
    public void Resampling_repeats_and_sums()
    {
        Assert.Equal([1, 1, 2, 2, 1, 1, 2, 2], Run(8, (x, y) => Reference.Upsample2x(x[0], y, new ImageSpec(1, 1, 2, 1)), [1, 2]));
        Assert.Equal([1 + 2 + 5 + 6, 3 + 4 + 7 + 8], Run(2, (x, y) => Reference.SumPool2x2(x[0], y, new ImageSpec(1, 1, 2, 1)),
            [1, 2, 3, 4, 5, 6, 7, 8]));
    }

    [Fact]
    public void MaxPool2d_takes_the_first_of_equals_and_lets_nan_win()
    {
        MaxPool2dSpec s = new(1, 2, 6, 1, 2, 2, 0, 1, 3);
        Storage x = Rent([1, 3, 5, float.NaN, float.NegativeInfinity, float.NegativeInfinity, 3, 2, 9, float.NaN, float.NegativeInfinity,
            float.NegativeInfinity]), y = Rent(new float[3]), index = Rent(new float[3]);
        Reference.MaxPool2d(x, y, index, s);
        Assert.Equal([3, float.NaN, float.NegativeInfinity], ((HostStorage)y).Span.ToArray());
        Assert.Equal([1, 3, 4], ((HostStorage)index).Indices.ToArray());
        foreach (Storage t in (Storage[])[x, y, index]) t.Release();
    }

    [Fact]
    public void Random_numbers_depend_on_the_position_alone()
    {
        PhiloxKey key = new(5, 6, 0);
        float[] uniform = Run(100, (_, y) => Reference.RandomUniform(y, 100, key)),
            normal = Run(100, (_, y) => Reference.RandomNormal(y, 100, key));
        Assert.Equal(uniform[40..], Run(60, (_, y) => Reference.RandomUniform(y, 60, key with { Offset = 40 })));
        Assert.Equal(normal[40..], Run(60, (_, y) => Reference.RandomNormal(y, 60, key with { Offset = 40 })));
        Assert.NotEqual(uniform, Run(100, (_, y) => Reference.RandomUniform(y, 100, key with { Stream = 7 })));
        Assert.NotEqual(uniform, Run(100, (_, y) => Reference.RandomUniform(y, 100, key with { Seed = 7 })));
        Assert.Equal(0x6627e8 / 16777216f, Run(1, (_, y) => Reference.RandomUniform(y, 1, default))[0]);
    }

    [Fact]
    public void Random_numbers_have_the_moments_of_their_distribution()
    {
        const int n = 1_000_000;
        float[] u = Run(n, (_, y) => Reference.RandomUniform(y, n, new PhiloxKey(1, 2, 0))), z = Run(n, (_, y) =>
            Reference.RandomNormal(y, n, new PhiloxKey(1, 2, 0)));
        Assert.All((float[])[u.Min(), u.Max()], e => Assert.InRange(e, 0, 1 - 1f / (1 << 24)));
        // Four standard errors of each estimate.
        Assert.Equal(0.5, u.Average(e => (double)e), 4 * Math.Sqrt(1 / 12.0 / n));
        Assert.Equal(1 / 3.0, u.Average(e => (double)e * e), 4 * Math.Sqrt(4 / 45.0 / n));
        Assert.Equal(0, z.Average(e => (double)e), 4 / Math.Sqrt(n));
        Assert.Equal(1, z.Average(e => (double)e * e), 4 * Math.Sqrt(2.0 / n));
        Assert.Equal(0, z.Average(e => (double)e * e * e), 4 * Math.Sqrt(15.0 / n));
        Assert.Equal(3, z.Average(e => (double)e * e * e * e), 4 * Math.Sqrt(96.0 / n));
        // Neighbours are the cosine and the sine of one draw: uncorrelated all the same.
        Assert.Equal(0, Enumerable.Range(0, n - 1).Average(i => (double)z[i] * z[i + 1]), 4 / Math.Sqrt(n));
    }

    static void AssertAdjoint(int inputs, int outputs, Action<Storage[], Storage> forward, Action<Storage[], Storage> backward,
        params float[][] constants)
    {
        float[] x = Random(inputs, 1), dy = Random(outputs, 2);
        Assert.Equal(Dot(Run(outputs, forward, [x, .. constants]), dy), Dot(Run(inputs, backward, [dy, .. constants]), x), 1e-4);
    }

    static float[] Run(int outputs, Action<Storage[], Storage> call, params float[][] inputs)
    {
        Storage[] x = [.. inputs.Select(Rent)];
        Storage y = Rent(new float[outputs]);
        call(x, y);
        float[] result = new float[outputs];
        y.CopyTo(result);
        foreach (Storage t in (Storage[])[.. x, y]) t.Release();
        return result;
    }

    static Storage Rent(float[] values)
    {
        Storage s = Device.Reference.Pool.Rent(values.Length);
        s.CopyFrom(values);
        return s;
    }

    static float[] Random(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextSingle() - 1)];
    }

    static double Dot(float[] a, float[] b) => a.Zip(b, (x, y) => (double)x * y).Sum();

    static float[] Rows(Matrix<double> m) => [.. m.ToRowMajorArray().Select(e => (float)e)];
}
