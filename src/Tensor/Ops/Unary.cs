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
        Autograd.Record("affine", Map(x, new AffineOp(scale, shift)), scale, save: [],
            (x, static (g, _, scale) => Affine(g, scale)));

    /// <summary>y = a / b for every element;  da = g / b.</summary>
    public static Tensor Divide(Tensor a, float b) =>
        Autograd.Record("divide", Map(a, new DivideByOp(b)), b, save: [],
            (a, static (g, _, b) => Divide(g, b)));

    /// <summary>y = a / b for every element;  db = -g y / b.</summary>
    public static Tensor Divide(float a, Tensor b)
    {
        Tensor y = Map(b, new QuotientOp(a));
        return Autograd.Record("divide", y, 0, save: [b, y],
            (b, static (g, s, _) => -g * s[1] / s[0]));
    }

    /// <summary>y = e^x;  dx = g y.</summary>
    public static Tensor Exp(Tensor x)
    {
        Tensor y = Map(x, default(ExpOp));
        return Autograd.Record("exp", y, 0, save: [y],
            (x, static (g, s, _) => g * s[0]));
    }

    /// <summary>y = ln x;  dx = g / x.</summary>
    public static Tensor Log(Tensor x) =>
        Autograd.Record("log", Map(x, default(LogOp)), 0, save: [x],
            (x, static (g, s, _) => g / s[0]));

    /// <summary>y = sqrt x;  dx = g / (2 y), which is infinite at 0: add a small constant under the root where x can be 0.</summary>
    public static Tensor Sqrt(Tensor x)
    {
        Tensor y = Map(x, default(SqrtOp));
        return Autograd.Record("sqrt", y, 0, save: [y],
            (x, static (g, s, _) => 0.5f * g / s[0]));
    }

    /// <summary>y = x^2;  dx = 2 g x.</summary>
    public static Tensor Square(Tensor x) =>
        Autograd.Record("square", Map(x, default(SquareOp)), 0, save: [x],
            (x, static (g, s, _) => g * (2 * s[0])));

    /// <summary>y = 1 / x;  dx = -g y^2.</summary>
    public static Tensor Reciprocal(Tensor x)
    {
        Tensor y = Map(x, default(ReciprocalOp));
        return Autograd.Record("reciprocal", y, 0, save: [y],
            (x, static (g, s, _) => -g * Square(s[0])));
    }

    /// <summary>y = |x|;  dx = g sign x, 0 at 0.</summary>
    public static Tensor Abs(Tensor x) =>
        Autograd.Record("abs", Map(x, default(AbsOp)), 0, save: [x],
            (x, static (g, s, _) => g * Sign(s[0])));

    /// <summary>y = -1, 0 or 1 with the sign of x. Its gradient is 0, so it is not recorded.</summary>
    public static Tensor Sign(Tensor x) => Map(x, default(SignOp));

    /// <summary>y = max(x, 0), NaN for NaN;  dx = g, but 0 where y &lt;= 0, whatever g.</summary>
    public static Tensor Relu(Tensor x)
    {
        Tensor y = Map(x, default(ReluOp));
        return Autograd.Record("relu", y, 0, save: [y],
            (x, static (g, s, _) => LeakyReluGrad(g, s[0], 0)));
    }

    /// <summary>y = slope x where x &lt; 0, else x, slope &gt;= 0 (0: as <see cref="Relu"/>);  dx = slope g where y &lt;= 0, else g.</summary>
    public static Tensor LeakyRelu(Tensor x, float slope)
    {
        if (!(slope >= 0 && float.IsFinite(slope)))
            throw new ArgumentOutOfRangeException(nameof(slope), slope,
                "leaky_relu: the slope must be a number of at least 0, since the gradient is told from the sign of y.");
        Tensor y = Map(x, new LeakyReluOp(slope));
        return Autograd.Record("leaky_relu", y, slope, save: [y],
            (x, static (g, s, slope) => LeakyReluGrad(g, s[0], slope)));
    }

    /// <summary>slope g where y &lt;= 0 (0 for slope 0, whatever g), else g: linear in g, and constant in y wherever it is differentiable.</summary>
    public static Tensor LeakyReluGrad(Tensor g, Tensor y, float slope) =>
        Autograd.Record("leaky_relu_grad", Zip("leaky_relu_grad", g, y, new LeakyReluGradOp(slope)), slope, save: [y],
            (g, static (h, s, slope) => LeakyReluGrad(h, s[0], slope)));

    /// <summary>y = tanh x;  dx = g (1 - y^2).</summary>
    public static Tensor Tanh(Tensor x)
    {
        Tensor y = Map(x, default(TanhOp));
        return Autograd.Record("tanh", y, 0, save: [y],
            (x, static (g, s, _) => TanhGrad(g, s[0])));
    }

    /// <summary>g (1 - y^2);  to g: h (1 - y^2), to y: -2 h g y.</summary>
    public static Tensor TanhGrad(Tensor g, Tensor y) =>
        Autograd.Record("tanh_grad", Zip("tanh_grad", g, y, default(TanhGradOp)), 0, save: [g, y],
            (g, static (h, s, _) => TanhGrad(h, s[1])),
            (y, static (h, s, _) => -2 * h * s[0] * s[1]));

    /// <summary>y = 1 / (1 + e^-x);  dx = g y (1 - y).</summary>
    public static Tensor Sigmoid(Tensor x)
    {
        Tensor y = Map(x, default(SigmoidOp));
        return Autograd.Record("sigmoid", y, 0, save: [y],
            (x, static (g, s, _) => SigmoidGrad(g, s[0])));
    }

    /// <summary>g y (1 - y);  to g: h y (1 - y), to y: h g (1 - 2 y).</summary>
    public static Tensor SigmoidGrad(Tensor g, Tensor y) =>
        Autograd.Record("sigmoid_grad", Zip("sigmoid_grad", g, y, default(SigmoidGradOp)), 0, save: [g, y],
            (g, static (h, s, _) => SigmoidGrad(h, s[1])),
            (y, static (h, s, _) => h * s[0] * (1 - 2 * s[1])));

    /// <summary>y = ln(1 + e^x);  dx = g sigmoid x.</summary>
    public static Tensor Softplus(Tensor x) =>
        Autograd.Record("softplus", Map(x, default(SoftplusOp)), 0, save: [x],
            (x, static (g, s, _) => g * Sigmoid(s[0])));

    static Tensor Map<TOp>(Tensor x, TOp f) where TOp : unmanaged, IUnaryOp
    {
        Tensor y = Tensor.Empty(x.Shape, x.Device);
        x.Backend.Map(x.Storage, y.Storage, x.Count, f);
        GC.KeepAlive(x);
        return y;
    }
}
