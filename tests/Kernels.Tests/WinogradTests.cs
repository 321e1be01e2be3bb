using Sagan.Native.Kernels;
using static Sagan.Native.Tests.KernelTesting;

namespace Sagan.Native.Tests;

/// <summary>Convolutions by Winograd's products, of sizes for which they are not chosen as well.</summary>
[Quick]
public sealed unsafe class WinogradTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Tiles_cover_an_axis_with_the_fewest_products(int taps)
    {
        for (int length = 2; length <= 70; length++)
        {
            WinogradAxis a = new(length, taps);
            int at = 0;
            for (int t = 0; t < a.Tiles; t++)
            {
                Assert.Equal(at, a.Start(t));
                at += t < a.Wide ? 5 - taps : 4 - taps;
            }
            Assert.Equal(length, at);
            int fewest = int.MaxValue;
            for (int wide = 0; wide * (5 - taps) <= length; wide++)
                if ((length - wide * (5 - taps)) % (4 - taps) == 0)
                    fewest = Math.Min(fewest, 4 * wide + 3 * (length - wide * (5 - taps)) / (4 - taps));
            Assert.Equal(fewest, a.Products);
        }
    }

    [Fact]
    public void Tiles_that_are_multiplied_at_a_point_follow_one_another()
    {
        Random random = new(1);
        for (int trial = 0; trial < 300; trial++)
        {
            int taps = random.Next(2, 4), images = random.Next(1, 4);
            WinogradAxis rows = new(random.Next(2, 14), taps), columns = new(random.Next(2, 14), taps);
            int from = random.Next(images * rows.Tiles), to = random.Next(from + 1, images * rows.Tiles + 1);
            WinogradTiles group = new(rows, columns, from, to);
            WinogradTile[] tiles = new WinogradTile[group.Count];
            fixed (WinogradTile* p = tiles) group.List(p);
            Assert.Equal(tiles.Length, tiles.Select(t => (t.Image, t.Row, t.Column)).Distinct().Count());
            Assert.Equal(group.Products, tiles.Sum(t => t.RowPoints * t.ColumnPoints));
            for (int i = 0; i < rows.Points; i++)
                for (int j = 0; j < columns.Points; j++)
                {
                    (int first, int count) = group.At(i, j);
                    for (int t = 0; t < tiles.Length; t++)
                        Assert.Equal(tiles[t].RowPoints > i && tiles[t].ColumnPoints > j, t >= first && t < first + count);
                }
        }
    }

    static Conv2dSpec Spec(int n, int h, int w, int ci, int co, int k, int padding)
    {
        int stride = k == 4 ? 2 : 1;
        return new(n, h, w, ci, co, k, k, stride, padding, (h + 2 * padding - k) / stride + 1, (w + 2 * padding - k) / stride + 1);
    }

    static int XCount(Conv2dSpec s) => s.N * s.H * s.W * s.Ci;

    static int WCount(Conv2dSpec s) => s.Co * s.Kh * s.Kw * s.Ci;

    static int YCount(Conv2dSpec s) => s.N * s.OutH * s.OutW * s.Co;

    static float[] Conv2d(float[] x, float[] w, Conv2dSpec s) => Run(YCount(s), (t, o) =>
        WinogradConv2d.Conv2d(t[0].Pointer(), t[1].Pointer(), 1, null, o.Pointer(), s, Activation.None), x, w);

    static float[] InputGrad(float[] dy, float[] w, Conv2dSpec s) => Run(XCount(s), (t, o) =>
    {
        for (int a = 0; a < s.Stride; a++)
            for (int b = 0; b < s.Stride; b++)
                WinogradConv2d.Phase(t[0].Pointer(), t[1].Pointer(), 1, null, o.Pointer(), s, Activation.None,
                    new ConvPhase(a, s.H, s.Kh, s.Stride, s.Padding), new ConvPhase(b, s.W, s.Kw, s.Stride, s.Padding));
    }, dy, w);

    static float[] WeightGrad(float[] x, float[] dy, Conv2dSpec s) => Run(WCount(s), (t, o) =>
        WinogradConv2d.Conv2dWeightGrad(t[0].Pointer(), t[1].Pointer(), o.Pointer(), s), x, dy);

    static Backend Definition => Device.Reference.Backend;

    [Theory]
    // Tiles of every kind, images that end within a window, padding up to a whole kernel.
    [InlineData(1, 4, 4, 16, 16, 4, 1)]
    [InlineData(2, 5, 7, 17, 20, 4, 1)]
    [InlineData(3, 10, 9, 16, 48, 4, 0)]
    [InlineData(2, 9, 16, 40, 18, 4, 3)]
    [InlineData(1, 23, 22, 33, 31, 4, 2)]
    [InlineData(1, 2, 2, 16, 16, 3, 1)]
    [InlineData(2, 3, 8, 20, 17, 3, 1)]
    [InlineData(1, 9, 6, 33, 50, 3, 0)]
    [InlineData(2, 7, 5, 16, 70, 3, 2)]
    // A job's own inputs, in several groups; its own weights, in blocks of the sum; a weight gradient of several groups of images.
    [InlineData(12, 32, 32, 16, 16, 4, 1)]
    [InlineData(1, 8, 8, 160, 64, 4, 1)]
    [InlineData(30, 21, 21, 16, 16, 3, 1)]
    public void Agrees_with_the_definition(int n, int h, int w, int ci, int co, int k, int padding)
    {
        Conv2dSpec s = Spec(n, h, w, ci, co, k, padding);
        float[] x = Uniform(XCount(s), 1), f = Uniform(WCount(s), 2), dy = Uniform(YCount(s), 3);
        Near(Run(YCount(s), (t, o) => Definition.Conv2d(t[0], t[1], o, s), x, f), Conv2d(x, f, s), k * k * ci, "y");
        if (Math.Min(s.H, s.W) / s.Stride >= 2)
            Near(Run(XCount(s), (t, o) => Definition.Conv2dInputGrad(t[0], t[1], o, s), dy, f), InputGrad(dy, f, s), k * k * co, "dx");
        Near(Run(WCount(s), (t, o) => Definition.Conv2dWeightGrad(t[0], t[1], o, s), x, dy), WeightGrad(x, dy, s),
            n * s.OutH * s.OutW, "dw");
    }

    static void Near(float[] expected, float[] actual, int terms, string what) =>
        AssertClose([.. expected.Select(e => (double)e)], actual, terms, what);

    [Theory]
    [InlineData(4, 16, 24, 40, 4)]
    [InlineData(30, 30, 16, 20, 4)]
    [InlineData(2, 9, 40, 70, 3)]
    public void Same_bits_for_any_number_of_threads(int n, int size, int ci, int co, int k)
    {
        Conv2dSpec s = Spec(n, size, size, ci, co, k, 1);
        float[] x = Uniform(XCount(s), 1), w = Uniform(WCount(s), 2), dy = Uniform(YCount(s), 3);
        SameBits.OnAnyThreads(() => Conv2d(x, w, s));
        SameBits.OnAnyThreads(() => InputGrad(dy, w, s));
        SameBits.OnAnyThreads(() => WeightGrad(x, dy, s));
    }

    // Few images of a job's own weights, many of its own inputs.
    [Theory]
    [InlineData(4)]
    [InlineData(3)]
    public void An_image_has_the_same_bits_in_every_batch(int k)
    {
        Conv2dSpec many = Spec(9, 16, 16, 160, 16, k, 1), one = many with { N = 1 };
        float[] x = Uniform(XCount(many), 1), w = Uniform(WCount(many), 2), dy = Uniform(YCount(many), 3);
        Assert.Equal(Conv2d(x, w, many)[..YCount(one)], Conv2d(x[..XCount(one)], w, one));
        Assert.Equal(InputGrad(dy, w, many)[..XCount(one)], InputGrad(dy[..YCount(one)], w, one));
    }

    [Fact]
    public void Bias_scale_and_activation_follow_the_sum()
    {
        Conv2dSpec s = Spec(3, 18, 18, 20, 40, 4, 1);
        float[] x = Uniform(XCount(s), 1), w = Uniform(WCount(s), 2), dy = Uniform(YCount(s), 3), forY = Uniform(s.Co, 4),
            forX = Uniform(s.Ci, 5), scale = [0.75f];
        double[] y = [.. Conv2d(x, w, s).Select(v => 0.75 * v)], dx = [.. InputGrad(dy, w, s).Select(v => 0.75 * v)];
        foreach (Activation act in Activations)
        {
            AssertClose(BiasActivation(y, forY, act), Run(y.Length, (t, o) => Cpu.Conv2dBias(t[0], t[1], t[3], t[2], o, s, act), x, w, forY,
                scale), 1, $"{act}");
            AssertClose(BiasActivation(dx, forX, act), Run(dx.Length, (t, o) =>
                Cpu.ConvTranspose2dBias(t[0], t[1], t[3], t[2], o, s, act), dy, w, forX, scale), 1, $"transposed {act}");
        }
    }

    // The bound of Conv2dSpec, where it is hardest: numbers of very different sizes side by side.
    [Theory]
    [InlineData(4)]
    [InlineData(3)]
    public void Errors_are_small_relative_to_the_largest_sum_of_a_tile(int k)
    {
        Conv2dSpec s = Spec(2, 20, 20, 16, 16, k, 1);
        float[] x = [.. Uniform(XCount(s), 1).Select((v, i) => v * MathF.Pow(10, i / s.Ci * 7 % 5))], w = Uniform(WCount(s), 2);
        float[] expected = Run(YCount(s), (t, o) => Definition.Conv2d(t[0], t[1], o, s), x, w), actual = Conv2d(x, w, s);
        float[] absolute = Run(YCount(s), (t, o) => Definition.Conv2d(t[0], t[1], o, s), [.. x.Select(MathF.Abs)],
            [.. w.Select(MathF.Abs)]);
        WinogradAxis axis = new(s.OutH, WinogradConv2d.Taps(s));
        int[] tile = [.. Enumerable.Range(0, s.OutH).Select(i => Enumerable.Range(0, axis.Tiles).Last(t => axis.Start(t) <= i))];
        int Index(int n, int i, int j, int o) => ((n * s.OutH + i) * s.OutW + j) * s.Co + o;
        for (int n = 0; n < s.N; n++)
            for (int i = 0; i < s.OutH; i++)
                for (int j = 0; j < s.OutW; j++)
                    for (int o = 0; o < s.Co; o++)
                    {
                        double largest = 0;
                        for (int a = 0; a < s.OutH; a++)
                            for (int b = 0; b < s.OutW; b++)
                                if (tile[a] == tile[i] && tile[b] == tile[j]) largest = Math.Max(largest, absolute[Index(n, a, b, o)]);
                        int at = Index(n, i, j, o);
                        Assert.InRange(Math.Abs(actual[at] - expected[at]), 0, 3e-7 * Math.Sqrt(k * k * s.Ci) * largest);
                    }
    }

    // Numbers as in a network after ReLU, 1,024 terms: no worse than direct summation.
    [Fact]
    public void Errors_are_those_of_direct_summation()
    {
        Conv2dSpec s = Spec(2, 16, 16, 64, 32, 4, 1);
        float[] x = [.. Uniform(XCount(s), 1).Select(v => MathF.Max(v, 0))], w = [.. Uniform(WCount(s), 2).Select(v => 0.02f * v)];
        float[] expected = Run(YCount(s), (t, o) => Definition.Conv2d(t[0], t[1], o, s), x, w);
        double winograd = Rms(Conv2d(x, w, s), expected);
        double direct = Rms(Run(YCount(s), (t, o) => CpuConv2d.Conv2d(t[0], t[1], o, s, ConvolutionAlgorithm.Direct), x, w), expected);
        Assert.InRange(winograd, 0, 1.2 * direct);
    }

    static double Rms(float[] a, float[] b) => Math.Sqrt(a.Zip(b, (x, y) => (x - y) * (double)(x - y)).Average());

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Nan_and_infinity_reach_every_sum_they_are_part_of_and_no_further_than_its_tile(float value)
    {
        Conv2dSpec s = Spec(2, 16, 16, 16, 16, 4, 1);
        float[] x = Uniform(XCount(s), 1), w = Uniform(WCount(s), 2);
        int bad = (16 * 16 + 5 * 16 + 9) * 16 + 3;
        x[bad] = value;
        float[] direct = Run(YCount(s), (t, o) => CpuConv2d.Conv2d(t[0], t[1], o, s, ConvolutionAlgorithm.Direct), x, w);
        float[] y = Conv2d(x, w, s);
        WinogradAxis axis = new(s.OutH, 2);
        int Tile(int i) => Enumerable.Range(0, axis.Tiles).Last(t => axis.Start(t) <= i);
        HashSet<(int, int, int)> tiles = [];
        for (int i = 0; i < y.Length; i++)
            if (!float.IsFinite(direct[i]))
            {
                Assert.False(float.IsFinite(y[i]));
                tiles.Add((i / (64 * 16), Tile(i / 16 / 8 % 8), Tile(i / 16 % 8)));
            }
        Assert.NotEmpty(tiles);
        for (int i = 0; i < y.Length; i++)
            if (!float.IsFinite(y[i])) Assert.Contains((i / (64 * 16), Tile(i / 16 / 8 % 8), Tile(i / 16 % 8)), tiles);
    }

    [Fact]
    public void A_device_can_be_told_to_sum_directly()
    {
        Conv2dSpec s = Spec(4, 16, 16, 16, 16, 4, 1);
        float[] x = Uniform(XCount(s), 1), w = Uniform(WCount(s), 2), dy = Uniform(YCount(s), 3);
        CpuBackend direct = new() { Convolution = ConvolutionAlgorithm.Direct };
        Assert.Equal(ConvolutionAlgorithm.Auto, Cpu.Convolution);
        float[][] all =
        [
            Conv2d(x, w, s), Run(YCount(s), (t, o) => Cpu.Conv2d(t[0], t[1], o, s), x, w),
            Run(YCount(s), (t, o) => direct.Conv2d(t[0], t[1], o, s), x, w),
            InputGrad(dy, w, s), Run(XCount(s), (t, o) => Cpu.Conv2dInputGrad(t[0], t[1], o, s), dy, w),
            Run(XCount(s), (t, o) => direct.Conv2dInputGrad(t[0], t[1], o, s), dy, w),
            WeightGrad(x, dy, s), Run(WCount(s), (t, o) => Cpu.Conv2dWeightGrad(t[0], t[1], o, s), x, dy),
            Run(WCount(s), (t, o) => direct.Conv2dWeightGrad(t[0], t[1], o, s), x, dy),
        ];
        for (int i = 0; i < all.Length; i += 3)
        {
            Assert.Equal(all[i], all[i + 1]);
            Assert.NotEqual(all[i], all[i + 2]);
        }
        Assert.Equal(ConvolutionAlgorithm.Direct, Device.Reference.Convolution);
    }
}
