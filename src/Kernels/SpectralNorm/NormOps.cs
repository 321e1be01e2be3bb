namespace Sagan.Native.Kernels;

/// <summary>What a weight is divided by: x, or 1 where x is 0.</summary>
readonly struct NonZeroOp : IUnaryOp
{
    public float Invoke(float x) => x == 0 ? 1 : x;

    public V Invoke<V>(V x) where V : unmanaged, ISimd<V> => V.Select(V.EqualTo(x, V.Create(0)), V.Create(1), x);
}

/// <summary>1 / x, or 1 where x is 0; the largest float where 1 / x would be beyond it, below 2.94e-39.</summary>
readonly struct InverseNormOp : IUnaryOp
{
    public float Invoke(float x) => Math.Clamp(1 / (x == 0 ? 1 : x), float.MinValue, float.MaxValue);

    public V Invoke<V>(V x)
        where V : unmanaged, ISimd<V> => V.Clamp(V.Create(1) / default(NonZeroOp).Invoke(x), float.MinValue, float.MaxValue);
}
