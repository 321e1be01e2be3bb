namespace Sagan.Native.Kernels;

/// <summary>a &gt; b ? 1 : 0, so 0 where either is NaN.</summary>
readonly struct GreaterOp : IBinaryOp
{
    public float Invoke(float a, float b) => a > b ? 1 : 0;

    public V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => V.Select(V.GreaterThan(a, b), V.Create(1), V.Create(0));
}

/// <summary>a &gt;= b ? 1 : 0, so 0 where either is NaN.</summary>
readonly struct GreaterOrEqualOp : IBinaryOp
{
    public float Invoke(float a, float b) => a >= b ? 1 : 0;

    public V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => V.Select(V.GreaterThanOrEqual(a, b), V.Create(1), V.Create(0));
}

/// <summary>a == b ? 1 : 0, so 0 where either is NaN.</summary>
readonly struct EqualOp : IBinaryOp
{
    public float Invoke(float a, float b) => a == b ? 1 : 0;

    public V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => V.Select(V.EqualTo(a, b), V.Create(1), V.Create(0));
}

/// <summary>low where x is below it, high where x is above it, else x; NaN for NaN. As PyTorch has it, high where low is above
/// high.</summary>
readonly record struct ClampOp(float Low, float High) : IUnaryOp
{
    public float Invoke(float x)
    {
        float least = Low > x ? Low : x;
        return least > High ? High : least;
    }

    public V Invoke<V>(V x) where V : unmanaged, ISimd<V>
    {
        V least = V.Select(V.GreaterThan(V.Create(Low), x), V.Create(Low), x);
        return V.Select(V.GreaterThan(least, V.Create(High)), V.Create(High), least);
    }
}
