using Sagan.Native.Kernels;

namespace Sagan.Native;

public static partial class Ops
{
    /// <summary>1 where a &gt; b, else 0, also where either is NaN; broadcasting. No gradient flows through a comparison.</summary>
    public static Tensor Greater(Tensor a, Tensor b) => Compare("greater", a, b, default(GreaterOp));

    /// <summary>1 where a &gt;= b, else 0, also where either is NaN.</summary>
    public static Tensor GreaterOrEqual(Tensor a, Tensor b) => Compare("greater_or_equal", a, b, default(GreaterOrEqualOp));

    /// <summary>1 where a &lt; b, else 0, also where either is NaN.</summary>
    public static Tensor Less(Tensor a, Tensor b) => Greater(b, a);

    /// <summary>1 where a &lt;= b, else 0, also where either is NaN.</summary>
    public static Tensor LessOrEqual(Tensor a, Tensor b) => GreaterOrEqual(b, a);

    /// <summary>1 where a == b, else 0, also where either is NaN.</summary>
    public static Tensor Equal(Tensor a, Tensor b) => Compare("equal", a, b, default(EqualOp));

    /// <summary>1 where a != b, also where either is NaN, else 0.</summary>
    public static Tensor NotEqual(Tensor a, Tensor b) => 1 - Equal(a, b);

    /// <summary>1 where a &gt; b, else 0, also where a is NaN.</summary>
    public static Tensor Greater(Tensor a, float b) => Greater(a, Tensor.Scalar(b, a.Device));

    /// <summary>1 where a &gt;= b, else 0, also where a is NaN.</summary>
    public static Tensor GreaterOrEqual(Tensor a, float b) => GreaterOrEqual(a, Tensor.Scalar(b, a.Device));

    /// <summary>1 where a &lt; b, else 0, also where a is NaN.</summary>
    public static Tensor Less(Tensor a, float b) => Less(a, Tensor.Scalar(b, a.Device));

    /// <summary>1 where a &lt;= b, else 0, also where a is NaN.</summary>
    public static Tensor LessOrEqual(Tensor a, float b) => LessOrEqual(a, Tensor.Scalar(b, a.Device));

    /// <summary>1 where a == b, else 0, also where a is NaN.</summary>
    public static Tensor Equal(Tensor a, float b) => Equal(a, Tensor.Scalar(b, a.Device));

    /// <summary>1 where a != b, also where a is NaN, else 0.</summary>
    public static Tensor NotEqual(Tensor a, float b) => NotEqual(a, Tensor.Scalar(b, a.Device));

    /// <summary>
    /// y = a where the mask is 1, b where it is 0, broadcasting;  da = mask g, db = (1 - mask) g. What is not chosen has no part in
    /// it, be it infinite or NaN.
    /// </summary>
    public static Tensor Where(Tensor mask, Tensor a, Tensor b)
    {
        Shape.Broadcast("where", Shape.Broadcast("where", mask.Shape, a.Shape), b.Shape);
        mask = mask.Detach();
        return Share(a, mask) + Share(b, 1 - mask);
    }

    /// <summary>
    /// y = low where x &lt; low, high where x &gt; high, else x; NaN for NaN, high where low is above high;
    /// dx = g where low &lt;= x &lt;= high, else 0.
    /// </summary>
    public static Tensor Clamp(Tensor x, float low = float.NegativeInfinity, float high = float.PositiveInfinity) =>
        Autograd.Record("clamp", Map(x, new ClampOp(low, high)), new Clamped(x, low, high),
            (x, static (g, s) => Share(g, Within(s.X, s.Low, s.High))));

    internal readonly record struct Clamped(Tensor X, float Low, float High) : ISaved<Clamped>
    {
        public Clamped Keep(SavedTensors by) => this with { X = by.Keep(X) };
    }

    static Tensor Within(Tensor x, float low, float high) =>
        GreaterOrEqual(x, low) * LessOrEqual(x, high);

    static Tensor Compare<TOp>(string op, Tensor a, Tensor b, TOp f) where TOp : unmanaged, IBinaryOp =>
        Autograd.Note(op, Zip(op, a, b, f), new Operands(a, b), a, b);
}
