using Sagan.Native.Kernels;
using static Sagan.Native.Tests.KernelTesting;

namespace Sagan.Native.Tests;

[Collection("worker pool")]
[Quick]
public sealed class RandomTests
{
    // Counter, key and output of philox4x32 with 10 rounds in the known-answer file of Random123 (kat_vectors).
    [Theory]
    [InlineData(0ul, 0ul, 0ul, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(0xfffffffffffffffful, 0xfffffffffffffffful, 0xfffffffffffffffful, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(0x85a308d3243f6a88ul, 0x0370734413198a2eul, 0x299f31d0a4093822ul, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void KnownAnswers(ulong block, ulong stream, ulong seed, uint a, uint b, uint c, uint d)
    {
        PhiloxKey key = new(seed, stream, 0);
        Assert.Equal((a, b, c, d), Philox.Block(key, block));
        // The uniform numbers of that block, through every path: in the middle of vectors, and alone.
        if (block > ulong.MaxValue / 8) return;
        ulong first = block - Math.Min(block, 5);
        float[] expected = [.. ((uint[])[a, b, c, d]).Select(w => (w >> 8) / 16777216f)];
        SameBits.Assert(expected, Uniform(100, key with { Offset = 4 * first }).AsSpan((int)(block - first) * 4, 4));
        SameBits.Assert(expected, Uniform(4, key with { Offset = 4 * block }));
    }

    static float[] Uniform(int n, PhiloxKey key) => SameBits.OnAnyThreads(() =>
    {
        HostStorage y = Empty(n);
        Cpu.RandomUniform(y, n, key);
        return y.Take();
    });

    static float[] Normal(int n, PhiloxKey key) => SameBits.OnAnyThreads(() =>
    {
        HostStorage y = Empty(n);
        Cpu.RandomNormal(y, n, key);
        return y.Take();
    });

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(31)]
    [InlineData(33)]
    [InlineData(1003)]
    [InlineData(100_003)]
    public void IsTheFormulaElementByElement(int n)
    {
        PhiloxKey key = new(0x123456789abcdef0, 0xfedcba9876543210, 4 * 0xffff_fff0ul);
        float[] u = Uniform(n, key), z = Normal(n, key);
        for (int i = 0; i < n; i += 4)
        {
            (uint a, uint b, uint c, uint d) = Philox.Block(key, (key.Offset + (ulong)i) / 4);
            uint[] words = [a >> 8, b >> 8, c >> 8, d >> 8];
            for (int k = 0; k < Math.Min(4, n - i); k++)
            {
                Assert.Equal(words[k] / 16777216f, u[i + k]);
                double r = Math.Sqrt(-2 * Math.Log((words[k & ~1] + 1) / 16777216.0)), angle = 2 * Math.PI * words[k | 1] / 16777216.0;
                double exact = r * (k % 2 == 0 ? Math.Cos(angle) : Math.Sin(angle));
                Assert.True(Math.Abs(z[i + k] - exact) <= 4e-7 * Math.Abs(exact),
                    $"element {i + k}: {z[i + k]:R} where {exact:R} is expected.");
            }
        }
    }

    [Fact]
    public void AnyCutIntoCallsGivesTheSameNumbers()
    {
        PhiloxKey key = new(42, 7, 1000);
        foreach (Func<int, PhiloxKey, float[]> draw in (Func<int, PhiloxKey, float[]>[])[Uniform, Normal])
        {
            float[] whole = draw(20_000, key);
            for (int at = 0, size = 4; at < whole.Length; at += size, size = size * 3 / 2 / 4 * 4 + 4)
            {
                int n = Math.Min(size, whole.Length - at);
                SameBits.Assert(whole.AsSpan(at, n), draw(n, key with { Offset = 1000 + (ulong)at }));
            }
        }
    }

    [Fact]
    public void EveryWidthGivesTheSameBits()
    {
        PhiloxKey key = new(1, 2, 0);
        const int n = 10_000;
        float[] expected = new float[n], y = new float[n];
        unsafe
        {
            fixed (float* pe = expected, py = y)
            {
                RandomLoop<NormalDraw>.RunBlocks(pe, n, key, 3);
                if (PhiloxLanes256.IsSupported)
                {
                    RandomLoop<NormalDraw>.Run<PhiloxLanes256, Simd256>(py, n, key, 3);
                    SameBits.Assert(expected, y);
                }
                if (PhiloxLanes512.IsSupported)
                {
                    RandomLoop<NormalDraw>.Run<PhiloxLanes512, Simd512>(py, n, key, 3);
                    SameBits.Assert(expected, y);
                }
            }
        }
    }

    [Fact]
    public void OffsetInsideABlockIsRefused()
    {
        HostStorage y = Empty(4);
        ArgumentException e = Assert.Throws<ArgumentException>(() => Cpu.RandomUniform(y, 4, new PhiloxKey(0, 0, 6)));
        Assert.Contains("not a multiple of 4", e.Message, StringComparison.Ordinal);
        y.Release();
    }

    const int Draws = 1 << 20;

    static double KolmogorovSmirnov(float[] x, Func<double, double> cdf)
    {
        float[] sorted = (float[])x.Clone();
        Array.Sort(sorted);
        double d = 0;
        for (int i = 0; i < sorted.Length; i++)
        {
            double f = cdf(sorted[i]);
            d = Math.Max(d, Math.Max(Math.Abs(f - (double)i / sorted.Length), Math.Abs((i + 1.0) / sorted.Length - f)));
        }
        return d * Math.Sqrt(sorted.Length);
    }

    // 1.95 is the 0.1 % point of the Kolmogorov distribution; moments within 5 standard errors.
    [Theory]
    [InlineData(1ul, 0ul)]
    [InlineData(2ul, 0ul)]
    [InlineData(1ul, 1ul)]
    public void UniformIsUniform(ulong seed, ulong stream)
    {
        float[] u = Uniform(Draws, new PhiloxKey(seed, stream, 0));
        Assert.All(u, v => Assert.InRange(v, 0, 0.99999995f));
        Assert.InRange(KolmogorovSmirnov(u, x => x), 0, 1.95);
        Assert.Equal(0.5, u.Average(v => (double)v), 5 * Math.Sqrt(1 / 12.0 / Draws));
        Assert.Equal(1 / 12.0, u.Average(v => (v - 0.5) * (v - 0.5)), 5 * Math.Sqrt(1 / 180.0 / Draws));
        Assert.Equal(0, Enumerable.Range(0, Draws - 1).Average(i => (u[i] - 0.5) * (u[i + 1] - 0.5)), 5.0 / 12 / Math.Sqrt(Draws));
    }

    [Theory]
    [InlineData(1ul, 0ul)]
    [InlineData(2ul, 0ul)]
    [InlineData(1ul, 1ul)]
    public void NormalIsNormal(ulong seed, ulong stream)
    {
        float[] z = Normal(Draws, new PhiloxKey(seed, stream, 0));
        Assert.All(z, v => Assert.InRange(v, -5.8f, 5.8f));
        Assert.InRange(KolmogorovSmirnov(z, x => MathNet.Numerics.Distributions.Normal.CDF(0, 1, x)), 0, 1.95);
        Assert.Equal(0, z.Average(v => (double)v), 5 / Math.Sqrt(Draws));
        Assert.Equal(1, z.Average(v => (double)v * v), 5 * Math.Sqrt(2.0 / Draws));
        Assert.Equal(0, z.Average(v => (double)v * v * v), 5 * Math.Sqrt(15.0 / Draws));
        Assert.Equal(3, z.Average(v => (double)v * v * v * v), 5 * Math.Sqrt(96.0 / Draws));
        Assert.Equal(0, Enumerable.Range(0, Draws - 1).Average(i => (double)z[i] * z[i + 1]), 5 / Math.Sqrt(Draws));
    }
}
