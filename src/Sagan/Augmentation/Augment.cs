using Sagan.Native.Kernels;

namespace Sagan.Native.Augmentation;

/// <summary>
/// Changes images at random before the discriminator sees them, differentiably, so that gradients reach the generator through it. What is
/// drawn depends on the run's seed, the number of the update and the stream alone: a resumed run draws the same.
/// </summary>
public abstract class Augment
{
    /// <summary>The streams of real images and fakes, of one update: independent draws.</summary>
    public const ulong Real = 1, Fake = 2;

    /// <summary>What is kept from one update to the next.</summary>
    public virtual IReadOnlyList<Parameter> State => [];

    /// <summary>What the log says about it.</summary>
    public virtual IEnumerable<(string Name, double Value)> Metrics => [];

    /// <summary>The augmentation that a configuration asks for; null for none.</summary>
    /// <param name="config">Its kind and constants.</param>
    /// <param name="seed">What it draws follows from it.</param>
    /// <param name="device">Where the scores are.</param>
    public static Augment? Create(AugmentConfig config, ulong seed, Device device) => config.Kind switch
    {
        AugmentKind.DiffAugment => new DiffAugment(seed, config.Policies),
        AugmentKind.Ada => new Ada(seed, device, config.AdaTarget, config.AdaInterval, config.AdaKimg),
        AugmentKind.Apa => new Apa(seed, device, config.AdaTarget, config.AdaInterval, config.AdaKimg),
        _ => null,
    };

    /// <summary>The changed images.</summary>
    /// <param name="x">[N,H,W,C] in [-1, 1].</param>
    /// <param name="draw">Number of the update.</param>
    /// <param name="stream"><see cref="Real"/>, <see cref="Fake"/> or another one.</param>
    public abstract Tensor Apply(Tensor x, ulong draw, ulong stream);

    /// <summary>Which real images of an update give way to the fakes beside them; null for none.</summary>
    /// <param name="images">How many there are.</param>
    /// <param name="draw">Number of the update.</param>
    public virtual bool[]? Replaced(int images, ulong draw) => null;

    /// <summary>Is shown the scores of the real images of each discriminator update, in parts.</summary>
    public virtual void Observe(IReadOnlyList<Tensor> realScores) { }

    private protected static void ThrowUnlessImages(Tensor x)
    {
        if (x.Rank != 4) throw new ShapeException($"augment: x {x.Shape} must be images, [N, H, W, C].");
    }
}
