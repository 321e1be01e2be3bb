namespace Sagan.Native.Kernels;

/// <summary>Transcendental functions for any vector width.</summary>
public static class SimdMath
{
    public static V Exp<V>(V x) where V : unmanaged, ISimd<V> => x;

    public static V Log<V>(V x) where V : unmanaged, ISimd<V> => x;

    public static V Tanh<V>(V x) where V : unmanaged, ISimd<V> => x;

    public static V Sigmoid<V>(V x) where V : unmanaged, ISimd<V> => x;

    public static V Softplus<V>(V x) where V : unmanaged, ISimd<V> => x;
}
