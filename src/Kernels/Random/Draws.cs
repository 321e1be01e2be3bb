namespace Sagan.Native.Kernels;

/// <summary>Makes two elements out of the top 24 bits of two words.</summary>
interface IDraw
{
    static abstract V Even<V>(V a, V b, out V odd) where V : unmanaged, ISimd<V>;
}

readonly struct UniformDraw : IDraw
{
    public static V Even<V>(V a, V b, out V odd) where V : unmanaged, ISimd<V>
    {
        V unit = V.Create(1f / (1 << 24));
        odd = b * unit;
        return a * unit;
    }
}

readonly struct NormalDraw : IDraw
{
    public static V Even<V>(V a, V b, out V odd) where V : unmanaged, ISimd<V>
    {
        V unit = V.Create(1f / (1 << 24));
        V r = V.Sqrt(V.Create(-2) * SimdMath.Log((a + V.Create(1)) * unit));
        V sin = SimdMath.SinCosTurns(b * unit, out V cos);
        odd = r * sin;
        return r * cos;
    }
}
