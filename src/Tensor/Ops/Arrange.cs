namespace Sagan.Native;

// Other arrangements of the same elements, made of Reshape, Permute, Slice, Concat and Gather.
public static partial class Ops
{
    /// <summary>y = the parts one after the other along an axis;  the gradient of each is its part of g.</summary>
    public static Tensor Concat(ReadOnlySpan<Tensor> parts, int axis = 0)
    {
        if (parts.Length == 0) throw new ArgumentException("concat: no tensors are given.", nameof(parts));
        Tensor first = parts[0];
        axis = first.Shape.Axis(axis);
        int[] sizes = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            Tensor x = parts[i];
            Check.SameDevice("concat", first, x);
            sizes[i] = x.Rank == first.Rank ? x.Shape[axis] : -1;
            if (sizes[i] < 0 || x.Shape != first.Shape.With(axis, sizes[i]))
                throw new ShapeException($"concat: part {i} {x.Shape} and part 0 {first.Shape} differ in more than axis {axis}.");
        }
        Tensor y = Tensor.Empty(first.Shape.With(axis, sizes.Sum()), first.Device);
        for (int i = 0, at = 0; i < parts.Length; at += sizes[i++])
            first.Backend.CopyInto(parts[i].Storage, y.Storage, AlongAxis(y.Shape, axis, at, sizes[i]));
        return Autograd.RecordLinear("concat", y, (Axis: axis, Sizes: sizes), parts, static (g, c, d) =>
        {
            for (int i = 0, at = 0; i < c.Sizes.Length; at += c.Sizes[i++])
                if (d.Wants(i)) d[i] = Slice(g, c.Axis, at, c.Sizes[i]);
        });
    }

    /// <summary>y = tensors of one shape along a new axis.</summary>
    public static Tensor Stack(ReadOnlySpan<Tensor> parts, int axis = 0)
    {
        Tensor[] wide = new Tensor[parts.Length];
        for (int i = 0; i < wide.Length; i++)
        {
            if (parts[i].Shape != parts[0].Shape)
                throw new ShapeException($"stack: part {i} {parts[i].Shape} differs from part 0 {parts[0].Shape}.");
            wide[i] = Unsqueeze(parts[i], axis);
        }
        return Concat(wide, axis < 0 && wide.Length > 0 ? axis + wide[0].Rank : axis);
    }

    /// <summary>y = x with an axis of size 1 before axis number <paramref name="axis"/>; negative ones count from the end of y.</summary>
    public static Tensor Unsqueeze(Tensor x, int axis)
    {
        int at = axis < 0 ? axis + x.Rank + 1 : axis;
        if (at < 0 || at > x.Rank)
            throw new ShapeException($"unsqueeze: axis {axis} is out of range for x {x.Shape}, whose result has {x.Rank + 1} axes.");
        int[] sizes = x.Shape.ToArray();
        return Reshape(x, new Shape([.. sizes[..at], 1, .. sizes[at..]]));
    }

    /// <summary>y = x without an axis of size 1. Another size is an error (PyTorch leaves such an axis as it is).</summary>
    public static Tensor Squeeze(Tensor x, int axis)
    {
        axis = x.Shape.Axis(axis);
        if (x.Shape[axis] != 1)
            throw new ShapeException($"squeeze: axis {axis} of x {x.Shape} has size {x.Shape[axis]}, only one of size 1 can go.");
        int[] sizes = x.Shape.ToArray();
        return Reshape(x, new Shape([.. sizes[..axis], .. sizes[(axis + 1)..]]));
    }

    /// <summary>y = x without its axes of size 1.</summary>
    public static Tensor Squeeze(Tensor x) => Reshape(x, new Shape([.. x.Shape.ToArray().Where(n => n != 1)]));

    /// <summary>y = x with the axes from <paramref name="start"/> on as one. Of an image [N, H, W, C] the order is that of pixels, with the
    /// channels inside.</summary>
    public static Tensor Flatten(Tensor x, int start = 0)
    {
        if (x.Rank == 0) return Reshape(x, new Shape(1));
        start = x.Shape.Axis(start);
        return Reshape(x, new Shape([.. x.Shape.ToArray()[..start], x.Shape.Product(start, x.Rank)]));
    }

    /// <summary>y = x with two axes exchanged.</summary>
    public static Tensor Transpose(Tensor x, int a = -2, int b = -1)
    {
        (a, b) = (x.Shape.Axis(a), x.Shape.Axis(b));
        int[] order = [.. Enumerable.Range(0, x.Rank)];
        (order[a], order[b]) = (b, a);
        return a == b ? x : Permute(x, order);
    }

    /// <summary>
    /// y[.., i, ..] = x[.., index[.., i, ..], ..] along an axis: torch.gather. The indices are in the order of y, whose shape is x's but
    /// for the axis; so with one for each row of x [N, C], y [N, 1].  dx = g added where it came from. An index out of range is an error.
    /// Waits for the device.
    /// </summary>
    public static Tensor GatherAlong(Tensor x, int axis, IndexTensor index)
    {
        axis = x.Shape.Axis(axis);
        int n = x.Shape[axis], inner = x.Shape.Product(axis + 1, x.Rank), outer = x.Shape.Product(0, axis);
        if (inner * outer == 0 ? index.Count != 0 : index.Count % (inner * outer) != 0)
            throw new ShapeException($"gather_along: {index.Count} indices are no multiple of {inner * outer}, the elements of x {x.Shape} "
                + $"beside axis {axis}.");
        int k = inner * outer == 0 ? 0 : index.Count / (inner * outer);
        int[] flat = index.ToArray();
        for (int at = 0; at < flat.Length; at++)
        {
            int i = flat[at], o = at / (k * inner), r = at % inner;
#pragma warning disable CA2201 // As Gather has it.
            if ((uint)i >= (uint)n)
                throw new IndexOutOfRangeException($"gather_along: index {i} is not in 0..{n - 1}, axis {axis} of x {x.Shape}.");
#pragma warning restore CA2201
            flat[at] = (o * n + i) * inner + r;
        }
        return Reshape(Gather(Reshape(x, new Shape(x.Count, 1)), IndexTensor.From(flat, x.Device)), x.Shape.With(axis, k));
    }
}
