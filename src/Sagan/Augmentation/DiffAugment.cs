namespace Sagan.Native.Augmentation;

/// <summary>
/// Differentiable augmentation for training on few images (Zhao et al. 2020, "Differentiable augmentation for data-efficient GAN training",
/// with the constants of its code). Any of these policies, in this order, with draws of its own for each image:
/// <code>flip          mirrored with probability 1/2 (not in the paper)
/// color         x + U(-0.5, 0.5);  (x - m) U(0, 2) + m, m = mean of the pixel's channels;  (x - m) U(0.5, 1.5) + m, m = mean of the image
/// translation   shifted by up to an eighth of each side, zeros where nothing is left
/// cutout        a rectangle of half of each side set to 0, its centre anywhere in the image</code>
/// Alpha, the fourth channel, takes part in the geometry only.
/// </summary>
/// <remarks>
/// Colour is one affine map of the pixel's channels. With s the saturation, c the contrast and b the brightness of an image, and since
/// saturation keeps the mean of a pixel: <code>y = c (s x + (1 - s) mean_pixel(x)) + b + (1 - c) mean_image(x)</code>
/// Flip, translation and cutout are one <see cref="Resampling"/> of a single tap.
/// </remarks>
public sealed class DiffAugment : Augment
{
    readonly ulong seed;
    readonly AugmentPolicies policies;

    /// <param name="seed">The draws follow from it.</param>
    /// <param name="policies">What to do.</param>
    public DiffAugment(ulong seed, AugmentPolicies policies) => (this.seed, this.policies) = (seed, policies);

    /// <inheritdoc/>
    public override Tensor Apply(Tensor x, ulong draw, ulong stream)
    {
        ThrowUnlessImages(x);
        DiffAugmentDraw[] draws = new DiffAugmentDraw[x.Shape[0]];
        for (int i = 0; i < draws.Length; i++) draws[i] = DiffAugmentDraw.Of(new ImageDraws(seed, draw, stream, i), x.Shape[1], x.Shape[2]);
        return Apply(x, policies, draws);
    }

    /// <summary>The same with given draws.</summary>
    internal static Tensor Apply(Tensor x, AugmentPolicies policies, ReadOnlySpan<DiffAugmentDraw> draws)
    {
        Tensor y = policies.HasFlag(AugmentPolicies.Color) ? Color(x, draws) : x;
        return (policies & ~AugmentPolicies.Color) == 0 ? y : Move(y, policies, draws);
    }

    static Tensor Color(Tensor x, ReadOnlySpan<DiffAugmentDraw> draws)
    {
        (int n, int c) = (x.Shape[0], x.Shape[3]);
        int colors = ColorMap.Colors(c);
        float[] matrices = new float[n * c * c], brightness = new float[n * c], towardsMean = new float[n], mean = new float[c * c];
        for (int i = 0; i < n; i++)
        {
            DiffAugmentDraw d = draws[i];
            towardsMean[i] = 1 - d.Contrast;
            for (int row = 0; row < c; row++)
            {
                brightness[i * c + row] = row < colors ? d.Brightness : 0;
                for (int column = 0; column < c; column++)
                {
                    float same = row == column ? 1 : 0;
                    bool color = row < colors && column < colors;
                    matrices[(i * c + row) * c + column] = color ? d.Contrast * (d.Saturation * same + (1 - d.Saturation) / colors) : same;
                    mean[row * c + column] = color ? 1f / colors : 0;
                }
            }
        }
        Tensor image = Ops.MatMul(Ops.Mean(x, [1, 2]), Tensor.From(mean, new Shape(c, c), x.Device));
        Tensor offset = image * Tensor.From(towardsMean, new Shape(n, 1), x.Device) + Tensor.From(brightness, new Shape(n, c), x.Device);
        return ColorMap.Apply(x, matrices, offset);
    }

    static Tensor Move(Tensor x, AugmentPolicies policies, ReadOnlySpan<DiffAugmentDraw> draws)
    {
        (int n, int h, int w) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        bool shifts = policies.HasFlag(AugmentPolicies.Translation), cuts = policies.HasFlag(AugmentPolicies.Cutout);
        Resampling r = new(x.Shape, x.Shape, taps: 1);
        for (int i = 0; i < n; i++)
        {
            DiffAugmentDraw d = draws[i];
            bool flip = d.Flip && policies.HasFlag(AugmentPolicies.Flip);
            (int top, int left) = (d.CutY - DiffAugmentDraw.CutSide(h) / 2, d.CutX - DiffAugmentDraw.CutSide(w) / 2);
            (int bottom, int right) = (top + DiffAugmentDraw.CutSide(h), left + DiffAugmentDraw.CutSide(w));
            for (int row = 0; row < h; row++)
                for (int column = 0; column < w; column++)
                {
                    (int fromRow, int fromColumn) = shifts ? (row + d.ShiftY, column + d.ShiftX) : (row, column);
                    bool outside = (uint)fromRow >= (uint)h || (uint)fromColumn >= (uint)w;
                    bool cut = cuts && row >= top && row < bottom && column >= left && column < right;
                    // What has weight 0 reads the pixel itself, so that neighbours in y read neighbours in x, which scattering likes.
                    if (outside || cut) r.Set(i, row, column, 0, row, column, 0);
                    else r.Set(i, row, column, 0, fromRow, flip ? w - 1 - fromColumn : fromColumn, 1);
                }
        }
        return r.Apply(x);
    }
}
