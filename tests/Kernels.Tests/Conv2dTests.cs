using Sagan.Native.Kernels;
using static Sagan.Native.Tests.KernelTesting;

namespace Sagan.Native.Tests;

[Quick]
public class Conv2dTests
{
    static Conv2dSpec Spec(int n, int h, int w, int ci, int co, int kh, int kw, int stride, int padding) =>
        new(n, h, w, ci, co, kh, kw, stride, padding, (h + 2 * padding - kh) / stride + 1, (w + 2 * padding - kw) / stride + 1);

    static int XCount(Conv2dSpec s) => s.N * s.H * s.W * s.Ci;

    static int WCount(Conv2dSpec s) => s.Co * s.Kh * s.Kw * s.Ci;

    static int YCount(Conv2dSpec s) => s.N * s.OutH * s.OutW * s.Co;

    // The definition of all three: every triple (x, w, y) of positions that the convolution connects.
    static void Connections(Conv2dSpec s, Action<int, int, int> at)
    {
        for (int n = 0; n < s.N; n++)
            for (int i = 0; i < s.OutH; i++)
                for (int j = 0; j < s.OutW; j++)
                    for (int u = 0; u < s.Kh; u++)
                        for (int v = 0; v < s.Kw; v++)
                        {
                            int h = i * s.Stride + u - s.Padding, w = j * s.Stride + v - s.Padding;
                            if (h < 0 || h >= s.H || w < 0 || w >= s.W) continue;
                            for (int o = 0; o < s.Co; o++)
                                for (int c = 0; c < s.Ci; c++)
                                    at(((n * s.H + h) * s.W + w) * s.Ci + c, ((o * s.Kh + u) * s.Kw + v) * s.Ci + c,
                                        ((n * s.OutH + i) * s.OutW + j) * s.Co + o);
                        }
    }

