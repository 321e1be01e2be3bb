using Sagan.Native.Kernels;

namespace Sagan.Native;

public static partial class Ops
{
    /// <summary>
    /// y[n,i,j,o] = act(sum over u,v,c of x[n, i stride + u - padding, j stride + v - padding, c] w[o,u,v,c] + bias[o])
    /// <code>x [N,H,W,Ci]  w [Co,Kh,Kw,Ci]  bias [Co]  y [N,H',W',Co]   H' = floor((H + 2 padding - Kh) / stride) + 1
    /// dz = g act'(y)   dx = Conv2dInputGrad(dz, w)   dw = Conv2dWeightGrad(x, dz)   dbias = sum of dz over n,i,j</code>
    /// Where <paramref name="norm"/> is given, w / sigma takes the place of w.
    /// </summary>
    public static Tensor Conv2d(Tensor x, Tensor w, Tensor? bias = null, int stride = 1, int padding = 0, Activation activation = default,
        SingularTriplet? norm = null)
    {
        Conv2dSpec c = Conv2dCheck(x, w, bias, stride, padding);
        if (FusedProduct(x, w, bias, norm) is not { } fused)
            return Activate(AddBias(PlainConv2d(x, norm == null ? w : SpectralNorm(w, norm), c), bias), activation);
        Tensor y = Tensor.Empty(new Shape(c.N, c.OutH, c.OutW, c.Co), x.Device);
        Tensor? scale = Scale(norm);
        fused.Conv2dBias(x.Storage, w.Storage, scale?.Storage, bias?.Storage, y.Storage, c, activation);
        return Autograd.RecordJoint("conv2d", y, new WeightedProduct<Conv2dSpec>(x, w, y, norm, scale, c, activation), inputs: [x, w, bias],
            static (g, s, d) =>
            {
                (Tensor dz, Tensor? dbias) = BiasActivationBackward(g, s.Y, s.Activation, d.Wants(2));
                if (d.Wants(0)) d[0] = ScaledConv2dInputGrad(dz, s.WeightForInput(), s.Spec);
                if (d.Wants(1)) d[1] = WeightGrad(Conv2dWeightGrad(s.X, dz, s.Spec), s.Weight, s.Norm);
                d[2] = dbias;
            });
    }

    static Tensor PlainConv2d(Tensor x, Tensor w, Conv2dSpec c)
    {
        Tensor y = Tensor.Empty(new Shape(c.N, c.OutH, c.OutW, c.Co), x.Device);
        x.Backend.Conv2d(x.Storage, w.Storage, y.Storage, c);
        return Autograd.Record("conv2d", y, new Convolved(x, w, c),
            (x, static (g, s) => Conv2dInputGrad(g, s.B, s.Spec)),
            (w, static (g, s) => Conv2dWeightGrad(s.A, g, s.Spec)));
    }

    // The two operands of one of the trio: convolution, its transpose, the gradient of its weight.
    internal readonly record struct Convolved(Tensor A, Tensor B, Conv2dSpec Spec) : ISaved<Convolved>
    {
        public Convolved Keep(SavedTensors by) => this with { A = by.Keep(A), B = by.Keep(B) };
    }

