namespace Sagan.Native;

public sealed partial class Tensor
{
    /// <summary>a + b, broadcasting: <see cref="Ops.Add"/>.</summary>
    public static Tensor operator +(Tensor a, Tensor b) => Ops.Add(a, b);

    /// <summary>a + b for every element.</summary>
    public static Tensor operator +(Tensor a, float b) => Ops.Affine(a, 1, b);

    /// <summary>a + b for every element.</summary>
    public static Tensor operator +(float a, Tensor b) => Ops.Affine(b, 1, a);

    /// <summary>a - b, broadcasting: <see cref="Ops.Subtract"/>.</summary>
    public static Tensor operator -(Tensor a, Tensor b) => Ops.Subtract(a, b);

    /// <summary>a - b for every element.</summary>
    public static Tensor operator -(Tensor a, float b) => Ops.Affine(a, 1, -b);

    /// <summary>a - b for every element.</summary>
    public static Tensor operator -(float a, Tensor b) => Ops.Affine(b, -1, a);

    /// <summary>-a.</summary>
    public static Tensor operator -(Tensor a) => Ops.Affine(a, -1, 0);

    /// <summary>a b elementwise, broadcasting: <see cref="Ops.Multiply"/>. For matrices see <see cref="Ops.MatMul"/>.</summary>
    public static Tensor operator *(Tensor a, Tensor b) => Ops.Multiply(a, b);

    /// <summary>a b for every element.</summary>
    public static Tensor operator *(Tensor a, float b) => Ops.Affine(a, b, 0);

    /// <summary>a b for every element.</summary>
    public static Tensor operator *(float a, Tensor b) => Ops.Affine(b, a, 0);

    /// <summary>a / b elementwise, broadcasting: <see cref="Ops.Divide(Tensor, Tensor)"/>.</summary>
    public static Tensor operator /(Tensor a, Tensor b) => Ops.Divide(a, b);

    /// <summary>a / b for every element.</summary>
    public static Tensor operator /(Tensor a, float b) => Ops.Divide(a, b);

    /// <summary>a / b for every element.</summary>
    public static Tensor operator /(float a, Tensor b) => Ops.Divide(a, b);

    /// <summary>a + b for every element, b rounded to float32.</summary>
    public static Tensor operator +(Tensor a, double b) => a + (float)b;

    /// <summary>a + b for every element, a rounded to float32.</summary>
    public static Tensor operator +(double a, Tensor b) => (float)a + b;

    /// <summary>a - b for every element, b rounded to float32.</summary>
    public static Tensor operator -(Tensor a, double b) => a - (float)b;

    /// <summary>a - b for every element, a rounded to float32.</summary>
    public static Tensor operator -(double a, Tensor b) => (float)a - b;

    /// <summary>a b for every element, b rounded to float32.</summary>
    public static Tensor operator *(Tensor a, double b) => a * (float)b;

    /// <summary>a b for every element, a rounded to float32.</summary>
    public static Tensor operator *(double a, Tensor b) => (float)a * b;

    /// <summary>a / b for every element, b rounded to float32.</summary>
    public static Tensor operator /(Tensor a, double b) => a / (float)b;

    /// <summary>a / b for every element, a rounded to float32.</summary>
    public static Tensor operator /(double a, Tensor b) => (float)a / b;

    /// <summary>The same elements in another shape, without a copy; one size may be -1. See
    /// <see cref="Ops.Reshape(Tensor, ReadOnlySpan{int})"/>.</summary>
    public Tensor Reshape(params ReadOnlySpan<int> sizes) => Ops.Reshape(this, sizes);
}
