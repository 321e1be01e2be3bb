using System.Runtime.InteropServices;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>
/// What the tests of single kernels share: storages that end in canaries, which a kernel must not touch; random data; errors.
/// </summary>
static class KernelTesting
{
    public const int CanaryCount = 16;
    const float Canary = 12345.678f;

    public static readonly Activation[] Activations = [Activation.None, Activation.Relu, Activation.LeakyRelu(0.1f), Activation.Tanh];

    public static CpuBackend Cpu => (CpuBackend)Device.Cpu.Backend;

    /// <summary>A storage that begins with the values.</summary>
    public static HostStorage Of(params ReadOnlySpan<float> values)
    {
        HostStorage s = Empty(values.Length);
        values.CopyTo(s.Span);
        return s;
    }

    public static HostStorage OfInts(params ReadOnlySpan<int> values) => Of(MemoryMarshal.Cast<int, float>(values));

    /// <summary>NaN, so that what a kernel leaves unwritten shows, then canaries.</summary>
    public static HostStorage Empty(int count)
    {
        HostStorage s = (HostStorage)Device.Cpu.Pool.Rent(count + CanaryCount);
        s.Span[..count].Fill(float.NaN);
        s.Span[count..].Fill(Canary);
        return s;
    }

    /// <summary>The values in front of the canaries, which must be whole.</summary>
    public static float[] Read(Storage storage)
    {
        Span<float> all = ((HostStorage)storage).Span;
        Assert.Equal(CanaryCount, all[^CanaryCount..].Count(Canary));
        return all[..^CanaryCount].ToArray();
    }

    /// <summary><see cref="Read"/>, and releases the storage.</summary>
    public static float[] Take(this HostStorage s)
    {
        float[] a = Read(s);
        s.Release();
        return a;
    }

    public static int[] TakeInts(this HostStorage s) => MemoryMarshal.Cast<float, int>(s.Take()).ToArray();

    /// <summary>
    /// What <paramref name="kernel"/> writes into an output that was full of NaN before; it must neither write past its end nor into an
    /// input.
    /// </summary>
    public static float[] Run(int outputs, Action<Storage[], Storage> kernel, params float[][] inputs)
    {
        HostStorage[] x = Array.ConvertAll(inputs, a => Of(a));
        HostStorage y = Empty(outputs);
        kernel(x, y);
        for (int i = 0; i < x.Length; i++) Assert.Equal(inputs[i], x[i].Take());
        return y.Take();
    }

    /// <summary>Values in [-1, 1], none of them 0, the same for the same seed.</summary>
    public static float[] Uniform(int count, int seed = 1)
    {
        Random random = new(seed);
        float[] a = new float[count];
        for (int i = 0; i < count; i++) a[i] = (float)(random.NextDouble() * 2 - 1 + 1e-6);
        return a;
    }

    /// <summary>Normal numbers of the given deviation and mean.</summary>
    public static float[] Normal(int count, int seed, double deviation = 1, double mean = 0)
    {
        Random random = new(seed);
        float[] a = new float[count];
        for (int i = 0; i < count; i++)
        {
            double radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            a[i] = (float)(mean + deviation * radius * Math.Cos(2 * Math.PI * random.NextDouble()));
        }
        return a;
    }

    /// <summary>Asserts |actual - expected| &lt;= tolerance * max(|expected|) element by element.</summary>
    public static void Near(string what, double[] expected, float[] actual, double tolerance, double atLeast = 0)
    {
        double scale = Math.Max(atLeast, expected.Length == 0 ? 0 : expected.Max(Math.Abs));
        Within(what, expected, actual, _ => tolerance * scale);
    }

    /// <summary>Asserts |actual - expected| &lt;= tolerance.</summary>
    public static void AssertClose(float[] expected, float[] actual, double tolerance) =>
        Within("", [.. expected.Select(e => (double)e)], actual, _ => tolerance);

    /// <summary>
    /// |y - expected| is at most 2e-6 sqrt(K) times the largest possible size of a product term, 1, plus the rounding of the sum itself.
    /// </summary>
    public static void AssertClose(double[] expected, float[] y, int k, string what) =>
        Within(what, expected, y, e => 2e-6 * Math.Sqrt(Math.Max(k, 1)) + 1e-6 * Math.Abs(e));

    static void Within(string what, double[] expected, float[] actual, Func<double, double> tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            if (!(Math.Abs(actual[i] - expected[i]) <= tolerance(expected[i])))
                Assert.Fail($"{what}[{i}] is {actual[i]:R}, expected {expected[i]:R}, allowed error {tolerance(expected[i]):E2}.");
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
