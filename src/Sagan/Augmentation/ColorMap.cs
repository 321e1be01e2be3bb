namespace Sagan.Native.Augmentation;

/// <summary>An affine map of the colours of each image: y[n, h, w, :] = M[n] x[n, h, w, :] + offset[n, :].</summary>
static class ColorMap
{
    const int MostPixelsInRow = 16;

    /// <summary>Channels that are colours: alpha, the fourth one, is not.</summary>
    public static int Colors(int channels) => channels == 4 ? 3 : channels;

    /// <summary>y.</summary>
    /// <param name="x">[N,H,W,C].</param>
    /// <param name="matrices">M, [N,C,C] in row-major order.</param>
    /// <param name="offset">[N,C].</param>
    public static Tensor Apply(Tensor x, ReadOnlySpan<float> matrices, Tensor offset)
    {
        (int n, int c) = (x.Shape[0], x.Shape[3]);
        // The three numbers of a pixel are too short a row for fast kernels: some pixels make one row, and M stands on the diagonal once
        // for each of them (16 pixels: 12 times as fast).
        int pixels = MostPixelsInRow, width;
        while (x.Shape[1] * x.Shape[2] % pixels != 0) pixels--;
        float[] diagonal = new float[n * (width = pixels * c) * width];
        for (int row = 0; row < n * width; row++)
        {
            int image = row / width, pixel = row % width / c;
            matrices.Slice((image * c + row % c) * c, c).CopyTo(diagonal.AsSpan(row * width + pixel * c));
        }
        Tensor wide = Ops.BroadcastTo(offset.Reshape(n, 1, c), new Shape(n, pixels, c)).Reshape(n, 1, width);
        Tensor y = Ops.MatMul(x.Reshape(n, -1, width), Tensor.From(diagonal, new Shape(n, width, width), x.Device), transposeB: true)
            + wide;
        return Ops.Reshape(y, x.Shape);
    }
}
