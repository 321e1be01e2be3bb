using Sagan.Native.Kernels;
using Sagan.Native.Modules;

namespace Sagan.Native.Models;

/// <summary>
/// Batch normalisation whose gain and bias depend on the class of each image, and the activation that follows:
/// <code>y[n,i,j,c] = act(gain[n,c] xh[n,i,j,c] + bias[n,c])
/// from tables:    gain = G[label], bias = B[label]            G begins as 1, B as 0
/// from a vector:  gain = 1 + v Wg^T, bias = v Wb^T            v [N, D]: class embedding and part of the noise</code>
/// Sources: Dumoulin et al. 2017, "A learned representation for artistic style"; tables as in the official SAGAN, vectors as in BigGAN
/// (Brock et al. 2019).
/// </summary>
public sealed class ConditionalBatchNorm2d : BatchNormalization, IConditional
{
    // xh is y for weight 1 and bias 0.
    readonly Parameter one, zero;
    readonly Module gain, bias;
    readonly int channels;

    /// <summary>Gain and bias from tables with a row for each class.</summary>
    public ConditionalBatchNorm2d(int channels, int classes, Initializer init, Activation activation = default, float epsilon = 1e-5f,
        float momentum = 0.1f,
        bool biased = false)
        : this(channels, init, activation, epsilon, momentum, biased)
    {
        gain = Child("gain", new Embedding(classes, channels, init, 1));
        bias = Child("bias", new Embedding(classes, channels, init, 0));
    }

    /// <summary>Gain and bias from linear layers without bias, D -> channels, over <see cref="Condition.Vector"/>.</summary>
    public ConditionalBatchNorm2d(int channels, Initializer init, Module gain, Module bias, Activation activation = default,
        float epsilon = 1e-5f,
        float momentum = 0.1f, bool biased = false)
        : this(channels, init, activation, epsilon, momentum, biased)
    {
        this.gain = Child("gain", gain);
        this.bias = Child("bias", bias);
    }

    ConditionalBatchNorm2d(int channels, Initializer init, Activation activation, float epsilon, float momentum, bool biased)
        : base(activation, epsilon, momentum, biased)
    {
        Shape c = new(Check.Positive("conditional batch norm", "the number of channels", channels));
        one = Constant(new Parameter("one", Tensor.Ones(c, init.Device), trainable: false));
        zero = Constant(new Parameter("zero", Tensor.Zeros(c, init.Device), trainable: false));
        (gain, bias) = (this, this);
        this.channels = channels;
        OwnStatistics(channels, init.Device);
    }

    /// <inheritdoc/>
    public Tensor Call(Tensor x, Condition? condition) =>
        Apply((Module: this, x, condition), static a => a.Module.Forward(a.x, a.condition));

    /// <summary>Throws <see cref="InvalidOperationException"/>: it needs a condition.</summary>
    protected override Tensor Forward(Tensor x) => Forward(x, null);

    Tensor Forward(Tensor x, Condition? condition)
    {
        if (condition == null)
            throw new InvalidOperationException("conditional batch norm: the classes are missing; call it with a condition.");
        if (condition.Count != x.Shape[0])
            throw new ShapeException($"conditional batch norm: x {x.Shape} has {x.Shape[0]} images, the condition is for "
                + $"{condition.Count}.");
        Tensor xh = Normalize(x, one, zero, default);
        (Tensor g, Tensor b) = gain is Embedding table
            ? (condition.Rows(table.Call), condition.Rows(((Embedding)bias).Call))
            : (1 + gain.Call(condition.Vector), bias.Call(condition.Vector));
        return Ops.Activate(xh * Images(g) + Images(b), Activation);

        Tensor Images(Tensor t) => t.Reshape(-1, 1, 1, channels);
    }
}
