namespace Sagan.Native;

// C# looks for operators in the types of the operands, not in what they convert to.
public sealed partial class Parameter
{
    /// <summary>-a.</summary>
    public static Tensor operator -(Parameter a) => -a.Value;

    /// <summary>a + b, broadcasting.</summary>
    public static Tensor operator +(Parameter a, Parameter b) => a.Value + b.Value;

    /// <summary>a + b for every element.</summary>
    public static Tensor operator +(Parameter a, float b) => a.Value + b;

    /// <summary>a + b for every element.</summary>
    public static Tensor operator +(float a, Parameter b) => a + b.Value;

    /// <summary>a + b for every element.</summary>
    public static Tensor operator +(Parameter a, double b) => a.Value + b;

    /// <summary>a + b for every element.</summary>
    public static Tensor operator +(double a, Parameter b) => a + b.Value;

    /// <summary>a - b, broadcasting.</summary>
    public static Tensor operator -(Parameter a, Parameter b) => a.Value - b.Value;

    /// <summary>a - b for every element.</summary>
    public static Tensor operator -(Parameter a, float b) => a.Value - b;

    /// <summary>a - b for every element.</summary>
    public static Tensor operator -(float a, Parameter b) => a - b.Value;

    /// <summary>a - b for every element.</summary>
    public static Tensor operator -(Parameter a, double b) => a.Value - b;

    /// <summary>a - b for every element.</summary>
    public static Tensor operator -(double a, Parameter b) => a - b.Value;

    /// <summary>a b, broadcasting.</summary>
    public static Tensor operator *(Parameter a, Parameter b) => a.Value * b.Value;

    /// <summary>a b for every element.</summary>
    public static Tensor operator *(Parameter a, float b) => a.Value * b;

    /// <summary>a b for every element.</summary>
    public static Tensor operator *(float a, Parameter b) => a * b.Value;

    /// <summary>a b for every element.</summary>
    public static Tensor operator *(Parameter a, double b) => a.Value * b;

    /// <summary>a b for every element.</summary>
    public static Tensor operator *(double a, Parameter b) => a * b.Value;

    /// <summary>a / b, broadcasting.</summary>
    public static Tensor operator /(Parameter a, Parameter b) => a.Value / b.Value;

    /// <summary>a / b for every element.</summary>
    public static Tensor operator /(Parameter a, float b) => a.Value / b;

    /// <summary>a / b for every element.</summary>
    public static Tensor operator /(float a, Parameter b) => a / b.Value;

    /// <summary>a / b for every element.</summary>
    public static Tensor operator /(Parameter a, double b) => a.Value / b;

    /// <summary>a / b for every element.</summary>
    public static Tensor operator /(double a, Parameter b) => a / b.Value;
}
