using Sagan.Native.Kernels;

namespace Sagan.Native.Modules;

/// <summary>
/// Layer normalisation over the last axis: y = weight (x - mean) / sqrt(var + eps) + bias, with the mean and biased variance of each
/// row.  x [..., width].
/// Source: Ba et al. 2016.
/// </summary>
public sealed class LayerNorm : Module
{
    readonly Parameter weight, bias;
    readonly float epsilon;

    /// <param name="width">The last axis of x.</param>
    /// <param name="init">Names the device; weight begins as 1 and bias as 0.</param>
    /// <param name="epsilon">Added to the variance.</param>
    public LayerNorm(int width, Initializer init, float epsilon = 1e-5f)
    {
        Shape c = new(Check.Positive("layer_norm", "the width", width));
        weight = Own(new Parameter("weight", Tensor.Ones(c, init.Device)));
        bias = Own(new Parameter("bias", Tensor.Zeros(c, init.Device)));
        this.epsilon = epsilon;
    }

    /// <summary>x, y [..., width]; throws <see cref="ShapeException"/> for another width.</summary>
    protected override Tensor Forward(Tensor x)
    {
        if (x.Rank == 0 || x.Shape[-1] != weight.Shape[0])
            throw new ShapeException($"layer_norm: x {x.Shape} must be [..., {weight.Shape[0]}].");
        return Ops.Standardize(x, [-1], epsilon) * weight.Value + bias;
    }

    /// <inheritdoc/>
    protected override string Describe() => $"{weight.Shape[0]}";
}
