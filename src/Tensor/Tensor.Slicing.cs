namespace Sagan.Native;

/// <summary>A place along an axis, which takes the axis away, or a range, which leaves it: what stands between the brackets of <c>x[0,
/// 1..3, ^1]</c>.</summary>
public readonly struct TensorIndex
{
    TensorIndex(Index at, Range range, bool isPlace) => (At, Range, IsPlace) = (at, range, isPlace);

    internal Index At { get; }

    internal Range Range { get; }

    internal bool IsPlace { get; }

    /// <summary>A place; a negative one counts from the end.</summary>
    public static implicit operator TensorIndex(int at) => new(at < 0 ? new Index(-at, fromEnd: true) : new Index(at), default, true);

    /// <summary>A place.</summary>
    public static implicit operator TensorIndex(Index at) => new(at, default, true);

    /// <summary>A range.</summary>
    public static implicit operator TensorIndex(Range range) => new(default, range, false);
}

public sealed partial class Tensor
{
    /// <summary>
    /// A part: <c>x[1..3]</c>, <c>x[.., 0]</c>, <c>x[0, ..^1]</c>. Axes that are not named stay whole. Made of <see cref="Ops.Slice"/>, so
    /// gradients flow through it; numbers alone, <c>x[0, 2]</c>, give the element's value.
    /// </summary>
    [System.Runtime.CompilerServices.IndexerName("Element")]
    public Tensor this[params ReadOnlySpan<TensorIndex> places]
    {
        get
        {
            if (places.Length > Rank) throw new ShapeException($"index: {places.Length} ranges given, {Describe()} has {Rank} axes.");
            Tensor y = this;
            List<int> left = [];
            for (int axis = 0; axis < Rank; axis++)
            {
                int n = Shape[axis];
                TensorIndex p = axis < places.Length ? places[axis] : Range.All;
                int start = p.IsPlace
                    ? p.At.GetOffset(n) : p.Range.Start.GetOffset(n), end = p.IsPlace ? start + 1 : p.Range.End.GetOffset(n);
                if (start < 0 || end > n || start > end)
                    throw new ShapeException($"index: {(p.IsPlace ? p.At : p.Range)} is out of range for axis {axis} of {Describe()}, "
                        + $"which has size {n}.");
                if (end - start < n) y = Ops.Slice(y, axis, start, end - start);
                if (!p.IsPlace) left.Add(end - start);
            }
            return Ops.Reshape(y, new Shape([.. left]));
        }
    }
}