    /// <summary>
    /// Transposed convolution: y[n, i stride + u - padding, j stride + v - padding, o] += x[n,i,j,c] w[c,u,v,o], then act(y + bias).
    /// <code>x [N,H,W,Ci]  w [Ci,Kh,Kw,Co]  bias [Co]  y [N,H',W',Co]   H' = (H - 1) stride - 2 padding + Kh + outputPadding
    /// dz = g act'(y)   dx = Conv2d(dz, w)   dw = Conv2dWeightGrad(dz, x)   dbias = sum of dz over n,i,j</code>
    /// Where <paramref name="norm"/> is given, w / sigma takes the place of w.
    /// </summary>
    public static Tensor ConvTranspose2d(Tensor x, Tensor w, Tensor? bias = null, int stride = 1, int padding = 0, int outputPadding = 0,
        Activation activation = default, SingularTriplet? norm = null)
    {
        Conv2dSpec c = ConvTranspose2dCheck(x, w, bias, stride, padding, outputPadding);
        if (FusedProduct(x, w, bias, norm) is not { } fused)
            return Activate(AddBias(Conv2dInputGrad(x, norm == null ? w : SpectralNorm(w, norm), c), bias), activation);
        Tensor y = Tensor.Empty(new Shape(c.N, c.H, c.W, c.Ci), x.Device);
        Tensor? scale = Scale(norm);
        fused.ConvTranspose2dBias(x.Storage, w.Storage, scale?.Storage, bias?.Storage, y.Storage, c, activation);
        return Autograd.RecordJoint("conv_transpose2d", y, new WeightedProduct<Conv2dSpec>(x, w, y, norm, scale, c, activation),
            inputs: [x, w, bias],
            static (g, s, d) =>
            {
                (Tensor dz, Tensor? dbias) = BiasActivationBackward(g, s.Y, s.Activation, d.Wants(2));
                if (d.Wants(0)) d[0] = ScaledConv2d(dz, s.WeightForInput(), s.Spec);
                if (d.Wants(1)) d[1] = WeightGrad(Conv2dWeightGrad(dz, s.X, s.Spec), s.Weight, s.Norm);
                d[2] = dbias;
            });
    }

    // The products of the gradient rules. One with a scale is not recorded: see WeightedProduct.
    static Tensor ScaledConv2d(Tensor x, (Tensor W, Tensor? Scale) weight, Conv2dSpec c)
    {
        if (weight.Scale == null) return PlainConv2d(x, weight.W, c);
        Tensor y = Tensor.Empty(new Shape(c.N, c.OutH, c.OutW, c.Co), x.Device);
        ((IFusedBias)x.Backend).Conv2dBias(x.Storage, weight.W.Storage, weight.Scale.Storage, null, y.Storage, c, Activation.None);
        return y;
    }

    static Tensor ScaledConv2dInputGrad(Tensor dy, (Tensor W, Tensor? Scale) weight, Conv2dSpec c)
    {
        if (weight.Scale == null) return Conv2dInputGrad(dy, weight.W, c);
        Tensor dx = Tensor.Empty(new Shape(c.N, c.H, c.W, c.Ci), dy.Device);
        ((IFusedBias)dy.Backend).ConvTranspose2dBias(dy.Storage, weight.W.Storage, weight.Scale.Storage, null, dx.Storage, c,
            Activation.None);
        return dx;
    }

    /// <summary>dx from dy: the transposed convolution. Bilinear, so its gradients are the other two of the trio: d dy = Conv2d(h, w), dw =
    /// Conv2dWeightGrad(h, dy).</summary>
    internal static Tensor Conv2dInputGrad(Tensor dy, Tensor w, Conv2dSpec c)
    {
        Tensor dx = Tensor.Empty(new Shape(c.N, c.H, c.W, c.Ci), dy.Device);
        dy.Backend.Conv2dInputGrad(dy.Storage, w.Storage, dx.Storage, c);
        return Autograd.Record("conv2d_input_grad", dx, new Convolved(dy, w, c),
            (dy, static (h, s) => PlainConv2d(h, s.B, s.Spec)),
            (w, static (h, s) => Conv2dWeightGrad(h, s.A, s.Spec)));
    }

    /// <summary>dw from x and dy. Its gradients: dx = Conv2dInputGrad(dy, h), d dy = Conv2d(x, h).</summary>
    internal static Tensor Conv2dWeightGrad(Tensor x, Tensor dy, Conv2dSpec c)
    {
        Tensor dw = Tensor.Empty(new Shape(c.Co, c.Kh, c.Kw, c.Ci), x.Device);
        x.Backend.Conv2dWeightGrad(x.Storage, dy.Storage, dw.Storage, c);
        return Autograd.Record("conv2d_weight_grad", dw, new Convolved(x, dy, c),
            (x, static (h, s) => Conv2dInputGrad(s.B, h, s.Spec)),
            (dy, static (h, s) => PlainConv2d(s.A, h, s.Spec)));
    }

