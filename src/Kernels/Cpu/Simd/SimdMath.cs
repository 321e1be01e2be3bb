using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>
/// Transcendental functions for any vector width. NaN gives NaN, infinities give the limits, denormal results are exact to the same bounds.
/// Polynomials: own minimax fits (Remez exchange on the relative error), all in fused multiply-adds, so that every width gives the same
/// bits on hardware with FMA; without FMA (a x86 machine before 2013, or all intrinsics off) the last bit may differ from that.
/// Largest error in units in the last place, against double: the bound that SimdMathTests holds, and what was found over every 41st float
/// (100 million):
/// <code>
/// function  | bound | found | method
/// Exp       | 2 ulp | 1.04  | x = n ln 2 + r, e^r = 1 + r + r^2 q(r), q of degree 4
/// Log       | 2 ulp | 0.91  | x = 2^e m, log m = f - f^2/2 + f^3 p(f), f = m - 1, p of degree 7
/// Tanh      | 4 ulp | 2.44  | t / (t + 2), t = e^2x - 1 without cancellation
/// Sigmoid   | 4 ulp | 2.34  | 1 / (1 + z) or z / (1 + z), z = e^-|x|
/// Softplus  | 4 ulp | 1.59  | max(x, 0) + log1p(e^-|x|)
/// </code>
/// </summary>
static class SimdMath
{
    /// <summary>The bits of 3/4, where the range of mantissas begins.</summary>
    internal const int MantissaBits = 0x3F400000;

    /// <summary>1 / ln 2.</summary>
    internal const float Log2E = 1.44269504f;

    // ln 2 in two parts; the high one has 9 trailing zero bits, so that n times it is exact.
    const float Ln2High = 0.693145752f, Ln2Low = 1.42860677e-6f;
    // Adding 1.5 2^23 rounds to an integer, ties to even; subtracting it again leaves that integer.
    const float RoundMagic = 12582912f;

    /// <summary>e^x. Overflows to infinity above 88.72 and underflows through the denormals to 0 below -103.97.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exp<V>(V x) where V : unmanaged, ISimd<V>
    {
        x = V.Clamp(x, -104, 89);
        V p = ReducedExpM1(x, out V n);
        return V.Scale(V.Create(1) + p, n);
    }

    /// <summary>Natural logarithm. 0 gives minus infinity, negative arguments NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Log<V>(V x) where V : unmanaged, ISimd<V>
    {
        V m = V.Frexp(x, out V e);
        return ReducedLog(m - V.Create(1), e);
    }

    /// <summary>Hyperbolic tangent; odd to the bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Tanh<V>(V x) where V : unmanaged, ISimd<V>
    {
        // From |x| = 9.02 on the result rounds to 1.
        V a = V.Clamp(V.Abs(x), 0, 10);
        V p = ReducedExpM1(a + a, out V n);
        V s = V.PowerOfTwo(n);
        V t = V.MultiplyAdd(s, p, s - V.Create(1));
        return V.CopySign(t / (t + V.Create(2)), x);
    }

    /// <summary>1 / (1 + e^-x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Sigmoid<V>(V x) where V : unmanaged, ISimd<V>
    {
        V one = V.Create(1);
        V z = Exp(-V.Abs(x));
        return V.Select(V.GreaterThan(x, V.Create(0)), one, z) / (one + z);
    }

    /// <summary>log(1 + e^x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Softplus<V>(V x) where V : unmanaged, ISimd<V>
    {
        V zero = V.Create(0), one = V.Create(1), half = V.Create(0.5f);
        V z = Exp(-V.Abs(x));
        // 1 + z = 2^e (1 + f): f = z, or (z - 1) / 2 where z is above 1/2; 1 + z itself is never rounded.
        V above = V.GreaterThan(z, half);
        V f = V.Select(above, (z - one) * half, z);
        V y = ReducedLog(f, V.Select(above, one, zero));
        return V.Select(V.GreaterThan(x, zero), x, zero) + y;
    }

    /// <summary>sin and cos of 2 pi u for u in [0, 1], with 2 ulp each: folding into a quarter turn is exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V SinCosTurns<V>(V u, out V cos) where V : unmanaged, ISimd<V>
    {
        V half = V.Create(0.5f), quarter = V.Create(0.25f);
        V v = u - V.Select(V.GreaterThan(u, half), V.Create(1), V.Create(0));
        V a = V.Abs(v);
        cos = SinQuarter(quarter - a);
        return SinQuarter(V.CopySign(V.Select(V.GreaterThan(a, quarter), half - a, a), v));
    }

