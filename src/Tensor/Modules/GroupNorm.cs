using Sagan.Native.Kernels;

namespace Sagan.Native.Modules;

/// <summary>
/// Group normalisation: the channels of each image in groups, each with the mean and biased variance of its pixels and channels together;
/// then a weight and a bias for each channel. With one group per channel: instance normalisation.  x [N, ..., C].  Source: Wu and He
/// 2018.
/// </summary>
public sealed class GroupNorm : Module
{
    readonly Parameter weight, bias;
    readonly int groups;
    readonly float epsilon;

    /// <param name="groups">Divides the channels.</param>
    /// <param name="channels">C.</param>
    /// <param name="init">Names the device; weight begins as 1 and bias as 0.</param>
    /// <param name="epsilon">Added to the variance.</param>
    public GroupNorm(int groups, int channels, Initializer init, float epsilon = 1e-5f)
    {
        Check.Positive("group_norm", "the number of groups", groups);
        Shape c = new(Check.Positive("group_norm", "the number of channels", channels));
        if (channels % groups != 0) throw new ShapeException($"group_norm: {groups} groups do not divide {channels} channels.");
        weight = Own(new Parameter("weight", Tensor.Ones(c, init.Device)));
        bias = Own(new Parameter("bias", Tensor.Zeros(c, init.Device)));
        (this.groups, this.epsilon) = (groups, epsilon);
    }

    /// <summary>x, y [N, ..., C]; throws <see cref="ShapeException"/> for another C.</summary>
    protected override Tensor Forward(Tensor x)
    {
        int c = weight.Shape[0];
        if (x.Rank < 2 || x.Shape[-1] != c) throw new ShapeException($"group_norm: x {x.Shape} must be [N, ..., {c}].");
        if (x.Count == 0) return x;
        Tensor grouped = x.Reshape(x.Shape[0], -1, groups, c / groups);
        return Ops.Reshape(Ops.Standardize(grouped, [1, 3], epsilon), x.Shape) * weight.Value + bias;
    }

    /// <inheritdoc/>
    protected override string Describe() => $"{groups} groups, {weight.Shape[0]}";
}
