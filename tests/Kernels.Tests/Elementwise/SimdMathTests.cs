using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

public sealed unsafe class SimdMathTests
{
    // Every 1009th float: 4.3 million arguments, NaNs and denormals among them. SAGAN_DENSE=1 takes every 41st (the figures in SimdMath).
    static readonly uint Step = Environment.GetEnvironmentVariable("SAGAN_DENSE") == "1" ? 41u : 1009u;

    public static TheoryData<string, double> Bounds =>
        new() { { "exp", 2 }, { "log", 2 }, { "tanh", 4 }, { "sigmoid", 4 }, { "softplus", 4 } };

    static double Exact(string function, double x) => function switch
    {
        "exp" => Math.Exp(x),
        "log" => Math.Log(x),
        "tanh" => Math.Tanh(x),
        "sigmoid" => x >= 0 ? 1 / (1 + Math.Exp(-x)) : Math.Exp(x) / (1 + Math.Exp(x)),
        _ => x > 0 ? x + Log1p(Math.Exp(-x)) : Log1p(Math.Exp(x)),
    };

    static double Log1p(double x)
    {
        if (x < 1e-5) return x * (1 - x * (0.5 - x / 3));
        double u = 1 + x;
        return Math.Log(u) - (u - 1 - x) / u;
    }

    static void Apply<V>(string function, ReadOnlySpan<float> x, Span<float> y) where V : unmanaged, ISimd<V>
    {
        fixed (float* px = x, py = y)
            for (int i = 0; i < x.Length; i += V.Count)
            {
                V v = V.Load(px + i);
                v = function switch
                {
                    "exp" => SimdMath.Exp(v),
                    "log" => SimdMath.Log(v),
                    "tanh" => SimdMath.Tanh(v),
                    "sigmoid" => SimdMath.Sigmoid(v),
                    _ => SimdMath.Softplus(v),
                };
                v.Store(py + i);
            }
    }

    static void ApplyWidest(string function, ReadOnlySpan<float> x, Span<float> y)
    {
        if (Vector512.IsHardwareAccelerated) Apply<Simd512>(function, x, y);
        else if (Vector256.IsHardwareAccelerated) Apply<Simd256>(function, x, y);
        else Apply<Simd1>(function, x, y);
    }

    [Theory, MemberData(nameof(Bounds))]
    public void WithinBoundOfDouble(string function, double bound)
    {
        const int n = 4096;
        float[] x = new float[n], y = new float[n];
        double worst = 0;
        float at = 0;
        for (ulong bits = 0; bits < 1UL << 32;)
        {
            for (int i = 0; i < n; i++, bits += Step) x[i] = BitConverter.UInt32BitsToSingle((uint)bits);
            ApplyWidest(function, x, y);
            for (int i = 0; i < n; i++)
            {
                double e = UlpError(y[i], Exact(function, x[i]));
                if (!(e <= worst)) (worst, at) = (e, x[i]);
                if (double.IsNaN(e)) Assert.Fail($"{function}({x[i]:R}) = {y[i]:R} where {Exact(function, x[i]):R} is expected.");
            }
        }
        if (Step == 41) Console.WriteLine($"{function}: {worst:F3} ulp at {at:R}");
        Assert.True(worst <= bound, $"{function}({at:R}) is {worst:F2} ulp off.");
    }

    // NaN where one of the two is NaN or infinite and the other is not (an infinity may come half an ulp early or late).
    static double UlpError(float y, double exact)
    {
        float nearest = (float)exact;
        if (float.IsNaN(nearest) && float.IsNaN(y)) return 0;
        if (y.Equals(nearest)) return Math.Abs(nearest) <= float.MaxValue ? Math.Abs(y - exact) / Ulp(nearest) : 0;
        bool infinite = float.IsInfinity(y) || float.IsInfinity(nearest), limit = Math.Abs(exact) > 3.40282e38 && Math.Abs(y) > 3.40282e38f;
        if (infinite) return limit && Math.Sign(exact) == Math.Sign(y) ? 1 : double.NaN;
        return Math.Abs(y - exact) / Ulp(nearest);
    }

    static double Ulp(float x) => Math.ScaleB(1, Math.Max(Math.ILogB(Math.Abs(x)), -126) - 23);

    [Theory]
    [InlineData("exp", 0f, 1f)]
    [InlineData("exp", 88f, 1.6516363e38f)]
    [InlineData("exp", 89f, float.PositiveInfinity)]
    [InlineData("exp", 1e30f, float.PositiveInfinity)]
    [InlineData("exp", float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData("exp", float.NegativeInfinity, 0f)]
    [InlineData("exp", -104f, 0f)]
    [InlineData("exp", -1e30f, 0f)]
    [InlineData("log", 1f, 0f)]
    [InlineData("log", 0f, float.NegativeInfinity)]
    [InlineData("log", -1f, float.NaN)]
    [InlineData("log", float.NegativeInfinity, float.NaN)]
    [InlineData("log", float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData("tanh", 0f, 0f)]
    [InlineData("tanh", 20f, 1f)]
    [InlineData("tanh", float.PositiveInfinity, 1f)]
    [InlineData("tanh", float.NegativeInfinity, -1f)]
    [InlineData("tanh", 1e-40f, 1e-40f)]
    [InlineData("sigmoid", 0f, 0.5f)]
    [InlineData("sigmoid", float.PositiveInfinity, 1f)]
    [InlineData("sigmoid", float.NegativeInfinity, 0f)]
    [InlineData("sigmoid", 1000f, 1f)]
    [InlineData("softplus", float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData("softplus", float.NegativeInfinity, 0f)]
    [InlineData("softplus", 1e30f, 1e30f)]
    public void SpecialValues(string function, float x, float expected)
    {
        float[] y = new float[16];
        ApplyWidest(function, Enumerable.Repeat(x, 16).ToArray(), y);
        Assert.All(y, v => Assert.Equal(BitConverter.SingleToInt32Bits(expected),
            BitConverter.SingleToInt32Bits(float.IsNaN(v) ? float.NaN : v)));
        ApplyWidest(function, Enumerable.Repeat(float.NaN, 16).ToArray(), y);
        Assert.All(y, v => Assert.True(float.IsNaN(v)));
    }

    [Fact]
    public void NegativeZero()
    {
        SpecialValues("exp", -0f, 1);
        SpecialValues("log", -0f, float.NegativeInfinity);
        SpecialValues("tanh", -0f, -0f);
        SpecialValues("sigmoid", -0f, 0.5f);
    }

    [Theory, MemberData(nameof(Bounds))]
    public void EveryWidthGivesTheSameBits(string function, double bound)
    {
        // Without the instruction, wide and narrow forms still agree, but fused multiply-add is what the promise is about.
        Assert.SkipUnless(Fma.IsSupported || System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported, "no fused multiply-add on this machine");
        Assert.True(bound > 0);
        const int n = 1 << 16;
        float[] x = new float[n], y512 = new float[n], y256 = new float[n], y128 = new float[n], y1 = new float[n];
        for (int i = 0; i < n; i++) x[i] = BitConverter.UInt32BitsToSingle((uint)i * 65537u);
        Apply<Simd512>(function, x, y512);
        Apply<Simd256>(function, x, y256);
        Apply<Simd128>(function, x, y128);
        Apply<Simd1>(function, x, y1);
        SameBits.Assert(y1, y512, anyNaN: true);
        SameBits.Assert(y1, y256, anyNaN: true);
        SameBits.Assert(y1, y128, anyNaN: true);
    }
}
