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

    public static Storage Upload(float[] x)
    {
        Storage s = Device.Cpu.Pool.Rent(x.Length);
        s.CopyFrom(x);
        return s;
    }

    /// <summary>What <paramref name="kernel"/> writes into an output that was full of NaN before, so that an element it leaves out is seen.</summary>
    public static float[] Run(int outputs, Action<Storage[], Storage> kernel, params float[][] inputs)
    {
        Storage[] x = Array.ConvertAll(inputs, Upload);
        // Guard elements after the output show a kernel that writes past its end.
        const int Guard = 64;
        Storage y = Device.Cpu.Pool.Rent(outputs + Guard);
        float[] poison = new float[outputs + Guard];
        Array.Fill(poison, float.NaN, 0, outputs);
        Array.Fill(poison, 12345, outputs, Guard);
        y.CopyFrom(poison);
        kernel(x, y);
        float[] result = new float[outputs + Guard];
        y.CopyTo(result);
        Assert.All(result[outputs..], g => Assert.Equal(12345, g));
        for (int i = 0; i < x.Length; i++)
        {
            float[] after = new float[inputs[i].Length];
            x[i].CopyTo(after);
            Assert.Equal(inputs[i], after);
            x[i].Release();
        }
        y.Release();
        return result[..outputs];
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

    /// <summary>Runs with 1, 2 and 4 threads and checks that the bits are the same.</summary>
    public static void AssertSameBits(Func<float[]> run)
    {
        int threads = WorkerPool.Threads;
        try
        {
            WorkerPool.Threads = 1;
            float[] one = run();
            foreach (int t in (int[])[2, 4])
            {
                WorkerPool.Threads = t;
                Assert.Equal(Array.ConvertAll(one, BitConverter.SingleToInt32Bits), Array.ConvertAll(run(), BitConverter.SingleToInt32Bits));
            }
        }
        finally
        {
            WorkerPool.Threads = threads;
        }
    }
}
