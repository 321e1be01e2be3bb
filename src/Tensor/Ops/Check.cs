using System.Diagnostics;
using Sagan.Native.Kernels;

namespace Sagan.Native;

/// <summary>Operands lie on more than one device.</summary>
sealed class DeviceMismatchException(string message) : ArgumentException(message);

/// <summary>Rules about operands that several ops share. Every message names the op, the rule and the operands.</summary>
[StackTraceHidden]
static class Check
{
    public static void SameDevice(string op, Tensor a, Tensor b)
    {
        if (a.Device != b.Device)
            throw new DeviceMismatchException(
                $"{op}: operands are on different devices: {a.Shape} on {a.Device}, {b.Shape} on {b.Device}; use To.");
    }

    public static void Rank(string op, string name, Tensor x, int rank, string axes)
    {
        if (x.Rank != rank) throw new ShapeException($"{op}: {name} {x.Shape} has {x.Rank} axes, {rank} are needed: {axes}.");
    }

    public static void Vector(string op, string name, Tensor x, int count, string of)
    {
        if (x.Rank != 1 || x.Count != count) throw new ShapeException($"{op}: {name} {x.Shape} must be [{count}], {of}.");
    }

    public static void Shape(string op, string name, Tensor x, Shape shape, string of)
    {
        if (x.Shape != shape) throw new ShapeException($"{op}: {name} {x.Shape} must be {shape}, {of}.");
    }

    /// <summary>A size that must be there: of a module, a kernel, a stride.</summary>
    public static int Positive(string op, string name, int size, int most = int.MaxValue)
    {
        if (size < 1) throw new ShapeException($"{op}: {name} is {size}, it must be at least 1.");
        if (size > most) throw new ShapeException($"{op}: {name} is {size}, it must be at most {most}.");
        return size;
    }

    /// <summary>A number of pixels that may be 0.</summary>
    public static int NotNegative(string op, string name, int size)
    {
        if (size is < 0 or > MaxPixels) throw new ShapeException($"{op}: {name} is {size}, it must be in 0..{MaxPixels}.");
        return size;
    }

    /// <summary>The largest kernel, stride and padding: sums of some of them and a size stay inside an int.</summary>
    public const int MaxPixels = short.MaxValue;

    public static ImageSpec Image(string op, Tensor x)
    {
        Rank(op, "x", x, 4, "[N, H, W, C]");
        return new ImageSpec(x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]);
    }
}
