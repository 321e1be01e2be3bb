using Sagan.Native.Kernels;

namespace Sagan.Native.Modules;

/// <summary>Convolution, <see cref="Ops.Conv2d"/>.  x [N,H,W,in], weight [out,K,K,in] (in files [out,in,K,K]).</summary>
public sealed class Conv2d : Module, INormalizable
{
    readonly Parameter? bias;
    readonly int stride, padding;
    readonly Activation activation;
    Weight weight;

    /// <param name="inputs">Channels of x.</param>
    /// <param name="outputs">Channels of y.</param>
    /// <param name="kernel">K: height and width of the kernel.</param>
    /// <param name="init">Fills weight and bias.</param>
    /// <param name="stride">Distance of neighbouring windows, in pixels of x.</param>
    /// <param name="padding">Pixels of zeros around x.</param>
    /// <param name="bias">False for none.</param>
    /// <param name="activation">What follows.</param>
    public Conv2d(int inputs, int outputs, int kernel, Initializer init, int stride = 1, int padding = 0, bool bias = true,
        Activation activation = default)
    {
        Check.Positive("conv2d", "the number of inputs", inputs);
        Check.Positive("conv2d", "the number of outputs", outputs);
        Check.Positive("conv2d", "the kernel", kernel, Check.MaxPixels);
        Check.Positive("conv2d", "the stride", stride, Check.MaxPixels);
        Check.NotNegative("conv2d", "the padding", padding);
        int area = kernel * kernel;
        Tensor first = init.Weight(new Shape(outputs, kernel, kernel, inputs), inputs * area, outputs * area);
        weight = new Weight(Own(Weight.Convolution(first)));
        this.bias = bias ? Own(new Parameter("bias", init.Bias(outputs, inputs * area))) : null;
        (this.stride, this.padding, this.activation) = (stride, padding, activation);
    }

    private protected override bool IsClosed => true;

    /// <summary>x [N,H,W,in] to y [N, (H + 2 padding - K) / stride + 1, W likewise, out].</summary>
    protected override Tensor Forward(Tensor x)
    {
        (Tensor w, SingularTriplet? norm) = weight.Current();
        return Ops.Conv2d(x, w, bias?.Value, stride, padding, activation, norm);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"{weight.Parameter.Shape[3]} -> {weight.Parameter.Shape[0]}, k{weight.Parameter.Shape[1]} "
        + $"s{stride} p{padding}{ModuleText.Of(activation)}";

    Parameter INormalizable.Raw => weight.Parameter;

    bool INormalizable.OutputsLast => false;

    void INormalizable.Normalize(Func<NormalizedWeight> normalized) => weight = weight with { Normalized = normalized };
}
