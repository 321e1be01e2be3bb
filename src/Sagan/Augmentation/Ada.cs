using Sagan.Native.Kernels;

namespace Sagan.Native.Augmentation;

/// <summary>
/// Adaptive discriminator augmentation: a row of transformations, each with probability p, and p adapts itself
/// (<see cref="AdaptiveProbability"/>). Geometry is one affine map an image, without aliasing (<see cref="AffineWarp"/>), and exactly where
/// it only moves pixels, with reflection at the edges: x-flip, quarter turns, shift, scale, rotation, stretch, rotation, shift by fractions
/// of a pixel. Colour is one affine map of the channels: brightness, contrast, luma flip, hue, saturation.
/// Source: Karras et al. 2020, "Training generative adversarial networks with limited data", section 3 and appendix B, with its code's
/// defaults.
/// </summary>
/// <remarks>
/// Not as in the original code: there the edge is reflected without repeating the last pixel, and not more than once; images that only move
/// by whole pixels go through the filters, too; and p may exceed 1.
/// </remarks>
public sealed class Ada : Augment
{
    readonly ulong seed;
    readonly AdaptiveProbability probability;

    /// <param name="seed">The draws follow from it.</param>
    /// <param name="device">Where the scores are.</param>
    /// <param name="target">The r that p is to keep.</param>
    /// <param name="interval">Updates of the discriminator between two changes of p.</param>
    /// <param name="kimg">Thousands of images in which p can go from 0 to 1.</param>
    /// <param name="initial">p at first.</param>
    public Ada(ulong seed, Device device, double target = 0.6, int interval = 4, double kimg = 500, double initial = 0) =>
        (this.seed, probability) = (seed, new AdaptiveProbability("ada", device, target, interval, kimg, initial));

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter> State => probability.State;

    /// <inheritdoc/>
    public override IEnumerable<(string Name, double Value)> Metrics => probability.Metrics;

    /// <summary>p.</summary>
    public float Probability => probability.Value;

    /// <inheritdoc/>
    public override Tensor Apply(Tensor x, ulong draw, ulong stream)
    {
        ThrowUnlessImages(x);
        float p = Probability;
        if (p == 0) return x;
        AdaTransforms[] transforms = new AdaTransforms[x.Shape[0]];
        for (int i = 0; i < transforms.Length; i++) transforms[i] = AdaTransforms.Of(new ImageDraws(seed, draw, stream, i), p);
        return Color(Move(x, transforms), transforms);
    }

    /// <inheritdoc/>
    public override void Observe(IReadOnlyList<Tensor> realScores) => probability.Observe(realScores);

    /// <summary>The geometric transformations.</summary>
    internal static Tensor Move(Tensor x, ReadOnlySpan<AdaTransforms> transforms)
    {
        (int h, int w) = (x.Shape[1], x.Shape[2]);
        AffineMap[] exact = new AffineMap[transforms.Length];
        List<AffineMap> maps = [];
        List<int> warped = [];
        for (int i = 0; i < exact.Length; i++)
        {
            AffineMap map = transforms[i].Geometry(h, w);
            bool moves = transforms[i].MovesWholePixels(h, w);
            exact[i] = moves ? map : AffineMap.Identity;
            if (moves) continue;
            maps.Add(map);
            warped.Add(i);
        }
        Tensor y = exact.All(m => m == AffineMap.Identity) ? x : Resampling.Exact(exact, x.Shape).Apply(x);
        if (maps.Count == 0) return y;
        if (maps.Count == exact.Length) return AffineWarp.Apply(x, [.. maps]);
        Tensor some = Ops.Gather(x.Reshape(exact.Length, -1), IndexTensor.From([.. warped], x.Device))
            .Reshape(maps.Count, h, w, x.Shape[3]);
        Tensor both = Ops.Concat(y.Reshape(exact.Length, -1), AffineWarp.Apply(some, [.. maps]).Reshape(maps.Count, -1));
        int[] from = [.. Enumerable.Range(0, exact.Length).Select(i => warped.IndexOf(i) is >= 0 and var k ? exact.Length + k : i)];
        return Ops.Reshape(Ops.Gather(both, IndexTensor.From(from, x.Device)), x.Shape);
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
        return changes ? ColorMap.Apply(x, matrices, Tensor.From(offsets, new Shape(n, c), x.Device)) : x;
    }
}