    /// <summary>a 2^n for |a| near 1 and n in [-252, 254], rounded once where the result is denormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V ScaleInTwoSteps<V>(V a, V n) where V : unmanaged, ISimd<V>
    {
        V h = V.Round(n * V.Create(0.5f));
        return a * V.PowerOfTwo(h) * V.PowerOfTwo(n - h);
    }

    // x = n ln 2 + r with |r| at most ln 2 / 2; returns e^r - 1 = r + r^2 q(r), |relative error| 2^-26 before rounding.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static V ReducedExpM1<V>(V x, out V n) where V : unmanaged, ISimd<V>
    {
        V magic = V.Create(RoundMagic);
        n = V.MultiplyAdd(x, V.Create(Log2E), magic) - magic;
        V r = V.MultiplyAdd(n, V.Create(-Ln2High), x);
        r = V.MultiplyAdd(n, V.Create(-Ln2Low), r);
        V q = V.MultiplyAdd(V.Create(0.00139466697f), r, V.Create(0.00836671051f));
        q = V.MultiplyAdd(q, r, V.Create(0.0416662805f));
        q = V.MultiplyAdd(q, r, V.Create(0.16666542f));
        q = V.MultiplyAdd(q, r, V.Create(0.5f));
        return V.MultiplyAdd(r * r, q, r);
    }

    /// <summary>
    /// For Frexp by integer arithmetic: scales denormals into the normal range; <paramref name="shift"/> is to be added to the exponent.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V ScaleDenormals<V>(V x, out V shift) where V : unmanaged, ISimd<V>
    {
        V denormal = V.GreaterThan(V.Create(1.17549435e-38f), x);
        shift = V.Select(denormal, V.Create(-23), V.Create(0));
        return V.Select(denormal, x * V.Create(8388608f), x);
    }

    /// <summary>For Frexp by integer arithmetic: the results for 0, infinity, negative x and NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V FrexpEdges<V>(V x, V mantissa, ref V exponent) where V : unmanaged, ISimd<V>
    {
        V zero = V.Create(0), one = V.Create(1), infinity = V.Create(float.PositiveInfinity);
        exponent = V.Select(V.EqualTo(x, zero), -infinity, V.Select(V.EqualTo(x, infinity), infinity, exponent));
        return V.Select(V.GreaterThan(x, zero), V.Select(V.EqualTo(x, infinity), one, mantissa),
            V.Select(V.EqualTo(x, zero), one, V.Create(float.NaN)));
    }

    // e ln 2 + log(1 + f) for 1 + f in [3/4, 3/2): f - f^2/2 + f^3 p(f), |relative error| 2^-27 before rounding.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static V ReducedLog<V>(V f, V e) where V : unmanaged, ISimd<V>
    {
        // Pairs, then pairs of pairs (Estrin): half the latency of Horner's chain.
        V s = f * f, s2 = s * s;
        V p01 = V.MultiplyAdd(V.Create(-0.250000954f), f, V.Create(0.333334506f)),
            p23 = V.MultiplyAdd(V.Create(-0.16647312f), f, V.Create(0.199908614f));
        V p45 = V.MultiplyAdd(V.Create(-0.131611928f), f, V.Create(0.144783944f)),
            p67 = V.MultiplyAdd(V.Create(-0.0450748019f), f, V.Create(0.10463021f));
        V p = V.MultiplyAdd(V.MultiplyAdd(p67, s, p45), s2, V.MultiplyAdd(p23, s, p01));
        V y = V.MultiplyAdd(s * f, p, e * V.Create(Ln2Low));
        y = V.MultiplyAdd(V.Create(-0.5f), s, y);
        return V.MultiplyAdd(e, V.Create(Ln2High), f + y);
    }

    // sin 2 pi w for |w| at most 1/4: w p(w^2), |relative error| 2^-27 before rounding.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static V SinQuarter<V>(V w) where V : unmanaged, ISimd<V>
    {
        V t = w * w;
        V p = V.MultiplyAdd(V.Create(39.7109184f), t, V.Create(-76.5749893f));
        p = V.MultiplyAdd(p, t, V.Create(81.6022339f));
        p = V.MultiplyAdd(p, t, V.Create(-41.3416786f));
        p = V.MultiplyAdd(p, t, V.Create(6.28318548f));
        return w * p;
    }
}
