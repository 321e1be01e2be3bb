using Sagan.Native.Kernels;

namespace Sagan.Native;

public static partial class Ops
{
    /// <summary>The same elements in another shape, without a copy;  dx = g in x's shape.</summary>
    public static Tensor Reshape(Tensor x, Shape shape)
    {
        if (x.Shape == shape) return x;
        if (x.Count != shape.Count) throw new ShapeException($"reshape: {x.Shape} has {x.Count} elements, {shape} has {shape.Count}.");
        return Autograd.RecordLinear("reshape", x.Alias(shape, null), x.Shape,
            (x, static (g, shape) => Reshape(g, shape)));
    }

    /// <summary>As <see cref="Reshape(Tensor, Shape)"/>; one size may be -1 and is then computed.</summary>
    public static Tensor Reshape(Tensor x, params ReadOnlySpan<int> sizes)
    {
        Span<int> s = stackalloc int[sizes.Length];
        sizes.CopyTo(s);
        int unknown = s.IndexOf(-1);
        if (unknown >= 0)
        {
            int rest = 1;
            for (int i = 0; i < s.Length; i++)
                if (i != unknown) rest *= s[i];
            if (rest <= 0 || x.Count % rest != 0)
                throw new ShapeException($"reshape: {x.Shape} has {x.Count} elements, which [{string.Join(", ", sizes.ToArray())}] cannot "
                    + "hold for any size in place of -1.");
            s[unknown] = x.Count / rest;
        }
        return Reshape(x, new Shape(s));
    }

    /// <summary>y's axis i is x's axis order[i];  dx = g in the inverse order.</summary>
    public static Tensor Permute(Tensor x, params ReadOnlySpan<int> order)
    {
        if (order.Length != x.Rank) throw new ShapeException($"permute: {order.Length} axes given, x {x.Shape} has {x.Rank}.");
        int[] forward = new int[x.Rank], inverse = new int[x.Rank];
        Array.Fill(inverse, -1);
        Span<int> sizes = stackalloc int[x.Rank];
        for (int i = 0; i < x.Rank; i++)
        {
            int axis = x.Shape.Axis(order[i]);
            if (inverse[axis] >= 0)
                throw new ShapeException($"permute: axis {axis} of x {x.Shape} is given twice in [{string.Join(", ", order.ToArray())}].");
            forward[i] = axis;
            inverse[axis] = i;
            sizes[i] = x.Shape[axis];
        }
        Tensor y = Tensor.Empty(new Shape(sizes), x.Device);
        x.Backend.Permute(x.Storage, y.Storage, new PermuteSpec(x.Shape, forward));
        return Autograd.RecordLinear("permute", y, inverse,
            (x, static (g, inverse) => Permute(g, inverse)));
    }

    /// <summary>y = x at positions start to start + count - 1 of one axis;  dx = g with zeros around.</summary>
    public static Tensor Slice(Tensor x, int axis, int start, int count)
    {
        axis = x.Shape.Axis(axis);
        if (start < 0 || count < 0 || count > x.Shape[axis] - start)
            throw new ShapeException($"slice: {start}..{(long)start + count - 1} is not inside axis {axis} of x {x.Shape}, which has size "
                + $"{x.Shape[axis]}.");
        Tensor y = Tensor.Empty(x.Shape.With(axis, count), x.Device);
        x.Backend.Slice(x.Storage, y.Storage, AlongAxis(x.Shape, axis, start, count));
        return Autograd.RecordLinear("slice", y, (axis, start, x.Shape),
            (x, static (g, c) => Pad(g, c.axis, c.start, c.Shape[c.axis])));
    }

    /// <summary>y = zeros of the given size along one axis with x at position start: the transpose of <see cref="Slice"/>.</summary>
    public static Tensor Pad(Tensor x, int axis, int start, int size)
    {
        axis = x.Shape.Axis(axis);
        int count = x.Shape[axis];
        if (start < 0 || start > size - count)
            throw new ShapeException($"pad: x {x.Shape} at {start} of axis {axis} does not fit into size {size}.");
        Tensor y = Tensor.Empty(x.Shape.With(axis, size), x.Device);
        x.Backend.Pad(x.Storage, y.Storage, AlongAxis(y.Shape, axis, start, count));
        return Autograd.RecordLinear("pad", y, (axis, start, count),
            (x, static (g, c) => Slice(g, c.axis, c.start, c.count)));
    }

    /// <summary>y = a followed by b along one axis;  da, db = the parts of g.</summary>
    public static Tensor Concat(Tensor a, Tensor b, int axis = 0)
    {
        Check.SameDevice("concat", a, b);
        axis = a.Shape.Axis(axis);
        int n = a.Shape[axis], m = b.Rank == a.Rank ? b.Shape[axis] : -1;
        if (m < 0 || b.Shape != a.Shape.With(axis, m))
            throw new ShapeException($"concat: a {a.Shape} and b {b.Shape} differ in more than axis {axis}.");
        Tensor y = Tensor.Empty(a.Shape.With(axis, n + m), a.Device);
        a.Backend.CopyInto(a.Storage, y.Storage, AlongAxis(y.Shape, axis, 0, n));
        a.Backend.CopyInto(b.Storage, y.Storage, AlongAxis(y.Shape, axis, n, m));
        return Autograd.RecordLinear("concat", y, (axis, n, m),
            (a, static (g, c) => Slice(g, c.axis, 0, c.n)),
            (b, static (g, c) => Slice(g, c.axis, c.n, c.m)));
    }

    static SliceSpec AlongAxis(Shape shape, int axis, int start, int count) =>
        new(shape.Product(0, axis), shape[axis], shape.Product(axis + 1, shape.Rank), start, count);
}
