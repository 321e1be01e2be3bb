namespace Sagan.Native.Augmentation;

/// <summary>An affine map of the colours of each image: y[n, h, w, :] = M[n] x[n, h, w, :] + offset[n, :].</summary>
static class ColorMap
{
    /// <summary>Channels that are colours: alpha, the fourth one, is not.</summary>
    public static int Colors(int channels) => channels == 4 ? 3 : channels;

    /// <summary>y.</summary>
    /// <param name="x">[N,H,W,C].</param>
    /// <param name="matrices">M, [N,C,C].</param>
    /// <param name="offset">[N,C].</param>
    public static Tensor Apply(Tensor x, Tensor matrices, Tensor offset)
    {
        (int n, int c) = (x.Shape[0], x.Shape[3]);
        return (Ops.MatMul(x.Reshape(n, -1, c), matrices, transposeB: true) + offset.Reshape(n, 1, c)).Reshape(x.Shape.ToArray());
    }
}
