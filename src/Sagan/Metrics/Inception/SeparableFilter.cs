namespace Sagan.Native.Metrics.Inception;

/// <summary>
/// One matrix along the rows of an image and one along its columns: y[n,i,j,c] = sum over h, w of rows[i,h] columns[j,w] x[n,h,w,c].
/// Resizing and averaging are such filters, as matrix products on any device.
/// </summary>
static class SeparableFilter
{
    /// <summary>x [N, H, W, C] to [N, I, J, C], rows [I, H], columns [J, W].</summary>
    public static Tensor Apply(Tensor x, Tensor rows, Tensor columns) => Turned(Turned(x, rows), columns);

    /// <summary>
    /// Bilinear interpolation [to, from], the corners of the corner pixels aligned (PyTorch's align_corners=false): output i lies at (i +
    /// 1/2) from/to - 1/2, at least 0, between the two inputs beside it. Without a low-pass, also when it reduces: as the published FID is
    /// defined.
    /// </summary>
    public static Tensor Bilinear(int from, int to)
    {
        float[] w = new float[to * from];
        for (int i = 0; i < to; i++)
        {
            double at = Math.Max((i + 0.5) * from / to - 0.5, 0);
            int below = Math.Min((int)at, from - 1), above = Math.Min(below + 1, from - 1);
            w[i * from + below] += (float)(1 - (at - below));
            w[i * from + above] += (float)(at - below);
        }
        return Tensor.From(w, new Shape(to, from));
    }

    /// <summary>The mean of each element and its two neighbours, those outside left out: [n, n].</summary>
    public static Tensor MeanOfThree(int n)
    {
        float[] w = new float[n * n];
        for (int i = 0; i < n; i++)
        {
            int first = Math.Max(i - 1, 0), last = Math.Min(i + 1, n - 1);
            w.AsSpan(i * n + first, last - first + 1).Fill(1f / (last - first + 1));
        }
        return Tensor.From(w, new Shape(n, n));
    }

    // The filter along H, then H and W exchanged: after two turns they are as they were.
    static Tensor Turned(Tensor x, Tensor filter)
    {
        (int n, int h, int w, int c) = (x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]);
        Tensor y = Ops.MatMul(filter.To(x.Device), x.Reshape(n, h, w * c));
        return Ops.Permute(y.Reshape(n, filter.Shape[0], w, c), 0, 2, 1, 3);
    }
}
