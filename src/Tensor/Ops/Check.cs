using System.Diagnostics;
using Sagan.Native.Kernels;

namespace Sagan.Native;

/// <summary>Rules about operands that several ops share. Every message names the op, the rule and the operands.</summary>
[StackTraceHidden]
static class Check
{
    public static void SameDevice(string op, Tensor a, Tensor b)
    {
        if (a.Device != b.Device) throw new ArgumentException($"{op}: operands are on different devices: {a.Shape} on {a.Device}, {b.Shape} on {b.Device}; use To.");
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

    public static ImageSpec Image(string op, Tensor x)
    {
        Rank(op, "x", x, 4, "[N, H, W, C]");
        return new ImageSpec(x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]);
    }
}
