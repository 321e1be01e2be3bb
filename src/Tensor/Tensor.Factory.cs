using Sagan.Native.Kernels;

namespace Sagan.Native;

public sealed partial class Tensor
{
    /// <summary>A tensor with a copy of these values. Throws <see cref="ShapeException"/> when their number is not the shape's.</summary>
    public static Tensor From(ReadOnlySpan<float> values, Shape shape, Device? device = null)
    {
        if (values.Length != shape.Count) throw new ShapeException($"from: {values.Length} values given, {shape} has {shape.Count}.");
        Tensor t = Empty(shape, device ?? Device.Cpu);
        t.Storage.CopyFrom(values);
        return t;
    }

    /// <summary>A vector with a copy of these values.</summary>
    public static Tensor From(params ReadOnlySpan<float> values) => From(values, new Shape(values.Length));

    /// <summary>A tensor of rank 0.</summary>
    public static Tensor Scalar(float value, Device? device = null) => Full(value, new Shape(), device);

    /// <summary>A tensor with every element equal to <paramref name="value"/>.</summary>
    public static Tensor Full(float value, Shape shape, Device? device = null)
    {
        Tensor t = Empty(shape, device ?? Device.Cpu);
        t.Backend.Fill(t.Storage, t.Count, value);
        return t;
    }

    /// <summary>A tensor of zeros.</summary>
    public static Tensor Zeros(Shape shape, Device? device = null) => Full(0, shape, device);

    /// <summary>A tensor of ones.</summary>
    public static Tensor Ones(Shape shape, Device? device = null) => Full(1, shape, device);

    /// <summary>The same values on another device (the same tensor when it is there already). Gradients do not flow through it.</summary>
    public Tensor To(Device device) => device == Device ? this : From(ToArray(), Shape, device);
}
