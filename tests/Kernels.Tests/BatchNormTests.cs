using Sagan.Native.Kernels;
using static Sagan.Native.Tests.KernelTesting;

namespace Sagan.Native.Tests;

[Quick]
public class BatchNormTests
{
    const float Epsilon = 1e-5f;
    static Activation Act(string name) => name switch
    {
        "none" => Activation.None,
        "relu" => Activation.Relu,
        "leaky" => Activation.LeakyRelu(0.2f),
        _ => Activation.Tanh,
    };

    static double Apply(Activation act, double z) => act.Kind switch
    {
        ActivationKind.LeakyRelu => z > 0 ? z : act.Slope * z,
        ActivationKind.Tanh => Math.Tanh(z),
        _ => z,
    };

    // act'(z) told from y = act(z).
    static double Slope(Activation act, double y) => act.Kind switch
    {
        ActivationKind.LeakyRelu => y > 0 ? 1 : act.Slope,
        ActivationKind.Tanh => 1 - y * y,
        _ => 1,
    };

    static (double[] Mean, double[] Variance) Statistics(float[] x, int rows, int channels)
    {
        double[] mean = new double[channels], variance = new double[channels];
        for (int c = 0; c < channels; c++)
        {
            for (int r = 0; r < rows; r++) mean[c] += (double)x[r * channels + c] / rows;
            for (int r = 0; r < rows; r++) variance[c] += Math.Pow(x[r * channels + c] - mean[c], 2) / rows;
        }
        return (mean, variance);
    }

    static (float[] Y, float[] Mean, float[] Variance) Forward(float[] x, float[] weight, float[] bias, BatchNormSpec s,
        bool inPlace = false)
    {
        Storage px = Of(x), mean = Empty(s.Channels), variance = Empty(s.Channels), y = inPlace ? px : Empty(x.Length);
        Cpu.BatchNorm(px, Of(weight), Of(bias), y, mean, variance, s);
        return (Read(y), Read(mean), Read(variance));
    }

    [Theory]
    [InlineData(1, 1, "none")]
    [InlineData(2, 3, "relu")]
    [InlineData(7, 16, "leaky")]
    [InlineData(31, 17, "tanh")]
    [InlineData(513, 64, "relu")]
    [InlineData(1000, 67, "leaky")]
    [InlineData(5000, 5, "none")]
    [InlineData(33, 1027, "tanh")]
    public void Forward_is_the_formula(int rows, int channels, string activation)
    {
        BatchNormSpec s = new(rows, channels, Epsilon, Act(activation));
        float[] x = Normal(rows * channels, 1, 2, 0.5), weight = Normal(channels, 2, 0.3, 1), bias = Normal(channels, 3);
        (float[] y, float[] mean, float[] variance) = Forward(x, weight, bias, s);
        (double[] m, double[] v) = Statistics(x, rows, channels);
        Near("mean", m, mean, 1e-6);
        Near("variance", v, variance, 2e-6);
        double[] expected = new double[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            int c = i % channels;
            expected[i] = Apply(s.Activation, weight[c] * (x[i] - m[c]) / Math.Sqrt(v[c] + Epsilon) + bias[c]);
        }
        Near("y", expected, y, rows == 1 ? 1e-4 : 3e-6);
        Assert.Equal(y, Forward(x, weight, bias, s, inPlace: true).Y);
    }

    [Theory]
    [InlineData(3, 5, "relu")]
    [InlineData(100, 64, "tanh")]
    public void Inference_uses_the_given_statistics(int rows, int channels, string activation)
    {
        BatchNormSpec s = new(rows, channels, 1e-3f, Act(activation));
        float[] x = Normal(rows * channels, 1), weight = Normal(channels, 2), bias = Normal(channels, 3), mean = Normal(channels, 4);
        float[] variance = [.. Normal(channels, 5).Select(a => a * a)];
        Storage y = Empty(x.Length);
        Cpu.BatchNormInference(Of(x), Of(weight), Of(bias), Of(mean), Of(variance), y, s);
        double[] expected = new double[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            int c = i % channels;
            expected[i] = Apply(s.Activation, weight[c] * ((double)x[i] - mean[c]) / Math.Sqrt(variance[c] + 1e-3) + bias[c]);
        }
        Near("y", expected, Read(y), 3e-6);
    }

