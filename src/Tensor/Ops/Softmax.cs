namespace Sagan.Native;

public static partial class Ops
{
    /// <summary>
    /// y_i = exp(x_i - max x) / sum_j exp(x_j - max x) along the last axis.
    /// <code>dx = y * (g - sum(g * y))</code>
    /// </summary>
    public static Tensor Softmax(Tensor x)
    {
        if (x.Rank == 0) throw new ShapeException("softmax: x is a scalar, at least one axis is needed.");
        Tensor y = Tensor.Empty(x.Shape, x.Device);
        int columns = x.Shape[-1];
        x.Backend.Softmax(x.Storage, y.Storage, columns == 0 ? 0 : x.Count / columns, columns);
        return Autograd.Record("softmax", y, new Output(y),
            (x, static (g, s) => s.Y * (g - Sum(g * s.Y, [-1], keepDims: true))));
    }
}
