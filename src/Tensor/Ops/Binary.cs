using Sagan.Native.Kernels;

namespace Sagan.Native;

public static partial class Ops
{
    /// <summary>y = a + b, broadcasting;  da = g, db = g, each summed over the axes that were broadcast.</summary>
    public static Tensor Add(Tensor a, Tensor b) =>
        Autograd.RecordLinear("add", Zip("add", a, b, default(AddOp)), (A: a.Shape, B: b.Shape),
            (a, static (g, c) => SumTo(g, c.A)),
            (b, static (g, c) => SumTo(g, c.B)));

    /// <summary>y = a - b, broadcasting;  da = g, db = -g.</summary>
    public static Tensor Subtract(Tensor a, Tensor b) =>
        Autograd.RecordLinear("subtract", Zip("subtract", a, b, default(SubtractOp)), (A: a.Shape, B: b.Shape),
            (a, static (g, c) => SumTo(g, c.A)),
            (b, static (g, c) => -SumTo(g, c.B)));

    /// <summary>y = a b elementwise, broadcasting;  da = g b, db = g a.</summary>
    public static Tensor Multiply(Tensor a, Tensor b) =>
        Autograd.Record("multiply", Zip("multiply", a, b, default(MultiplyOp)), new Operands(a, b),
            (a, static (g, s) => SumTo(g * s.B, s.A.Shape)),
            (b, static (g, s) => SumTo(g * s.A, s.B.Shape)));

    /// <summary>y = a / b elementwise, broadcasting;  da = g / b, db = -g y / b.</summary>
    public static Tensor Divide(Tensor a, Tensor b)
    {
        Tensor y = Zip("divide", a, b, default(DivideOp));
        return Autograd.Record("divide", y, new Quotient(a.Shape, b, y),
            (a, static (g, s) => SumTo(g / s.B, s.A)),
            (b, static (g, s) => SumTo(-g * s.Y / s.B, s.B.Shape)));
    }

    readonly record struct Quotient(Shape A, Tensor B, Tensor Y) : ISaved<Quotient>
    {
        public Quotient Keep(SavedTensors by) => new(A, by.Keep(B), by.Keep(Y));
    }

    /// <summary>
    /// y = the larger of a and b, NaN where either is NaN, broadcasting;  the larger one gets g, the smaller 0, equal ones g / 2 each,
    /// both g where y is NaN.
    /// </summary>
    public static Tensor Max(Tensor a, Tensor b) =>
        Autograd.Record("max", Zip("max", a, b, default(MaxOp)), new Operands(a, b),
            (a, static (g, s) => SumTo(Share(g, MaxShare(s.A, s.B)), s.A.Shape)),
            (b, static (g, s) => SumTo(Share(g, MaxShare(s.B, s.A)), s.B.Shape)));

    // share g, broadcasting, 0 where the share is 0. The share is a constant.
    static Tensor Share(Tensor g, Tensor share) =>
        Autograd.RecordJoint("share", Zip("share", g, share, default(ShareOp)), new Shared(share, g.Shape), inputs: [g, share],
            static (h, s, d) => d[0] = SumTo(Share(h, s.Part), s.G));

    readonly record struct Shared(Tensor Part, Shape G) : ISaved<Shared>
    {
        public Shared Keep(SavedTensors by) => this with { Part = by.Keep(Part) };
    }

    // 1 where a > b, 1/2 where they are equal: piecewise constant, so not recorded.
    static Tensor MaxShare(Tensor a, Tensor b) => Zip("max", a, b, default(MaxShareOp));

    static Tensor Zip<TOp>(string op, Tensor a, Tensor b, TOp f) where TOp : unmanaged, IBinaryOp
    {
        Check.SameDevice(op, a, b);
        Shape shape = Shape.Broadcast(op, a.Shape, b.Shape);
        Tensor y = Tensor.Empty(shape, a.Device);
        a.Backend.Zip(a.Storage, b.Storage, y.Storage, new BroadcastSpec(a.Shape, b.Shape, shape), f);
        GC.KeepAlive(a);
        GC.KeepAlive(b);
        return y;
    }
}
