using Sagan.Native.Kernels;

namespace Sagan.Native.Modules;

/// <summary>
/// Transposed convolution, <see cref="Ops.ConvTranspose2d"/>.  x [N,H,W,in], weight [in,K,K,out] (in files [in,out,K,K]). The default
/// initialisation uses fan_in = out K K, as PyTorch does since 1.0.
/// </summary>
public sealed class ConvTranspose2d : Module, INormalizable
{
    readonly Parameter? bias;
    readonly int stride, padding, outputPadding;
    readonly Activation activation;
    Weight weight;

    /// <param name="inputs">Channels of x.</param>
    /// <param name="outputs">Channels of y.</param>
    /// <param name="kernel">K: height and width of the kernel.</param>
    /// <param name="init">Fills weight and bias.</param>
    /// <param name="stride">Distance in y of what neighbouring pixels of x write.</param>
    /// <param name="padding">Pixels cut off around y.</param>
    /// <param name="outputPadding">Rows and columns added at the lower right of y, below the stride.</param>
    /// <param name="bias">False for none.</param>
    /// <param name="activation">What follows.</param>
    public ConvTranspose2d(int inputs, int outputs, int kernel, Initializer init, int stride = 1, int padding = 0, int outputPadding = 0,
        bool bias = true, Activation activation = default)
    {
        Check.Positive("conv_transpose2d", "the number of inputs", inputs);
        Check.Positive("conv_transpose2d", "the number of outputs", outputs);
        Check.Positive("conv_transpose2d", "the kernel", kernel, Check.MaxPixels);
        Check.Positive("conv_transpose2d", "the stride", stride, Check.MaxPixels);
        Check.NotNegative("conv_transpose2d", "the padding", padding);
        if (outputPadding < 0 || outputPadding >= stride)
            throw new ShapeException($"conv_transpose2d: the output padding is {outputPadding}, it must be in 0..{stride - 1}, below the "
                + "stride.");
        int area = kernel * kernel;
        Tensor first = init.Weight(new Shape(inputs, kernel, kernel, outputs), outputs * area, inputs * area);
        weight = new Weight(Own(Weight.Convolution(first)));
        this.bias = bias ? Own(new Parameter("bias", init.Bias(outputs, outputs * area))) : null;
        (this.stride, this.padding, this.outputPadding, this.activation) = (stride, padding, outputPadding, activation);
    }

    private protected override bool IsClosed => true;

    /// <summary>x [N,H,W,in] to y [N, (H - 1) stride - 2 padding + K + outputPadding, W likewise, out].</summary>
    protected override Tensor Forward(Tensor x)
    {
        (Tensor w, SingularTriplet? norm) = weight.Current();
        return Ops.ConvTranspose2d(x, w, bias?.Value, stride, padding, outputPadding, activation, norm);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"{weight.Parameter.Shape[0]} -> {weight.Parameter.Shape[3]}, k{weight.Parameter.Shape[1]} "
        + $"s{stride} p{padding}{ModuleText.Of(activation)}";

    Parameter INormalizable.Raw => weight.Parameter;

    bool INormalizable.OutputsLast => true;

    void INormalizable.Normalize(Func<NormalizedWeight> normalized) => weight = weight with { Normalized = normalized };
}
