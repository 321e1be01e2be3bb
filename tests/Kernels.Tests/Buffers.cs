using System.Runtime.InteropServices;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>Storage for kernel tests. Storages are longer than the logical array and end in canaries that a kernel must not touch.</summary>
static class Buffers
{
    public const int CanaryCount = 16;
    const float Canary = 12345.678f;

    public static Backend Cpu => Device.Cpu.Backend;

    /// <summary>A storage that begins with the values.</summary>
    public static HostStorage Of(params ReadOnlySpan<float> values)
    {
        HostStorage s = Empty(values.Length);
        values.CopyTo(s.Span);
        return s;
    }

    public static HostStorage OfInts(params ReadOnlySpan<int> values) => Of(MemoryMarshal.Cast<int, float>(values));

    /// <summary>NaN, then canaries.</summary>
    public static HostStorage Empty(int count)
    {
        HostStorage s = (HostStorage)Device.Cpu.Pool.Rent(count + CanaryCount);
        s.Span[..count].Fill(float.NaN);
        s.Span[count..].Fill(Canary);
        return s;
    }

    /// <summary>The values in front of the canaries, which must be whole; releases the storage.</summary>
    public static float[] Take(this HostStorage s)
    {
        Assert.All(s.Span[^CanaryCount..].ToArray(), v => Assert.Equal(Canary, v));
        float[] a = s.Span[..^CanaryCount].ToArray();
        s.Release();
        return a;
    }

    public static int[] TakeInts(this HostStorage s) => MemoryMarshal.Cast<float, int>(s.Take()).ToArray();

    /// <summary>Numbers in [-1, 1] with a fixed seed.</summary>
    public static float[] Random(int count, int seed = 1)
    {
        Random r = new(seed);
        float[] a = new float[count];
        for (int i = 0; i < count; i++) a[i] = (float)(2 * r.NextDouble() - 1);
        return a;
    }

    public static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            if (!SameBits(expected[i], actual[i]))
                Assert.Fail($"element {i}: {actual[i]:R} where {expected[i]:R} is expected.");
    }

    static bool SameBits(float a, float b) => BitConverter.SingleToInt32Bits(a) == BitConverter.SingleToInt32Bits(b) || (float.IsNaN(a) && float.IsNaN(b));

    public static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            if (!(Math.Abs((double)expected[i] - actual[i]) <= tolerance))
                Assert.Fail($"element {i}: {actual[i]:R} where {expected[i]:R} +- {tolerance} is expected.");
    }

    /// <summary>Runs the same with 1, 2 and 4 threads and asserts that the results have the same bits.</summary>
    public static float[] SameBitsForAnyThreads(Func<float[]> run)
    {
        int before = WorkerPool.Threads;
        try
        {
            WorkerPool.Threads = 1;
            float[] one = run();
            foreach (int threads in (int[])[2, 4])
            {
                WorkerPool.Threads = threads;
                AssertSameBits(one, run());
            }
            return one;
        }
        finally
        {
            WorkerPool.Threads = before;
        }
    }
}

/// <summary>Tests that set the number of threads, or need the worker pool for themselves.</summary>
[CollectionDefinition("worker pool", DisableParallelization = true)]
public sealed class WorkerPoolCollection;
