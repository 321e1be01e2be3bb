namespace Sagan.Native.Sampling;

/// <summary>What becomes of noise that lies far out; images of noise near the middle are less varied and look better.</summary>
public enum TruncationKind
{
    /// <summary>z ~ N(0, 1) without what lies beyond +-t: a component that does is drawn again (StudioGAN; Marchesi 2017).</summary>
    Resample,

    /// <summary>z = t times N(0, 1) without what lies beyond +-2 (BigGAN's published generators).</summary>
    Scale,
}

/// <summary>The truncation trick of Brock et al. 2019, in its two definitions, which differ.</summary>
public static class Truncation
{
    /// <summary>Noise [count, width], truncated.</summary>
    /// <param name="random">Where it comes from.</param>
    /// <param name="shape">[count, width].</param>
    /// <param name="t">The threshold, above 0.</param>
    /// <param name="kind">Which definition.</param>
    /// <param name="device">Where it is to be.</param>
    public static Tensor Normal(RandomSource random, Shape shape, float t, TruncationKind kind, Kernels.Device device)
    {
        if (!(t > 0)) throw new ArgumentOutOfRangeException(nameof(t), t, "truncation: the threshold must be above 0.");
        float limit = kind == TruncationKind.Resample ? t : 2;
        float[] z = random.Normal(shape).ToArray();
        while (Array.Exists(z, v => Math.Abs(v) > limit))
        {
            float[] more = random.Normal(shape).ToArray();
            for (int i = 0; i < z.Length; i++)
                if (Math.Abs(z[i]) > limit) z[i] = more[i];
        }
        if (kind == TruncationKind.Scale)
            for (int i = 0; i < z.Length; i++) z[i] *= t;
        return Tensor.From(z, shape, device);
    }
}
