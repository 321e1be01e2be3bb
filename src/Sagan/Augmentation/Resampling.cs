namespace Sagan.Native.Augmentation;

/// <summary>
/// Images whose pixels are weighted sums of pixels of other images, in a linear map that was laid out on the host:
/// <code>y[p, c] = sum over taps t of weight[t, p] x[source[t, p], c]</code>
/// p counts the pixels of all images of a batch. A tap that points outside of the image has weight 0. Being linear in x, it is differentiable to any order; its
/// gradient is the transpose, dx[source[t, p], c] += weight[t, p] g[p, c].
/// </summary>
sealed class Resampling
{
    readonly Shape images;
    readonly int taps, pixels, channels;
    readonly int[] source;
    // One for each channel: products of whole arrays are much faster than those of a number with a pixel's three.
    readonly float[] weight;

    /// <param name="images">[N,H,W,C] of x.</param>
    /// <param name="taps">Pixels that a pixel of y is the sum of.</param>
    public Resampling(Shape images, int taps)
    {
        (this.images, this.taps, pixels, channels) = (images, taps, images.Count / Math.Max(1, images[3]), images[3]);
        source = new int[taps * pixels];
        weight = new float[source.Length * channels];
    }

    /// <summary>Sets a tap of pixel (row, column) of an image: where it reads in the same image, or with what weight.</summary>
    public void Set(int image, int row, int column, int tap, int sourceRow, int sourceColumn, float tapWeight)
    {
        int at = tap * pixels + Pixel(image, row, column);
        source[at] = Pixel(image, sourceRow, sourceColumn);
        for (int c = 0; c < channels; c++) weight[at * channels + c] = tapWeight;
    }

    /// <summary>y.</summary>
    /// <param name="x">[N,H,W,C].</param>
    public Tensor Apply(Tensor x)
    {
        Tensor read = Ops.Gather(x.Reshape(pixels, channels), IndexTensor.From(source, x.Device));
        Tensor weighted = (read * Tensor.From(weight, read.Shape, x.Device)).Reshape(taps, pixels, channels);
        return Ops.Reshape(taps == 1 ? weighted : Ops.Sum(weighted, [0]), images);
    }

    int Pixel(int image, int row, int column) => (image * images[1] + row) * images[2] + column;

    /// <summary>
    /// Bilinear interpolation at the points that an affine map sends the pixels' centres to; a point beyond the edge is reflected there, half a pixel outside
    /// of the last centre. With identity maps each pixel reads itself with weight 1. As PyTorch's grid_sample (bilinear, reflection, align_corners=False).
    /// </summary>
    /// <param name="maps">One for each image: where an output pixel reads, in pixels from the image's centre.</param>
    /// <param name="images">[N,H,W,C] of x.</param>
    public static Resampling Bilinear(ReadOnlySpan<AffineMap> maps, Shape images)
    {
        Resampling r = new(images, taps: 4);
        (int height, int width) = (images[1], images[2]);
        double middleX = (width - 1) * 0.5, middleY = (height - 1) * 0.5;
        for (int n = 0; n < maps.Length; n++)
            for (int row = 0; row < height; row++)
                for (int column = 0; column < width; column++)
                {
                    (double x, double y) = maps[n].Apply(column - middleX, row - middleY);
                    (int left, int right, double toRight) = Neighbours(x + middleX, width);
                    (int top, int bottom, double toBottom) = Neighbours(y + middleY, height);
                    r.Set(n, row, column, 0, top, left, (float)((1 - toRight) * (1 - toBottom)));
                    r.Set(n, row, column, 1, top, right, (float)(toRight * (1 - toBottom)));
                    r.Set(n, row, column, 2, bottom, left, (float)((1 - toRight) * toBottom));
                    r.Set(n, row, column, 3, bottom, right, (float)(toRight * toBottom));
                }
        return r;
    }

    // The two pixels around a position along an axis of some size, and how far it is from the first to the second.
    static (int First, int Second, double Way) Neighbours(double position, int size)
    {
        double fromEdge = Math.Abs(position + 0.5) % (2.0 * size);
        double reflected = (fromEdge < size ? fromEdge : 2.0 * size - fromEdge) - 0.5;
        double inside = Math.Clamp(reflected, 0, size - 1);
        int first = (int)inside;
        return (first, Math.Min(first + 1, size - 1), inside - first);
    }
}
