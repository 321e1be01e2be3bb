using Sagan.Native.Kernels;

namespace Sagan.Native.Augmentation;

/// <summary>
/// Adaptive discriminator augmentation: a row of transformations, each with probability p, where p rises while the discriminator overfits and falls while it
/// does not. Every <c>interval</c> updates of the discriminator,
/// <code>p &lt;- clip(p + sign(r - target) batch interval / (1000 kimg), 0, 1)        r = mean of sign(s(real)) over those updates</code>
/// so p goes from 0 to 1 in no less than <c>kimg</c> thousand images. Geometry is one affine map an image, done as bilinear interpolation with reflection at
/// the edges: x-flip, quarter turns, shift, scale, rotation, stretch, rotation, shift by fractions of a pixel. Colour is one affine map of the channels:
/// brightness, contrast, luma flip, hue, saturation.
/// Source: Karras et al. 2020, "Training generative adversarial networks with limited data", section 3 and appendix B, with its code's defaults.
/// </summary>
/// <remarks>
/// Not as in the original: there the image is doubled in size with a wavelet filter (sym6) before the interpolation and halved after it, which keeps aliasing
/// out where an image shrinks; here it is interpolated as it is. And p stops at 1.
/// The host needs p to draw, and keeps it with the number of updates; on a GPU only the sum of the signs lies there, and is read every <c>interval</c> updates.
/// </remarks>
public sealed class Ada : Augment
{
    readonly ulong seed;
    readonly float target;
    readonly int interval;
    readonly double kimg;
    readonly Parameter p, signs, updates;

    /// <param name="seed">The draws follow from it.</param>
    /// <param name="device">Where the scores are.</param>
    /// <param name="target">The r that p is to keep.</param>
    /// <param name="interval">Updates of the discriminator between two changes of p.</param>
    /// <param name="kimg">Thousands of images in which p can go from 0 to 1.</param>
    /// <param name="initial">p at first.</param>
    public Ada(ulong seed, Device device, double target = 0.6, int interval = 4, double kimg = 500, double initial = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(interval, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(kimg);
        (this.seed, this.target, this.interval, this.kimg) = (seed, (float)target, interval, kimg);
        p = new Parameter("ada_p", Tensor.Scalar((float)initial), trainable: false);
        updates = new Parameter("ada_updates", Tensor.Scalar(0), trainable: false) { IsInteger = true };
        signs = new Parameter("ada_signs", Tensor.Scalar(0, device), trainable: false);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter> State => [p, signs, updates];

    /// <inheritdoc/>
    public override IEnumerable<(string Name, double Value)> Metrics => [("ada_p", Probability)];

    /// <summary>p.</summary>
    public float Probability => p.Value.Item();

    /// <inheritdoc/>
    public override Tensor Apply(Tensor x, ulong draw, ulong stream)
    {
        ThrowUnlessImages(x);
        float probability = Probability;
        if (probability == 0) return x;
        AdaTransforms[] transforms = new AdaTransforms[x.Shape[0]];
        for (int i = 0; i < transforms.Length; i++) transforms[i] = AdaTransforms.Of(new ImageDraws(seed, draw, stream, i), probability);
        return Color(Move(x, transforms), transforms);
    }

    /// <inheritdoc/>
    public override void Observe(IReadOnlyList<Tensor> realScores)
    {
        int batch = realScores.Sum(s => s.Count);
        Tensor sum = realScores.Select(s => Ops.Sum(Ops.Sign(s))).Aggregate((a, b) => a + b);
        signs.Assign(signs.Value + sum * (1f / batch));
        int count = (int)updates.Value.Item() + 1;
        if (count >= interval)
        {
            float r = signs.Value.Item() / count, step = (float)(batch * (double)interval / (1000 * kimg));
            p.Assign([Math.Clamp(Probability + (r > target ? step : r < target ? -step : 0), 0, 1)]);
            signs.Assign(Tensor.Scalar(0, signs.Device));
            count = 0;
        }
        updates.Assign([count]);
    }

    /// <summary>The geometric transformations.</summary>
    internal static Tensor Move(Tensor x, ReadOnlySpan<AdaTransforms> transforms)
    {
        (int h, int w) = (x.Shape[1], x.Shape[2]);
        AffineMap[] maps = new AffineMap[transforms.Length];
        for (int i = 0; i < maps.Length; i++) maps[i] = transforms[i].Geometry(h, w);
        return maps.All(m => m == AffineMap.Identity) ? x : Resampling.Bilinear(maps, h, w).Apply(x);
    }

    /// <summary>The transformations of colour.</summary>
    internal static Tensor Color(Tensor x, ReadOnlySpan<AdaTransforms> transforms)
    {
        (int n, int c) = (x.Shape[0], x.Shape[3]);
        float[] matrices = new float[n * c * c], offsets = new float[n * c];
        bool changes = false;
        for (int i = 0; i < n; i++)
        {
            transforms[i].Color(matrices.AsSpan(i * c * c, c * c), offsets.AsSpan(i * c, c));
            changes |= !transforms[i].KeepsColor;
        }
        return changes ? ColorMap.Apply(x, Tensor.From(matrices, new Shape(n, c, c), x.Device), Tensor.From(offsets, new Shape(n, c), x.Device)) : x;
    }
}