    // A mean of 1e4 beside a deviation of 0.01: sum x^2 / n - mean^2 in float would give rubbish, or a negative variance.
    [Fact]
    public void Tiny_variance_beside_a_huge_mean_survives()
    {
        const int rows = 4096, channels = 19;
        float[] x = Normal(rows * channels, 1, 0.01, 1e4);
        // One channel that starts far away from the rest of its rows, one that does not vary at all.
        for (int r = 0; r < 64; r++) x[r * channels] = -1e4f;
        for (int r = 0; r < rows; r++) x[r * channels + 1] = 777.77f;
        float[] ones = [.. Enumerable.Repeat(1f, channels)], zeros = new float[channels];
        BatchNormSpec s = new(rows, channels, 1e-12f, Activation.None);
        (float[] y, float[] mean, float[] variance) = Forward(x, ones, zeros, s);
        (double[] m, double[] v) = Statistics(x, rows, channels);
        Near("mean", m, mean, 1e-7);
        for (int c = 0; c < channels; c++)
        {
            if (c == 1) Assert.Equal(0, variance[c], 1e-12);
            else Assert.True(Math.Abs(variance[c] - v[c]) <= 1e-5 * v[c], $"variance[{c}] is {variance[c]}, expected {v[c]}");
        }
        for (int r = 0; r < rows; r++) Assert.Equal((x[r * channels + 5] - m[5]) / Math.Sqrt(v[5] + 1e-12), y[r * channels + 5], 0.06);
        Assert.All(y, a => Assert.True(float.IsFinite(a)));
    }

    [Theory]
    [InlineData(2, 1, "none")]
    [InlineData(5, 3, "relu")]
    [InlineData(64, 16, "leaky")]
    [InlineData(31, 17, "tanh")]
    [InlineData(1030, 67, "relu")]
    [InlineData(600, 130, "none")]
    public void Backward_is_the_formula(int rows, int channels, string activation)
    {
        BatchNormSpec s = new(rows, channels, Epsilon, Act(activation));
        float[] x = Normal(rows * channels, 1, 2, 0.5), g = Normal(rows * channels, 4), weight = Normal(channels, 2, 0.3, 1),
            bias = Normal(channels, 3);
        (float[] y, float[] mean, float[] variance) = Forward(x, weight, bias, s);
        Storage pg = Of(g), dx = Empty(x.Length), dw = Empty(channels), db = Empty(channels);
        Cpu.BatchNormBackward(pg, Of(x), Of(y), Of(weight), Of(mean), Of(variance), dx, dw, db, s);

        double[] edx = new double[x.Length], edw = new double[channels], edb = new double[channels];
        double Z(int i) => g[i] * Slope(s.Activation, y[i]);
        double Xh(int i) => (x[i] - (double)mean[i % channels]) / Math.Sqrt((double)variance[i % channels] + Epsilon);
        for (int i = 0; i < x.Length; i++)
        {
            edb[i % channels] += Z(i);
            edw[i % channels] += Z(i) * Xh(i);
        }
        for (int i = 0; i < x.Length; i++)
        {
            int c = i % channels;
            edx[i] = weight[c] / (rows * Math.Sqrt((double)variance[c] + Epsilon)) * (rows * Z(i) - edb[c] - Xh(i) * edw[c]);
        }
        Near("dbias", edb, Read(db), 3e-6, 1);
        Near("dweight", edw, Read(dw), 3e-6, 1);
        Near("dx", edx, Read(dx), 3e-6, 1);

        float[] apart = Read(dx);
        Cpu.BatchNormBackward(pg, Of(x), Of(y), Of(weight), Of(mean), Of(variance), pg, dw, db, s);
        Assert.Equal(apart, Read(pg));
    }

