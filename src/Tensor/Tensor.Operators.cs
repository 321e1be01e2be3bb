namespace Sagan.Native;

public sealed partial class Tensor
{
    public static Tensor operator +(Tensor a, Tensor b) => Ops.Add(a, b);

    public static Tensor operator +(Tensor a, float b) => Ops.Affine(a, 1, b);

    public static Tensor operator +(float a, Tensor b) => Ops.Affine(b, 1, a);

    public static Tensor operator -(Tensor a, Tensor b) => Ops.Subtract(a, b);

    public static Tensor operator -(Tensor a, float b) => Ops.Affine(a, 1, -b);

    public static Tensor operator -(float a, Tensor b) => Ops.Affine(b, -1, a);

    public static Tensor operator -(Tensor a) => Ops.Affine(a, -1, 0);

    public static Tensor operator *(Tensor a, Tensor b) => Ops.Multiply(a, b);

    public static Tensor operator *(Tensor a, float b) => Ops.Affine(a, b, 0);

    public static Tensor operator *(float a, Tensor b) => Ops.Affine(b, a, 0);

    public static Tensor operator /(Tensor a, Tensor b) => Ops.Divide(a, b);

    public static Tensor operator /(Tensor a, float b) => Ops.Affine(a, 1 / b, 0);

    public static Tensor operator /(float a, Tensor b) => Ops.Affine(Ops.Reciprocal(b), a, 0);

    /// <summary>The same elements in another shape, without a copy; one size may be -1. See <see cref="Ops.Reshape(Tensor, ReadOnlySpan{int})"/>.</summary>
    public Tensor Reshape(params ReadOnlySpan<int> sizes) => Ops.Reshape(this, sizes);
}
