using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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

    /// <summary>A matrix with a copy of these values.</summary>
    public static Tensor From(float[,] values, Device? device = null) =>
        From(Flat(values), new Shape(values.GetLength(0), values.GetLength(1)), device);

    static Span<float> Flat(Array values) =>
        MemoryMarshal.CreateSpan(ref Unsafe.As<byte, float>(ref MemoryMarshal.GetArrayDataReference(values)), values.Length);

    /// <summary>0, 1, ..., count - 1.</summary>
    public static Tensor Arange(int count, Device? device = null) => Arange(0, count, 1, device);

    /// <summary>start, start + step, ... before end, each rounded once.</summary>
    public static Tensor Arange(float start, float end, float step = 1, Device? device = null)
    {
        double count = Math.Ceiling(((double)end - start) / step);
        if (step == 0 || !(count is >= 0 and < int.MaxValue))
            throw new ArgumentOutOfRangeException(nameof(step), step, $"arange: no steps of this size lead from {start} to {end}.");
        float[] values = new float[(int)count];
        for (int i = 0; i < values.Length; i++) values[i] = (float)(start + i * (double)step);
        return From(values, new Shape(values.Length), device);
    }

    /// <summary>Standard normal numbers of a source: <c>Tensor.Randn(random, 2, 3)</c>.</summary>
    public static Tensor Randn(RandomSource random, params ReadOnlySpan<int> sizes) => random.Normal(new Shape(sizes));

    /// <summary>Uniform numbers in [0, 1) of a source.</summary>
    public static Tensor Rand(RandomSource random, params ReadOnlySpan<int> sizes) => random.Uniform(new Shape(sizes));

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
