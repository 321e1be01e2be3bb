using Sagan.Native.Kernels;

namespace Sagan.Native.Augmentation;

/// <summary>
/// Adaptive pseudo augmentation: each real image gives way to a fake, shown to the discriminator as real, with probability p, and p adapts
/// itself (<see cref="AdaptiveProbability"/>). Images themselves stay as they are.
/// Source: Jiang et al. 2021, "Deceive D: adaptive pseudo augmentation for GAN training with limited data".
/// </summary>
/// <remarks>The fakes are those of the update itself, not, as in its authors' code, of the one before: the loss is a mean over images, so
/// its expectation is the same.</remarks>
public sealed class Apa : Augment
{
    readonly ulong seed;
    readonly AdaptiveProbability probability;

    /// <param name="seed">The draws follow from it.</param>
    /// <param name="device">Where the scores are.</param>
    /// <param name="target">The mean sign of the real images' scores that p is to keep.</param>
    /// <param name="interval">Updates of the discriminator between two changes of p.</param>
    /// <param name="kimg">Thousands of images in which p can go from 0 to 1.</param>
    /// <param name="initial">p at first.</param>
    public Apa(ulong seed, Device device, double target = 0.6, int interval = 4, double kimg = 500, double initial = 0) =>
        (this.seed, probability) = (seed, new AdaptiveProbability("apa", device, target, interval, kimg, initial));

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter> State => probability.State;

    /// <inheritdoc/>
    public override IEnumerable<(string Name, double Value)> Metrics => probability.Metrics;

    /// <inheritdoc/>
    public override Tensor Apply(Tensor x, ulong draw, ulong stream) => x;

    /// <inheritdoc/>
    public override bool[]? Replaced(int images, ulong draw)
    {
        float p = probability.Value;
        if (p == 0) return null;
        bool[] replaced = new bool[images];
        for (int i = 0; i < images; i++) replaced[i] = new ImageDraws(seed, draw, Real, i).Uniform(0) < p;
        return replaced;
    }

    /// <inheritdoc/>
    public override void Observe(IReadOnlyList<Tensor> realScores) => probability.Observe(realScores);
}
