namespace Sagan.Native.Augmentation;

/// <summary>
/// Changes images at random before the discriminator sees them, differentiably, so that gradients reach the generator through it. What is drawn depends on the
/// run's seed, the number of the update and the stream alone: a resumed run draws the same.
/// </summary>
public abstract class Augment
{
    /// <summary>The streams of real images and fakes, of one update: independent draws.</summary>
    public const ulong Real = 1, Fake = 2;

    /// <summary>What is kept from one update to the next.</summary>
    public virtual IReadOnlyList<Parameter> State => [];

    /// <summary>The changed images.</summary>
    /// <param name="x">[N,H,W,C] in [-1, 1].</param>
    /// <param name="draw">Number of the update.</param>
    /// <param name="stream"><see cref="Real"/>, <see cref="Fake"/> or another one.</param>
    public abstract Tensor Apply(Tensor x, ulong draw, ulong stream);

    /// <summary>Is shown the scores of the real images of each discriminator update, in parts.</summary>
    public virtual void Observe(IReadOnlyList<Tensor> realScores) { }
}
