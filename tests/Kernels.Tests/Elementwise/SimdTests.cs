using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>Every operation of every width against the scalar of the runtime, NaN and infinities included.</summary>
[Quick]
public sealed unsafe class SimdTests
{
    static readonly float[] Special =
        [0, -0f, 1, -1, 0.5f, 1.5f, 2.5f, -2.5f, 1e-40f, -1e-40f, 1e38f, -1e38f, float.PositiveInfinity, float.NegativeInfinity, float.NaN,
        3.1f];

    [Fact]
    public void Lanes512() => Check<Simd512>();

    [Fact]
    public void Lanes256() => Check<Simd256>();

    [Fact]
    public void Lanes128() => Check<Simd128>();

    [Fact]
    public void OneLane() => Check<Simd1>();

    static void Check<V>() where V : unmanaged, ISimd<V>
    {
        Pairs<V>((a, b) => a + b, (a, b) => a + b);
        Pairs<V>((a, b) => a - b, (a, b) => a - b);
        Pairs<V>((a, b) => a * b, (a, b) => a * b);
        Pairs<V>((a, b) => a / b, (a, b) => a / b);
        Pairs<V>(V.Max, MathF.Max);
        Pairs<V>(V.Min, MathF.Min);
        Pairs<V>(V.CopySign, MathF.CopySign);
        Pairs<V>((a, b) => V.Select(V.GreaterThan(a, b), a, V.Create(7)), (a, b) => a > b ? a : 7);
        Pairs<V>((a, b) => V.Select(V.EqualTo(a, b), a, V.Create(7)), (a, b) => a == b ? a : 7);
        Pairs<V>((a, b) => V.Clamp(a, -1.25f, 2), (a, b) => float.IsNaN(a) ? a : Math.Clamp(a, -1.25f, 2));
        Pairs<V>((a, b) => -a, (a, b) => -a);
        Pairs<V>((a, b) => V.Abs(a), (a, b) => MathF.Abs(a));
        Pairs<V>((a, b) => V.Sqrt(a), (a, b) => MathF.Sqrt(a));
        Pairs<V>((a, b) => V.Round(a), (a, b) => MathF.Round(a));
        for (int n = -126; n <= 127; n++) Assert.Equal(MathF.ScaleB(1, n), First(V.PowerOfTwo(V.Create(n))));
        for (int n = -252; n <= 254; n++)
            foreach (float a in (float[])[0.7071068f, 0.99999994f, 1, 1.2345678f, 1.4142135f])
                Assert.Equal((float)Math.ScaleB(a, n), First(V.Scale(V.Create(a), V.Create(n))));
        foreach (float x in (float[])[1, 1.4999999f, 1.5f, 0.74999994f, 0.75f, 1.1754944e-38f, 1.1754942e-38f, 1e-45f, 3.4e38f, 10, 1e-30f])
        {
            float m = First(V.Frexp(V.Create(x), out V e));
            Assert.InRange(m, 0.75f, 1.4999999f);
            Assert.Equal(x, (float)Math.ScaleB(m, (int)First(e)));
        }
        foreach (float x in (float[])[0, -0f, float.PositiveInfinity])
        {
            Assert.InRange(First(V.Frexp(V.Create(x), out V e)), -1f, 1f);
            Assert.Equal(x == 0 ? float.NegativeInfinity : x, First(e));
        }
        foreach (float x in (float[])[-1e-45f, -1, float.NegativeInfinity,
            float.NaN]) Assert.True(float.IsNaN(First(V.Frexp(V.Create(x), out _))));
        Assert.Equal(7, First(V.MultiplyAdd(V.Create(2), V.Create(3), V.Create(1))));
    }

    static float First<V>(V v) where V : unmanaged, ISimd<V>
    {
        float* t = stackalloc float[16];
        v.Store(t);
        for (int i = 1; i < V.Count; i++) SameBits.Assert([t[0]], [t[i]], anyNaN: true);
        return t[0];
    }

    static void Pairs<V>(Func<V, V, V> actual, Func<float, float, float> expected) where V : unmanaged, ISimd<V>
    {
        float* pa = stackalloc float[16], pb = stackalloc float[16], py = stackalloc float[16];
        for (int i = 0; i < 16; i++)
            for (int shift = 0; shift < 16; shift++)
            {
                for (int l = 0; l < 16; l++)
                {
                    pa[l] = Special[(i + l) % 16];
                    pb[l] = Special[(i + l + shift) % 16];
                }
                actual(V.Load(pa), V.Load(pb)).Store(py);
                for (int l = 0; l < V.Count; l++) SameBits.Assert([expected(pa[l], pb[l])], [py[l]], anyNaN: true);
            }
    }
}
