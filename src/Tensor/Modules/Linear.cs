using Sagan.Native.Kernels;

namespace Sagan.Native.Modules;

/// <summary>y = act(x w^T + bias).  x [M, in], w [out, in], y [M, out].</summary>
public sealed class Linear : Module, INormalizable
{
    readonly Parameter? bias;
    readonly Activation activation;
    Weight weight;

    /// <param name="inputs">Columns of x.</param>
    /// <param name="outputs">Columns of y.</param>
    /// <param name="init">Fills weight and bias.</param>
    /// <param name="bias">False for none.</param>
    /// <param name="activation">act.</param>
    public Linear(int inputs, int outputs, Initializer init, bool bias = true, Activation activation = default)
    {
        Check.Positive("linear", "the number of inputs", inputs);
        Check.Positive("linear", "the number of outputs", outputs);
        weight = new Weight(Own(new Parameter("weight", init.Weight(new Shape(outputs, inputs), inputs, outputs))));
        this.bias = bias ? Own(new Parameter("bias", init.Bias(outputs, inputs))) : null;
        this.activation = activation;
    }

    Linear(Parameter weight, Parameter bias)
    {
        this.weight = new Weight(Own(weight));
        this.bias = Own(bias);
    }

    /// <summary>A layer whose outputs are the pixels of an image [size, size, channels]; files hold them in PyTorch's order, channels
    /// first.</summary>
    public static Linear ToPixels(int inputs, int size, int channels, Initializer init)
    {
        Check.Positive("linear", "the number of inputs", inputs);
        Check.Positive("linear", "the size of the image", size, Check.MaxPixels);
        Check.Positive("linear", "the number of channels", channels);
        int outputs = size * size * channels;
        Parameter weight = new("weight", init.Weight(new Shape(outputs, inputs), inputs, outputs))
        {
            SavedView = new Shape(size, size, channels, inputs),
            SavedOrder = [2, 0, 1, 3],
        };
        return new Linear(weight, new Parameter("bias", init.Bias(outputs, inputs))
        {
            SavedView = new Shape(size, size, channels),
            SavedOrder = [2, 0, 1]
        });
    }

    /// <summary>A layer whose inputs are the pixels of an image [size, size, channels]; files hold them in PyTorch's order, channels
    /// first.</summary>
    public static Linear FromPixels(int size, int channels, int outputs, Initializer init)
    {
        Check.Positive("linear", "the size of the image", size, Check.MaxPixels);
        Check.Positive("linear", "the number of channels", channels);
        Check.Positive("linear", "the number of outputs", outputs);
        int inputs = size * size * channels;
        Parameter weight = new("weight", init.Weight(new Shape(outputs, inputs), inputs, outputs))
        {
            SavedView = new Shape(outputs, size, size, channels),
            SavedOrder = [0, 3, 1, 2],
        };
        return new Linear(weight, new Parameter("bias", init.Bias(outputs, inputs)));
    }

    private protected override bool IsClosed => true;

    /// <summary>x [M, in] to y [M, out]; throws <see cref="ShapeException"/> for other columns.</summary>
    protected override Tensor Forward(Tensor x)
    {
        (Tensor w, SingularTriplet? norm) = weight.Current();
        return Ops.Linear(x, w, bias?.Value, activation, norm);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"{weight.Parameter.Shape[1]} -> {weight.Parameter.Shape[0]}{ModuleText.Of(activation)}";

    Parameter INormalizable.Raw => weight.Parameter;

    bool INormalizable.OutputsLast => false;

    void INormalizable.Normalize(Func<NormalizedWeight> normalized) => weight = weight with { Normalized = normalized };
}
