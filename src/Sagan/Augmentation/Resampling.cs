using System.Buffers;
using Sagan.Native.Kernels;

namespace Sagan.Native.Augmentation;

/// <summary>
/// Images whose pixels are weighted sums of pixels of other images, in a linear map that was laid out on the host:
/// <code>y[p, c] = sum over taps t of weight[t, p] x[source[t, p], c]</code>
/// p counts the pixels of all images of a batch. A tap that points outside of the image has weight 0. Being linear in x, it is
/// differentiable to any order; its gradient is the transpose, dx[source[t, p], c] += weight[t, p] g[p, c]. The table is megabytes, new for
/// every batch, and is borrowed from a pool: applied once.
/// </summary>
sealed class Resampling
{
    readonly Shape images, result;
    readonly int taps, pixels, channels;
    readonly int[] source;
    // One for each channel: products of whole arrays are much faster than those of a number with a pixel's three.
    readonly float[] weight;

    /// <param name="images">[N,H,W,C] of x.</param>
    /// <param name="result">[N,H',W',C] of y.</param>
    /// <param name="taps">Pixels that a pixel of y is the sum of.</param>
    public Resampling(Shape images, Shape result, int taps)
    {
        (this.images, this.result, this.taps, channels) = (images, result, taps, images[3]);
        pixels = result.Count / Math.Max(1, channels);
        // Longer than asked for. Every tap is set.
        source = ArrayPool<int>.Shared.Rent(taps * pixels);
        weight = ArrayPool<float>.Shared.Rent(taps * pixels * channels);
    }

    /// <summary>Sets a tap of pixel (row, column) of an image: where it reads in the same image, or with what weight.</summary>
    public void Set(int image, int row, int column, int tap, int sourceRow, int sourceColumn, float tapWeight) =>
        Set((image * result[1] + row) * result[2] + column, tap, (image * images[1] + sourceRow) * images[2] + sourceColumn, tapWeight);

    /// <summary>Sets a tap of a pixel of y, by their numbers.</summary>
    public void Set(int pixel, int tap, int sourcePixel, float tapWeight)
    {
        int at = tap * pixels + pixel;
        source[at] = sourcePixel;
        for (int c = 0; c < channels; c++) weight[at * channels + c] = tapWeight;
    }

    /// <summary>y. Once only: the table is given back.</summary>
    /// <param name="x">[N,H,W,C].</param>
    public Tensor Apply(Tensor x)
    {
        IndexTensor sources = IndexTensor.From(source.AsSpan(0, taps * pixels), x.Device);
        Tensor weights = Tensor.From(weight.AsSpan(0, taps * pixels * channels), new Shape(taps * pixels, channels), x.Device);
        ArrayPool<int>.Shared.Return(source);
        ArrayPool<float>.Shared.Return(weight);
        Tensor weighted = (Ops.Gather(x.Reshape(-1, channels), sources) * weights).Reshape(taps, pixels, channels);
        return Ops.Reshape(taps == 1 ? weighted : Ops.Sum(weighted, [0]), result);
    }

    /// <summary>
    /// Mirrors, quarter turns and shifts by whole pixels, which move pixels as they are; an image goes on beyond its edge reflected.
    /// </summary>
    /// <param name="maps">One for each image: where an output pixel reads, in pixels from the image's centre.</param>
    /// <param name="images">[N,H,W,C] of x.</param>
    public static Resampling Exact(ReadOnlySpan<AffineMap> maps, Shape images)
    {
        Resampling r = new(images, images, taps: 1);
        (int height, int width) = (images[1], images[2]);
        double middleX = (width - 1) * 0.5, middleY = (height - 1) * 0.5;
        for (int n = 0; n < maps.Length; n++)
            for (int row = 0; row < height; row++)
                for (int column = 0; column < width; column++)
                {
                    (double x, double y) = maps[n].Apply(column - middleX, row - middleY);
                    (int fromRow, int fromColumn) = ((int)Math.Round(y + middleY), (int)Math.Round(x + middleX));
                    r.Set(n, row, column, 0, WaveletFilter.Reflected(fromRow, height), WaveletFilter.Reflected(fromColumn, width), 1);
                }
        return r;
    }
}
