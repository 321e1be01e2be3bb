namespace Sagan.Native.Modules;

/// <summary>In training mode drops whole channels with probability p and multiplies the others by 1 / (1 - p); in inference mode y = x.  x
/// [N,H,W,C].</summary>
public sealed class Dropout2d : Module
{
    readonly float p;
    readonly RandomSource random;

    /// <param name="p">Probability that a channel is dropped, in [0, 1).</param>
    /// <param name="random">Where the choice comes from.</param>
    public Dropout2d(float p, RandomSource random)
    {
        if (!(p >= 0 && p < 1)) throw new ArgumentOutOfRangeException(nameof(p), p, "dropout2d: the probability must be in [0, 1).");
        (this.p, this.random) = (p, random);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"{p}";

    /// <summary>x, y [N,H,W,C]; throws <see cref="ShapeException"/> for another rank.</summary>
    protected override Tensor Forward(Tensor x)
    {
        if (!IsTraining || p == 0) return x;
        if (x.Rank != 4) throw new ShapeException($"dropout2d: x {x.Shape} has {x.Rank} axes, 4 are needed: [N, H, W, C].");
        // floor(u + 1 - p) is 1 with probability 1 - p; u - p > 0 says the same and is what sign and relu can compute.
        Tensor keep = Ops.Relu(Ops.Sign(random.Uniform(new Shape(x.Shape[0], 1, 1, x.Shape[3]), device: x.Device) - p));
        return x * (keep / (1 - p));
    }
}
