using Sagan.Native.Kernels;

namespace Sagan.Native;

public static partial class Ops
{
    /// <summary>y = the sum of x over the given axes, all of them when none is given; keepDims leaves them with size 1;  dx = g
    /// repeated.</summary>
    public static Tensor Sum(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false)
    {
        Span<bool> reduce = stackalloc bool[Shape.MaxRank];
        if (axes.Length == 0) reduce[..x.Rank].Fill(true);
        foreach (int axis in axes) reduce[x.Shape.Axis(axis)] = true;
        Span<int> kept = stackalloc int[Shape.MaxRank], result = stackalloc int[Shape.MaxRank];
        int rank = 0;
        for (int i = 0; i < x.Rank; i++)
        {
            kept[i] = reduce[i] ? 1 : x.Shape[i];
            if (!reduce[i] || keepDims) result[rank++] = kept[i];
        }
        Tensor y = Tensor.Empty(new Shape(result[..rank]), x.Device);
        x.Backend.Sum(x.Storage, y.Storage, new ReduceSpec(x.Shape, reduce[..x.Rank]));
        return Autograd.RecordLinear("sum", y, (Kept: new Shape(kept[..x.Rank]), X: x.Shape),
            (x, static (g, c) => BroadcastTo(Reshape(g, c.Kept), c.X)));
    }

    /// <summary>y = the mean of x over the given axes, all of them when none is given; NaN of no elements. See
    /// <see cref="Sum(Tensor, ReadOnlySpan{int}, bool)"/>.</summary>
    public static Tensor Mean(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false)
    {
        Tensor sum = Sum(x, axes, keepDims);
        return sum / (x.Count / Math.Max(sum.Count, 1));
    }

    /// <summary>y = x with its axes of size 1 repeated to a shape, new axes in front;  dx = g summed over them.</summary>
    public static Tensor BroadcastTo(Tensor x, Shape shape)
    {
        if (x.Shape == shape) return x;
        if (Shape.Broadcast("broadcast_to", x.Shape, shape) != shape)
            throw new ShapeException($"broadcast_to: {x.Shape} does not broadcast to {shape}.");
        Tensor y = Tensor.Empty(shape, x.Device);
        x.Backend.BroadcastTo(x.Storage, y.Storage, new BroadcastSpec(x.Shape, x.Shape, shape));
        return Autograd.RecordLinear("broadcast_to", y, x.Shape,
            (x, static (g, shape) => SumTo(g, shape)));
    }

    /// <summary>y = x summed over the axes along which <paramref name="shape"/> would be broadcast to x's shape: the transpose of
    /// <see cref="BroadcastTo"/>.</summary>
    public static Tensor SumTo(Tensor x, Shape shape)
    {
        if (x.Shape == shape) return x;
        if (Shape.Broadcast("sum_to", shape, x.Shape) != x.Shape)
            throw new ShapeException($"sum_to: {shape} does not broadcast to {x.Shape}.");
        Span<int> axes = stackalloc int[Shape.MaxRank];
        int count = 0, extra = x.Rank - shape.Rank;
        for (int i = 0; i < x.Rank; i++)
            if (i < extra || (shape[i - extra] == 1 && x.Shape[i] != 1)) axes[count++] = i;
        return Reshape(count == 0 ? x : Sum(x, axes[..count]), shape);
    }
}
