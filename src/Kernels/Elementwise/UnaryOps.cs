namespace Sagan.Native.Kernels;

/// <summary>scale x + shift.</summary>
readonly record struct AffineOp(float Scale, float Shift) : IUnaryOp
{
    public float Invoke(float x) => Scale * x + Shift;

    public V Invoke<V>(V x) where V : unmanaged, ISimd<V> => V.MultiplyAdd(V.Create(Scale), x, V.Create(Shift));
}

/// <summary>x^2.</summary>
readonly struct SquareOp : IUnaryOp
{
    public float Invoke(float x) => x * x;

    public V Invoke<V>(V x) where V : unmanaged, ISimd<V> => x * x;
}

/// <summary>sqrt x.</summary>
readonly struct SqrtOp : IUnaryOp
{
    public float Invoke(float x) => MathF.Sqrt(x);

    public V Invoke<V>(V x) where V : unmanaged, ISimd<V> => V.Sqrt(x);
}

/// <summary>x / divisor. Not x times 1 / divisor, which is infinite for divisors below 3e-39 and rounded twice for others.</summary>
readonly record struct DivideByOp(float Divisor) : IUnaryOp
{
    public float Invoke(float x) => x / Divisor;

    public V Invoke<V>(V x) where V : unmanaged, ISimd<V> => x / V.Create(Divisor);
}

/// <summary>dividend / x.</summary>
readonly record struct QuotientOp(float Dividend) : IUnaryOp
{
    public float Invoke(float x) => Dividend / x;

    public V Invoke<V>(V x) where V : unmanaged, ISimd<V> => V.Create(Dividend) / x;
}

/// <summary>1 / x.</summary>
readonly struct ReciprocalOp : IUnaryOp
{
    public float Invoke(float x) => 1 / x;

    public V Invoke<V>(V x) where V : unmanaged, ISimd<V> => V.Create(1) / x;
}

/// <summary>|x|.</summary>
readonly struct AbsOp : IUnaryOp
{
    public float Invoke(float x) => MathF.Abs(x);

    public V Invoke<V>(V x) where V : unmanaged, ISimd<V> => V.Abs(x);
}

/// <summary>-1, 0 or 1 with the sign of x; 0 for NaN.</summary>
readonly struct SignOp : IUnaryOp
{
    public float Invoke(float x) => x > 0 ? 1 : 0 > x ? -1 : 0;

    public V Invoke<V>(V x) where V : unmanaged, ISimd<V>
    {
        V zero = V.Create(0);
        return V.Select(V.GreaterThan(x, zero), V.Create(1), V.Select(V.GreaterThan(zero, x), V.Create(-1), zero));
    }
}

/// <summary>max(x, 0); NaN stays NaN.</summary>
readonly struct ReluOp : IUnaryOp
{
    public float Invoke(float x) => 0 > x ? 0 : x;

    public V Invoke<V>(V x) where V : unmanaged, ISimd<V> => V.Select(V.GreaterThan(V.Create(0), x), V.Create(0), x);
}

/// <summary>x &lt; 0 ? slope x : x, with 0 for slope x where slope is 0, also at minus infinity; NaN stays NaN.</summary>
readonly record struct LeakyReluOp(float Slope) : IUnaryOp
{
    public float Invoke(float x) => 0 > x ? Slope == 0 ? 0 : Slope * x : x;

    public V Invoke<V>(V x) where V : unmanaged, ISimd<V> =>
        V.Select(V.GreaterThan(V.Create(0), x), Slope == 0 ? V.Create(0) : V.Create(Slope) * x, x);
}

/// <summary>e^x. Vector form: see <see cref="SimdMath.Exp"/>.</summary>
readonly struct ExpOp : IUnaryOp
{
    public float Invoke(float x) => MathF.Exp(x);

    public V Invoke<V>(V x) where V : unmanaged, ISimd<V> => SimdMath.Exp(x);
}

/// <summary>Natural logarithm.</summary>
readonly struct LogOp : IUnaryOp
{
    public float Invoke(float x) => MathF.Log(x);

    public V Invoke<V>(V x) where V : unmanaged, ISimd<V> => SimdMath.Log(x);
}

/// <summary>Hyperbolic tangent.</summary>
readonly struct TanhOp : IUnaryOp
{
    public float Invoke(float x) => MathF.Tanh(x);

    public V Invoke<V>(V x) where V : unmanaged, ISimd<V> => SimdMath.Tanh(x);
}

/// <summary>1 / (1 + e^-x).</summary>
readonly struct SigmoidOp : IUnaryOp
{
    public float Invoke(float x) => 1 / (1 + MathF.Exp(-x));

    public V Invoke<V>(V x) where V : unmanaged, ISimd<V> => SimdMath.Sigmoid(x);
}

/// <summary>log(1 + e^x) = max(x, 0) + log1p(e^-|x|).</summary>
readonly struct SoftplusOp : IUnaryOp
{
    public float Invoke(float x)
    {
        // The second term is what rounding took from u: without it the result is 0 below -37.
        double z = Math.Exp(-Math.Abs((double)x)), u = 1 + z;
        return (float)(Math.Max(x, 0) + (Math.Log(u) - (u - 1 - z) / u));
    }

    public V Invoke<V>(V x) where V : unmanaged, ISimd<V> => SimdMath.Softplus(x);
}
