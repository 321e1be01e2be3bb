using Sagan.Native.Kernels;

namespace Sagan.Native;

/// <summary>
/// The operations on tensors. Each is differentiable to any order, because its gradient is written in operations of this class.
/// Images are channels-last [N, H, W, C]. Meant for <c>using static Sagan.Native.Ops;</c>.
/// </summary>
public static partial class Ops
{
    /// <summary>y = scale x + shift.</summary>
    public static Tensor Affine(Tensor x, float scale, float shift = 0) =>
        Autograd.RecordLinear("affine", Map(x, new AffineOp(scale, shift)), (Scale: scale, Shift: shift),
            (x, static (g, c) => Affine(g, c.Scale)));

    /// <summary>y = a / b for every element;  da = g / b.</summary>
    public static Tensor Divide(Tensor a, float b) =>
        Autograd.RecordLinear("divide_by", Map(a, new DivideByOp(b)), b,
            (a, static (g, b) => Divide(g, b)));

    /// <summary>y = a / b for every element;  db = -g y / b.</summary>
    public static Tensor Divide(float a, Tensor b)
    {
        Tensor y = Map(b, new QuotientOp(a));
        return Autograd.Record("divide_into", y, new QuotientOf(a, b, y),
            (b, static (g, s) => -g * s.Y / s.B));
    }

    internal readonly record struct QuotientOf(float A, Tensor B, Tensor Y) : ISaved<QuotientOf>
    {
        public QuotientOf Keep(SavedTensors by) => new(A, by.Keep(B), by.Keep(Y));
    }

    /// <summary>y = e^x;  dx = g y.</summary>
    public static Tensor Exp(Tensor x)
    {
        Tensor y = Map(x, default(ExpOp));
        return Autograd.Record("exp", y, new Output(y),
            (x, static (g, s) => g * s.Y));
    }

    /// <summary>y = ln x;  dx = g / x.</summary>
    public static Tensor Log(Tensor x) =>
        Autograd.Record("log", Map(x, default(LogOp)), new Input(x),
            (x, static (g, s) => g / s.X));

    /// <summary>y = sqrt x;  dx = g / (2 y), which is infinite at 0: add a small constant under the root where x can be 0.</summary>
    public static Tensor Sqrt(Tensor x)
    {
        Tensor y = Map(x, default(SqrtOp));
        return Autograd.Record("sqrt", y, new Output(y),
            (x, static (g, s) => 0.5f * g / s.Y));
    }

    /// <summary>y = x^2;  dx = 2 g x.</summary>
    public static Tensor Square(Tensor x) =>
        Autograd.Record("square", Map(x, default(SquareOp)), new Input(x),
            (x, static (g, s) => g * (2 * s.X)));

    /// <summary>y = 1 / x;  dx = -g y^2.</summary>
    public static Tensor Reciprocal(Tensor x)
    {
        Tensor y = Map(x, default(ReciprocalOp));
        return Autograd.Record("reciprocal", y, new Output(y),
            (x, static (g, s) => -g * Square(s.Y)));
    }

    /// <summary>y = |x|;  dx = g sign x, 0 at 0.</summary>
    public static Tensor Abs(Tensor x) =>
        Autograd.Record("abs", Map(x, default(AbsOp)), new Input(x),
            (x, static (g, s) => g * Sign(s.X)));

    /// <summary>y = -1, 0 or 1 with the sign of x. Its gradient is 0, so it is not recorded.</summary>
    public static Tensor Sign(Tensor x) => Autograd.Note("sign", Map(x, default(SignOp)), new Input(x), x);

    /// <summary>y = max(x, 0), NaN for NaN;  dx = g, but 0 where y &lt;= 0, whatever g.</summary>
    public static Tensor Relu(Tensor x)
    {
        Tensor y = Map(x, default(ReluOp));
        return Autograd.Record("relu", y, new Rectified(y, 0),
            (x, static (g, s) => LeakyReluGrad(g, s.Y, 0)));
    }

