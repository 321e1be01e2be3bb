using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>Inputs, storages and comparisons for the tests of matrix products and convolutions.</summary>
static class ProductTesting
{
    public static readonly Activation[] Activations = [Activation.None, Activation.Relu, Activation.LeakyRelu(0.1f), Activation.Tanh];

    public static CpuBackend Cpu => (CpuBackend)Device.Cpu.Backend;

    /// <summary>Values in [-1, 1), none of them 0, the same for the same seed.</summary>
    public static float[] Values(int count, int seed)
    {
        Random random = new(seed);
        float[] x = new float[count];
        for (int i = 0; i < count; i++) x[i] = (float)(random.NextDouble() * 2 - 1 + 1e-6);
        return x;
    }

    /// <summary>What <paramref name="kernel"/> writes into an output that was full of NaN before; it must neither write past its end nor into an
    /// input.</summary>
    public static float[] Run(int outputs, Action<Storage[], Storage> kernel, params float[][] inputs)
    {
        HostStorage[] x = Array.ConvertAll(inputs, a => Buffers.Of(a));
        HostStorage y = Buffers.Empty(outputs);
        kernel(x, y);
        for (int i = 0; i < x.Length; i++) Assert.Equal(inputs[i], x[i].Take());
        return y.Take();
    }

    /// <summary>|y - expected| is at most 2e-6 sqrt(K) times the largest possible size of a product term, 1, plus the rounding of the sum itself.</summary>
    public static void AssertClose(double[] expected, float[] y, int k, string what)
    {
        Assert.Equal(expected.Length, y.Length);
        for (int i = 0; i < y.Length; i++)
            if (!(Math.Abs(expected[i] - y[i]) <= 2e-6 * Math.Sqrt(Math.Max(k, 1)) + 1e-6 * Math.Abs(expected[i])))
                Assert.Fail($"{what}: element {i} is {y[i]}, expected {expected[i]}.");
    }

    public static double[] BiasActivation(double[] y, float[] bias, Activation act)
    {
        double[] z = new double[y.Length];
        for (int i = 0; i < y.Length; i++)
        {
            double v = y[i] + bias[i % bias.Length];
            z[i] = act.Kind switch
            {
                ActivationKind.LeakyRelu => v > 0 ? v : act.Slope * v,
                ActivationKind.Tanh => Math.Tanh(v),
                _ => v,
            };
        }
        return z;
    }
}
