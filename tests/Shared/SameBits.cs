using System.Runtime.InteropServices;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>Asserts that floats are the same to the bit.</summary>
static class SameBits
{
    /// <summary>Bit for bit; where <paramref name="anyNaN"/> is true, every NaN is as good as another.</summary>
    public static void Assert(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string what = "", bool anyNaN = false)
    {
        Xunit.Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; ; i++)
        {
            i += MemoryMarshal.Cast<float, int>(expected[i..]).CommonPrefixLength(MemoryMarshal.Cast<float, int>(actual[i..]));
            if (i == expected.Length) return;
            if (!(anyNaN && float.IsNaN(expected[i]) && float.IsNaN(actual[i])))
                Xunit.Assert.Fail($"{what}[{i}] of {expected.Length} is {actual[i]:g9} where {expected[i]:g9} is expected.");
        }
    }

    /// <summary>Runs the same with 1 to 4 threads, and again, and asserts that the results have the same bits; returns the first.</summary>
    public static float[] OnAnyThreads(Func<float[]> run) => OnAnyThreads(() => (float[][])[run()])[0];

    /// <inheritdoc cref="OnAnyThreads(Func{float[]})"/>
    public static float[][] OnAnyThreads(Func<float[][]> run)
    {
        int before = WorkerPool.Threads;
        try
        {
            float[][]? first = null;
            foreach (int threads in (int[])[1, 2, 3, 4, 4])
            {
                WorkerPool.Threads = threads;
                float[][] result = run();
                first ??= result;
                for (int i = 0; i < first.Length; i++) Assert(first[i], result[i], $"on {threads} threads, result {i}");
            }
            return first!;
        }
        finally
        {
            WorkerPool.Threads = before;
        }
    }
}