    static void Check(Conv2dSpec s)
    {
        float[] x = Uniform(XCount(s), 1), w = Uniform(WCount(s), 2), dy = Uniform(YCount(s), 3);
        double[] y = new double[dy.Length], dx = new double[x.Length], dw = new double[w.Length];
        Connections(s, (a, b, c) =>
        {
            y[c] += (double)x[a] * w[b];
            dx[a] += (double)dy[c] * w[b];
            dw[b] += (double)dy[c] * x[a];
        });
        AssertClose(y, Run(y.Length, (t, o) => Cpu.Conv2d(t[0], t[1], o, s), x, w), s.Kh * s.Kw * s.Ci, $"Conv2d {s}");
        AssertClose(dx, Run(dx.Length, (t, o) => Cpu.Conv2dInputGrad(t[0], t[1], o, s), dy, w), s.Kh * s.Kw * s.Co, $"Conv2dInputGrad {s}");
        AssertClose(dw, Run(dw.Length, (t, o) => Cpu.Conv2dWeightGrad(t[0], t[1], o, s), x, dy), s.N * s.OutH * s.OutW,
            $"Conv2dWeightGrad {s}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Agrees_with_the_definition_for_any_kernel_and_padding(int stride)
    {
        int[] inputs = [3, 1, 17, 8], outputs = [5, 16, 2, 33, 1];
        int channels = 0;
        for (int kh = 1; kh <= 5; kh++)
            for (int kw = 1; kw <= 5; kw++)
                for (int padding = 0; padding <= 3; padding++)
                    // Channel counts below, at and above the vector widths, in turn.
                    Check(Spec(2, 5 + kw % 3, 6 + kh % 2, inputs[channels % 4], outputs[channels++ % 5], kh, kw, stride, padding));
    }

    public static TheoryData<int, int, int, int, int, int, int> Layers => new()
    {
        // N, H = W, Ci, Co, K, stride, padding: the layers of a 64x64 SAGAN, smaller in batch and channels.
        { 2, 32, 3, 64, 4, 2, 1 }, { 2, 16, 64, 32, 4, 2, 1 }, { 3, 8, 32, 64, 4, 2, 1 }, { 3, 4, 96, 1, 4, 1, 0 },
            { 3, 4, 48, 40, 4, 1, 0 },
        { 2, 9, 16, 16, 3, 1, 1 },
        { 2, 7, 20, 12, 1, 1, 0 }, { 2, 7, 20, 12, 1, 2, 0 }, { 9, 5, 33, 18, 3, 2, 1 }, { 5, 31, 4, 6, 4, 2, 1 }, { 2, 30, 3, 8, 4, 2, 1 },
        { 40, 12, 3, 7, 3, 1, 1 },
        { 1, 40, 2, 70, 5, 3, 2 }, { 1, 3, 130, 140, 3, 1, 1 },
    };

    [Theory, MemberData(nameof(Layers))]
    public void Agrees_with_the_definition_for_whole_layers(int n, int size, int ci, int co, int k, int stride, int padding) =>
        Check(Spec(n, size, size, ci, co, k, k, stride, padding));

    [Fact]
    public void Rows_that_no_kernel_element_reaches_get_a_zero_gradient() => Check(Spec(2, 7, 8, 3, 4, 1, 2, 3, 0));

    [Fact]
    public void An_empty_batch_has_a_weight_gradient_of_zero() => Check(Spec(0, 8, 8, 3, 4, 3, 3, 1, 1));

    [Fact]
    public void Bias_and_activation_follow_the_sum()
    {
        Conv2dSpec[] specs =
        [
            Spec(2, 9, 8, 5, 18, 4, 4, 2, 1), Spec(2, 9, 8, 18, 5, 4, 4, 2, 1), Spec(3, 4, 4, 7, 9, 4, 4, 1, 0),
                Spec(2, 4, 4, 70, 1, 4, 4, 1, 0),
            Spec(2, 6, 6, 3, 20, 4, 4, 2, 1), Spec(2, 11, 19, 3, 64, 4, 4, 2, 1), Spec(2, 5, 5, 4, 8, 1, 1, 1, 0),
            Spec(2, 7, 6, 12, 9, 1, 1, 2, 0),
        ];
        foreach (Conv2dSpec s in specs)
        {
            float[] x = Uniform(XCount(s), 1), w = Uniform(WCount(s), 2), dy = Uniform(YCount(s), 3), forY = Uniform(s.Co, 4),
                forX = Uniform(s.Ci, 5);
            double[] y = new double[dy.Length], dx = new double[x.Length];
            Connections(s, (a, b, c) =>
            {
                y[c] += (double)x[a] * w[b];
                dx[a] += (double)dy[c] * w[b];
            });
            foreach (Activation act in Activations)
            {
                AssertClose(BiasActivation(y, forY, act),
                    Run(y.Length, (t, o) => Cpu.Conv2dBias(t[0], t[1], null, t[2], o, s, act), x, w, forY), s.Kh * s.Kw * s.Ci,
                    $"{s} {act}");
                AssertClose(BiasActivation(dx, forX, act), Run(dx.Length, (t, o) =>
                    Cpu.ConvTranspose2dBias(t[0], t[1], null, t[2], o, s, act), dy, w, forX),
                    s.Kh * s.Kw * s.Co, $"transposed {s} {act}");
            }
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Nan_and_infinity_reach_every_sum_they_are_part_of_and_no_other(float value)
    {
        foreach ((int ci, int co) in ((int, int)[])[(3, 6), (20, 6), (3, 40)])
        {
            Conv2dSpec s = Spec(2, 10, 10, ci, co, 4, 4, 2, 1);
            float[] x = Uniform(XCount(s), 1), w = Uniform(WCount(s), 2), dy = Uniform(YCount(s), 3);
            int badX = (10 * 10 + 3 * 10 + 7) * ci + 1, badY = (5 * 5 + 2 * 5 + 3) * co + 4;
            x[badX] = value;
            dy[badY] = value;
            HashSet<int> y = [], dx = [], dw = [];
            Connections(s, (a, b, c) =>
            {
                if (a == badX) y.Add(c);
                if (c == badY) dx.Add(a);
                if (a == badX || c == badY) dw.Add(b);
            });
            AssertBadExactly(y, Run(YCount(s), (t, o) => Cpu.Conv2d(t[0], t[1], o, s), x, w));
            AssertBadExactly(dx, Run(XCount(s), (t, o) => Cpu.Conv2dInputGrad(t[0], t[1], o, s), dy, w));
            AssertBadExactly(dw, Run(WCount(s), (t, o) => Cpu.Conv2dWeightGrad(t[0], t[1], o, s), x, dy));
        }
    }

    static void AssertBadExactly(HashSet<int> bad, float[] y)
    {
        for (int i = 0; i < y.Length; i++) Assert.True(float.IsFinite(y[i]) != bad.Contains(i), $"element {i} is {y[i]}.");
    }

    [Theory]
    [InlineData(4, 16, 24, 40, 4, 2)]
    [InlineData(6, 32, 3, 64, 4, 2)]
    [InlineData(1, 30, 4, 50, 3, 1)]
    [InlineData(70, 9, 1, 33, 5, 2)]
    [InlineData(2, 8, 64, 130, 3, 1)]
    public void Same_bits_for_any_number_of_threads(int n, int size, int ci, int co, int k, int stride)
    {
        Conv2dSpec s = Spec(n, size, size, ci, co, k, k, stride, 1);
        float[] x = Uniform(XCount(s), 1), w = Uniform(WCount(s), 2), dy = Uniform(YCount(s), 3);
        SameBits.OnAnyThreads(() => Run(YCount(s), (t, o) => Cpu.Conv2d(t[0], t[1], o, s), x, w));
        SameBits.OnAnyThreads(() => Run(XCount(s), (t, o) => Cpu.Conv2dInputGrad(t[0], t[1], o, s), dy, w));
        SameBits.OnAnyThreads(() => Run(WCount(s), (t, o) => Cpu.Conv2dWeightGrad(t[0], t[1], o, s), x, dy));
    }
}
