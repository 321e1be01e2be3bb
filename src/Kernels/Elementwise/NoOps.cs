namespace Sagan.Native.Kernels;

/// <summary>x: what a fused kernel applies where no activation follows.</summary>
readonly struct IdentityOp : IUnaryOp
{
    public float Invoke(float x) => x;

    public V Invoke<V>(V x) where V : unmanaged, ISimd<V> => x;
}

/// <summary>a, whatever b: the gradient where no activation follows.</summary>
readonly struct FirstOp : IBinaryOp
{
    public float Invoke(float a, float b) => a;

    public V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V> => a;
}