    /// <summary>y = slope x where x &lt; 0, else x, slope &gt;= 0 (0: as <see cref="Relu"/>);  dx = slope g where y &lt;= 0, else
    /// g.</summary>
    public static Tensor LeakyRelu(Tensor x, float slope)
    {
        if (!(slope >= 0 && float.IsFinite(slope)))
            throw new ArgumentOutOfRangeException(nameof(slope), slope,
                "leaky_relu: the slope must be a number of at least 0, since the gradient is told from the sign of y.");
        Tensor y = Map(x, new LeakyReluOp(slope));
        return Autograd.Record("leaky_relu", y, new Rectified(y, slope),
            (x, static (g, s) => LeakyReluGrad(g, s.Y, s.Slope)));
    }

    internal readonly record struct Rectified(Tensor Y, float Slope) : ISaved<Rectified>
    {
        public Rectified Keep(SavedTensors by) => new(by.Keep(Y), Slope);
    }

    /// <summary>slope g where y &lt;= 0 (0 for slope 0, whatever g), else g: linear in g, and constant in y wherever it is
    /// differentiable.</summary>
    public static Tensor LeakyReluGrad(Tensor g, Tensor y, float slope) =>
        Autograd.Record("leaky_relu_grad", Zip("leaky_relu_grad", g, y, new LeakyReluGradOp(slope)), new Rectified(y, slope),
            (g, static (h, s) => LeakyReluGrad(h, s.Y, s.Slope)));

    /// <summary>y = tanh x;  dx = g (1 - y^2).</summary>
    public static Tensor Tanh(Tensor x)
    {
        Tensor y = Map(x, default(TanhOp));
        return Autograd.Record("tanh", y, new Output(y),
            (x, static (g, s) => TanhGrad(g, s.Y)));
    }

    /// <summary>g (1 - y^2);  to g: h (1 - y^2), to y: -2 h g y.</summary>
    public static Tensor TanhGrad(Tensor g, Tensor y) =>
        Autograd.Record("tanh_grad", Zip("tanh_grad", g, y, default(TanhGradOp)), new Slope(g, y),
            (g, static (h, s) => TanhGrad(h, s.Y)),
            (y, static (h, s) => -2 * h * s.G * s.Y));

    // What the gradients of a gradient read.
    readonly record struct Slope(Tensor G, Tensor Y) : ISaved<Slope>
    {
        public Slope Keep(SavedTensors by) => new(by.Keep(G), by.Keep(Y));
    }

    /// <summary>y = 1 / (1 + e^-x);  dx = g y (1 - y).</summary>
    public static Tensor Sigmoid(Tensor x)
    {
        Tensor y = Map(x, default(SigmoidOp));
        return Autograd.Record("sigmoid", y, new Output(y),
            (x, static (g, s) => SigmoidGrad(g, s.Y)));
    }

    /// <summary>g y (1 - y);  to g: h y (1 - y), to y: h g (1 - 2 y).</summary>
    public static Tensor SigmoidGrad(Tensor g, Tensor y) =>
        Autograd.Record("sigmoid_grad", Zip("sigmoid_grad", g, y, default(SigmoidGradOp)), new Slope(g, y),
            (g, static (h, s) => SigmoidGrad(h, s.Y)),
            (y, static (h, s) => h * s.G * (1 - 2 * s.Y)));

    /// <summary>y = ln(1 + e^x);  dx = g sigmoid x.</summary>
    public static Tensor Softplus(Tensor x) =>
        Autograd.Record("softplus", Map(x, default(SoftplusOp)), new Input(x),
            (x, static (g, s) => g * Sigmoid(s.X)));

    static Tensor Map<TOp>(Tensor x, TOp f) where TOp : unmanaged, IUnaryOp
    {
        Tensor y = Tensor.Empty(x.Shape, x.Device);
        x.Backend.Map(x.Storage, y.Storage, x.Count, f);
        GC.KeepAlive(x);
        return y;
    }
}
