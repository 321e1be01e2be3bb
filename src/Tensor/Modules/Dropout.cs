using Sagan.Native.Kernels;

namespace Sagan.Native.Modules;

/// <summary>In training mode drops elements with probability p and multiplies the others by 1 / (1 - p); in inference mode y = x.
/// Source: Srivastava et al. 2014.</summary>
public sealed class Dropout : Module
{
    readonly float p;
    readonly RandomSource random;

    /// <param name="p">Probability that an element is dropped, in [0, 1).</param>
    /// <param name="random">Where the choice comes from.</param>
    public Dropout(float p, RandomSource random)
    {
        if (!(p >= 0 && p < 1)) throw new ArgumentOutOfRangeException(nameof(p), p, "dropout: the probability must be in [0, 1).");
        (this.p, this.random) = (p, random);
    }

    /// <summary>x, y of any shape.</summary>
    protected override Tensor Forward(Tensor x)
    {
        if (!IsTraining || p == 0) return x;
        Tensor keep = Ops.GreaterOrEqual(random.Uniform(x.Shape, device: x.Device), p);
        return x * (keep / (1 - p));
    }

    /// <inheritdoc/>
    protected override string Describe() => $"{p}";
}

/// <summary>All axes but the first as one: [N, H, W, C] to [N, H W C], pixel by pixel with the channels inside.</summary>
public sealed class Flatten : Module
{
    /// <summary>x [N, ...] to y [N, the product of the rest].</summary>
    protected override Tensor Forward(Tensor x) => Ops.Flatten(x, 1);
}
