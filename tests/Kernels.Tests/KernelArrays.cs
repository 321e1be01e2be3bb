using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>What the tests of single kernels share: arrays to storages and back, random data, errors.</summary>
static class KernelArrays
{
    static readonly Lock Threads = new();

    /// <summary>A storage of NaN, so that what a kernel leaves unwritten shows, that ends in canaries.</summary>
    public static Storage Rent(int count) => Buffers.Empty(count);

    public static Storage Of(params float[] values) => Buffers.Of(values);

    /// <summary>The values in front of the canaries, which must be whole.</summary>
    public static float[] Read(Storage s)
    {
        s.AddReference();
        return ((HostStorage)s).Take();
    }

    /// <summary>Normal numbers of the given deviation and mean.</summary>
    public static float[] Normal(int count, int seed, double deviation = 1, double mean = 0)
    {
        Random random = new(seed);
        float[] a = new float[count];
        for (int i = 0; i < count; i++)
            a[i] = (float)(mean + deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        return a;
    }

    /// <summary>Asserts |actual - expected| &lt;= tolerance * max(|expected|) element by element.</summary>
    public static void Near(string what, double[] expected, float[] actual, double tolerance, double atLeast = 0)
    {
        Assert.Equal(expected.Length, actual.Length);
        double scale = Math.Max(atLeast, expected.Length == 0 ? 0 : expected.Max(Math.Abs));
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(actual[i] - expected[i]) <= tolerance * scale,
                $"{what}[{i}] is {actual[i]:R}, expected {expected[i]:R}: off by {Math.Abs(actual[i] - expected[i]):E2}, allowed {tolerance * scale:E2}");
    }

    /// <summary>Asserts that <paramref name="run"/> gives the same bits on 1, 2 and 4 threads.</summary>
    public static void SameBits(Func<float[]> run)
    {
        lock (Threads)
        {
            int before = WorkerPool.Threads;
            try
            {
                float[]? first = null;
                foreach (int threads in new[] { 1, 2, 4 })
                {
                    WorkerPool.Threads = threads;
                    float[] result = run();
                    first ??= result;
                    Assert.Equal(first.Select(BitConverter.SingleToInt32Bits), result.Select(BitConverter.SingleToInt32Bits));
                }
            }
            finally
            {
                WorkerPool.Threads = before;
            }
        }
    }
}
