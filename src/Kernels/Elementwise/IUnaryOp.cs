namespace Sagan.Native.Kernels;

/// <summary>
/// An elementwise function: a scalar form, which is its definition and what Reference calls, and a vector form for the SIMD loops and, with
/// one lane, GPU kernels. The two agree for every float, NaN, infinities and denormals too: there a function gives what PyTorch's gives,
/// unless its summary says otherwise.
/// </summary>
interface IUnaryOp
{
    float Invoke(float x);

    V Invoke<V>(V x) where V : unmanaged, ISimd<V>;
}

/// <summary>An elementwise function of two operands: see <see cref="IUnaryOp"/>.</summary>
interface IBinaryOp
{
    float Invoke(float a, float b);

    V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V>;
}