    static Conv2dSpec Conv2dCheck(Tensor x, Tensor w, Tensor? bias, int stride, int padding)
    {
        ImageSpec i = ConvOperands("conv2d", x, w, "[Co, Kh, Kw, Ci]", stride, padding);
        (int co, int kh, int kw, int ci) = (w.Shape[0], w.Shape[1], w.Shape[2], w.Shape[3]);
        if (ci != i.C) throw new ShapeException($"conv2d: x {x.Shape} has {i.C} channels, w {w.Shape} takes {ci} (Co, Kh, Kw, Ci).");
        if (bias != null) Check.SameDevice("conv2d", x, bias);
        if (bias != null) Check.Vector("conv2d", "bias", bias, co, "one per output channel");
        int h = i.H + 2 * padding - kh, v = i.W + 2 * padding - kw;
        if (h < 0 || v < 0) throw new ShapeException($"conv2d: the kernel {kh}x{kw} is larger than x {x.Shape} with padding {padding}.");
        return new Conv2dSpec(i.N, i.H, i.W, ci, co, kh, kw, stride, padding, h / stride + 1, v / stride + 1);
    }

    static Conv2dSpec ConvTranspose2dCheck(Tensor x, Tensor w, Tensor? bias, int stride, int padding, int outputPadding)
    {
        ImageSpec i = ConvOperands("conv_transpose2d", x, w, "[Ci, Kh, Kw, Co]", stride, padding);
        (int ci, int kh, int kw, int co) = (w.Shape[0], w.Shape[1], w.Shape[2], w.Shape[3]);
        if (ci != i.C)
            throw new ShapeException($"conv_transpose2d: x {x.Shape} has {i.C} channels, w {w.Shape} takes {ci} (Ci, Kh, Kw, Co).");
        if (bias != null) Check.SameDevice("conv_transpose2d", x, bias);
        if (bias != null) Check.Vector("conv_transpose2d", "bias", bias, co, "one per output channel");
        if (outputPadding < 0 || outputPadding >= stride)
            throw new ShapeException($"conv_transpose2d: the output padding is {outputPadding}, it must be in 0..{stride - 1}, below the "
                + "stride.");
        long tall = (i.H - 1L) * stride - 2 * padding + kh + outputPadding, wide = (i.W - 1L) * stride - 2 * padding + kw + outputPadding;
        if (Math.Max(tall, wide) > int.MaxValue / 2)
            throw new ShapeException($"conv_transpose2d: x {x.Shape} with stride {stride} makes an image of {tall} x {wide}; use a smaller "
                + "stride.");
        (int h, int v) = ((int)tall, (int)wide);
        if (h < 1 || v < 1)
            throw new ShapeException($"conv_transpose2d: x {x.Shape} with kernel {kh}x{kw} and padding {padding} leaves no output.");
        return new Conv2dSpec(i.N, h, v, co, ci, kh, kw, stride, padding, i.H, i.W);
    }

    static ImageSpec ConvOperands(string op, Tensor x, Tensor w, string axes, int stride, int padding)
    {
        Check.SameDevice(op, x, w);
        Check.Rank(op, "w", w, 4, axes);
        Check.Positive(op, "the stride", stride, Check.MaxPixels);
        Check.NotNegative(op, "the padding", padding);
        Check.Positive(op, "the kernel's height", w.Shape[1], Check.MaxPixels);
        Check.Positive(op, "the kernel's width", w.Shape[2], Check.MaxPixels);
        return Check.Image(op, x);
    }
}
