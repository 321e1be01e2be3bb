using Sagan.Native.Kernels;

namespace Sagan.Native.Augmentation;

/// <summary>
/// Affine maps of images without aliasing: the image, reflected at its edges without end, is doubled in size with a
/// <see cref="WaveletFilter"/>, read bilinearly at the points that the map sends the pixels of a doubled result to, and the result halved
/// with the same filter. Every part is linear in the image, so the gradient is the transpose, part by part.
/// <code>x [N,H,W,C] -> doubled [N,4W,4H,C], a period of the reflected image -> read [N,2W+10,2H+10,C] -> halved [N,H,W,C]</code>
/// Source: Karras et al. 2020, "Training generative adversarial networks with limited data", appendix B.
/// </summary>
static class AffineWarp
{
    /// <summary>The images as the maps make them.</summary>
    /// <param name="x">[N,H,W,C].</param>
    /// <param name="maps">One for each image: where an output pixel reads, in pixels from the image's centre.</param>
    public static Tensor Apply(Tensor x, ReadOnlySpan<AffineMap> maps)
    {
        (int n, int h, int w, int c) = (x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]);
        Tensor y = Along(WaveletFilter.Doubling(h), x, h);
        y = Along(WaveletFilter.Doubling(w), Ops.Permute(y.Reshape(n, 4 * h, w, c), 0, 2, 1, 3), w).Reshape(n, 4 * w, 4 * h, c);
        y = Reading(maps, x.Shape).Apply(y);
        int rows = y.Shape[2];
        y = Along(WaveletFilter.Halving(w), y, y.Shape[1]);
        y = Along(WaveletFilter.Halving(h), Ops.Permute(y.Reshape(n, w, rows, c), 0, 2, 1, 3), rows);
        return y.Reshape(n, h, w, c);
    }

    // A matrix with this many columns times each image's first axis.
    static Tensor Along(float[] matrix, Tensor x, int columns) =>
        Ops.MatMul(Tensor.From(matrix, new Shape(matrix.Length / columns, columns), x.Device), x.Reshape(x.Shape[0], columns, -1));

    static Resampling Reading(ReadOnlySpan<AffineMap> maps, Shape images)
    {
        (int h, int w) = (images[1], images[2]);
        (int height, int width) = (2 * h + 2 * WaveletFilter.Reach, 2 * w + 2 * WaveletFilter.Reach);
        Resampling r = new(new Shape(images[0], 4 * w, 4 * h, images[3]), new Shape(images[0], width, height, images[3]), taps: 4);
        AffineMap[] map = maps.ToArray();
        Parallel.For(0, map.Length, new ParallelOptions { MaxDegreeOfParallelism = WorkerPool.Threads }, n =>
        {
            int first = n * 16 * w * h, at = n * width * height;
            for (int column = 0; column < width; column++)
                for (int row = 0; row < height; row++, at++)
                {
                    // Pixel i is at index 2 i of the doubled image.
                    (double x, double y) = map[n].Apply(0.5 * (column - WaveletFilter.Reach - w + 1),
                        0.5 * (row - WaveletFilter.Reach - h + 1));
                    (int left, int right, double toRight) = Neighbours(2 * x + w - 1, 4 * w);
                    (int top, int bottom, double toBottom) = Neighbours(2 * y + h - 1, 4 * h);
                    (left, right) = (first + left * 4 * h, first + right * 4 * h);
                    r.Set(at, 0, left + top, (float)((1 - toRight) * (1 - toBottom)));
                    r.Set(at, 1, right + top, (float)(toRight * (1 - toBottom)));
                    r.Set(at, 2, left + bottom, (float)((1 - toRight) * toBottom));
                    r.Set(at, 3, right + bottom, (float)(toRight * toBottom));
                }
        });
        return r;
    }

    // The two pixels around a position along an axis that begins anew after a period, and how far it is from the first to the second.
    static (int First, int Second, double Way) Neighbours(double position, int period)
    {
        double inside = position - period * Math.Floor(position / period), whole = Math.Floor(inside);
        // A position just below 0 can round to the period itself.
        int first = whole >= period ? 0 : (int)whole;
        return (first, first + 1 == period ? 0 : first + 1, inside - whole);
    }
}