    // The gradient against differences of the forward pass, in double: the formula itself is right.
    [Fact]
    public void Backward_is_the_derivative_of_the_forward_pass()
    {
        const int rows = 6, channels = 2;
        BatchNormSpec s = new(rows, channels, 1e-3f, Activation.Tanh);
        float[] x = Normal(rows * channels, 1), g = Normal(rows * channels, 4), weight = [1.2f, -0.7f], bias = [0.1f, 0.4f];
        double Loss(double[] a)
        {
            double loss = 0;
            for (int c = 0; c < channels; c++)
            {
                double mean = Enumerable.Range(0, rows).Average(r => a[r * channels + c]);
                double variance = Enumerable.Range(0, rows).Average(r => Math.Pow(a[r * channels + c] - mean, 2));
                for (int r = 0; r < rows; r++)
                    loss += g[r * channels + c] * Math.Tanh(weight[c] * (a[r * channels + c] - mean) / Math.Sqrt(variance + 1e-3f) +
                        bias[c]);
            }
            return loss;
        }

        (float[] y, float[] mean, float[] variance) = Forward(x, weight, bias, s);
        Storage dx = Empty(x.Length);
        Cpu.BatchNormBackward(Of(g), Of(x), Of(y), Of(weight), Of(mean), Of(variance), dx, Empty(channels), Empty(channels), s);
        double[] expected = new double[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            double[] a = [.. x.Select(f => (double)f)];
            a[i] += 1e-5;
            double up = Loss(a);
            a[i] -= 2e-5;
            expected[i] = (up - Loss(a)) / 2e-5;
        }
        Near("dx", expected, Read(dx), 1e-5);
    }

    [Theory]
    [InlineData(1, 1, "none")]
    [InlineData(77, 3, "relu")]
    [InlineData(1000, 33, "leaky")]
    [InlineData(20, 1030, "tanh")]
    public void Bias_backward_is_the_formula(int rows, int columns, string activation)
    {
        Activation act = Act(activation);
        float[] g = Normal(rows * columns, 1), y = [.. Normal(rows * columns, 2).Select(a => (float)Apply(act, a))];
        y[0] = 0;
        Storage pg = Of(g), dz = Empty(g.Length), db = Empty(columns);
        Cpu.BiasActivationBackward(pg, Of(y), dz, db, rows, columns, act);
        double[] edz = new double[g.Length], edb = new double[columns];
        for (int i = 0; i < g.Length; i++)
        {
            edz[i] = g[i] * Slope(act, y[i]);
            edb[i % columns] += edz[i];
        }
        Near("dz", edz, Read(dz), 1e-6);
        Near("dbias", edb, Read(db), 2e-6, 1);
        float[] apart = Read(dz);
        Cpu.BiasActivationBackward(pg, Of(y), pg, db, rows, columns, act);
        Assert.Equal(apart, Read(pg));
    }

    [Fact]
    public void Same_bits_for_any_number_of_threads()
    {
        const int rows = 3001, channels = 35;
        BatchNormSpec s = new(rows, channels, Epsilon, Activation.LeakyRelu(0.1f));
        Storage x = Of(Normal(rows * channels, 1)), g = Of(Normal(rows * channels, 2)), weight = Of(Normal(channels, 3)),
            bias = Of(Normal(channels, 4));
        SameBits.OnAnyThreads(() =>
        {
            Storage y = Empty(rows * channels), mean = Empty(channels), variance = Empty(channels);
            Storage dx = Empty(rows * channels), dw = Empty(channels), db = Empty(channels);
            Cpu.BatchNorm(x, weight, bias, y, mean, variance, s);
            Cpu.BatchNormBackward(g, x, y, weight, mean, variance, dx, dw, db, s);
            Storage dz = Empty(rows * channels), dbias = Empty(channels);
            Cpu.BiasActivationBackward(g, y, dz, dbias, rows, channels, s.Activation);
            return [.. Read(y), .. Read(mean), .. Read(variance), .. Read(dx), .. Read(dw), .. Read(db), .. Read(dz), .. Read(dbias)];
        });
    }
}
