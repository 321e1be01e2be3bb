using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Sagan.Native;

/// <summary>
/// The sizes of a tensor, outermost axis first; row-major, contiguous. Prints as <c>[64, 32, 32, 3]</c>.
/// Broadcasting and axis rules live here and nowhere else. At most <see cref="MaxRank"/> axes; a scalar has rank 0.
/// </summary>
[DebuggerDisplay("{ToString(),nq}")]
public readonly struct Shape : IEquatable<Shape>
{
    /// <summary>The largest number of axes.</summary>
    public const int MaxRank = 8;

    [InlineArray(MaxRank)]
    struct Sizes
    {
        int first;
    }

    readonly Sizes sizes;
    // So that default(Shape) is a scalar, which has one element.
    readonly int countLess1;

    /// <summary>
    /// A shape with the given sizes. Throws <see cref="ShapeException"/> for a negative size, too many axes or 2^31 elements or more.
    /// </summary>
    public Shape(params ReadOnlySpan<int> sizes)
    {
        if (sizes.Length > MaxRank) throw new ShapeException($"shape: {sizes.Length} axes given, at most {MaxRank} are supported.");
        Rank = sizes.Length;
        long count = 1;
        for (int i = 0; i < sizes.Length; i++)
        {
            if (sizes[i] < 0) throw new ShapeException($"shape: axis {i} has the negative size {sizes[i]}.");
            this.sizes[i] = sizes[i];
            count *= sizes[i];
            if (count > int.MaxValue)
                throw new ShapeException($"shape: [{string.Join(", ", sizes.ToArray())}] has 2^31 elements or more; split the batch.");
        }
        countLess1 = (int)count - 1;
    }

    /// <summary>Number of axes.</summary>
    public int Rank { get; }

    /// <summary>Number of elements; 1 for a scalar.</summary>
    public int Count => countLess1 + 1;

    /// <summary>The size of an axis; negative axes count from the end.</summary>
    public int this[int axis] => sizes[Axis(axis)];

    /// <summary>The sizes as a new array.</summary>
    public int[] ToArray()
    {
        int[] a = new int[Rank];
        for (int i = 0; i < Rank; i++) a[i] = sizes[i];
        return a;
    }

    /// <summary>The indices of an element, counted in memory order, as text: <c>[1, 2]</c>.</summary>
    public string Place(int element)
    {
        int[] indices = new int[Rank];
        for (int i = Rank - 1; i >= 0; i--) (element, indices[i]) = Math.DivRem(element, Math.Max(1, sizes[i]));
        return $"[{string.Join(", ", indices)}]";
    }

    /// <summary>Resolves a possibly negative axis to 0..Rank-1. Throws <see cref="ShapeException"/> when it is out of range.</summary>
    public int Axis(int axis)
    {
        int a = axis < 0 ? axis + Rank : axis;
        if ((uint)a >= (uint)Rank) throw new ShapeException($"axis {axis} is out of range for {this}, which has {Rank} axes.");
        return a;
    }

    /// <summary>The product of the sizes in [from, to).</summary>
    public int Product(int from, int to)
    {
        int p = 1;
        for (int i = from; i < to; i++) p *= sizes[i];
        return p;
    }

    /// <summary>This shape with one axis given another size.</summary>
    public Shape With(int axis, int size)
    {
        Span<int> a = stackalloc int[MaxRank];
        for (int i = 0; i < Rank; i++) a[i] = sizes[i];
        a[Axis(axis)] = size;
        return new Shape(a[..Rank]);
    }

    /// <summary>
    /// The shape that a and b broadcast to, NumPy's rule: align at the last axis; sizes must be equal or one of them 1.
    /// Throws <see cref="ShapeException"/> naming <paramref name="op"/> and both shapes.
    /// </summary>
    public static Shape Broadcast(string op, Shape a, Shape b)
    {
        if (a == b) return a;
        int rank = Math.Max(a.Rank, b.Rank);
        Span<int> s = stackalloc int[MaxRank];
        for (int i = 1; i <= rank; i++)
        {
            int x = i <= a.Rank ? a[^i] : 1, y = i <= b.Rank ? b[^i] : 1;
            if (x != y && x != 1 && y != 1)
                throw new ShapeException(
                    $"{op}: {a} and {b} do not broadcast: axis {-i} has sizes {x} and {y}, which differ and neither is 1.");
            s[rank - i] = x == 1 ? y : x;
        }
        return new Shape(s[..rank]);
    }

    /// <summary>True when a tensor of this shape can be repeated to fill one of the other: its sizes, aligned at the last axis, are the
    /// other's or 1.</summary>
    public bool BroadcastsTo(Shape other)
    {
        for (int i = 1; i <= Rank; i++)
            if (i > other.Rank || (this[^i] != 1 && this[^i] != other[^i])) return false;
        return true;
    }

    int this[Index i] => sizes[i.GetOffset(Rank)];

    /// <inheritdoc/>
    public bool Equals(Shape other)
    {
        if (Rank != other.Rank) return false;
        for (int i = 0; i < Rank; i++)
            if (sizes[i] != other.sizes[i]) return false;
        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape s && Equals(s);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode h = default;
        for (int i = 0; i < Rank; i++) h.Add(sizes[i]);
        return h.ToHashCode();
    }

    /// <summary>Same rank and same sizes.</summary>
    public static bool operator ==(Shape a, Shape b) => a.Equals(b);

    /// <summary>Another rank or another size.</summary>
    public static bool operator !=(Shape a, Shape b) => !a.Equals(b);

    /// <summary>For example <c>[64, 32, 32, 3]</c>; a scalar prints as <c>[]</c>.</summary>
    public override string ToString() => $"[{string.Join(", ", ToArray())}]";
}

/// <summary>
/// An operation was given operands whose shapes break its rule. The message names the operation, the rule and every operand.
/// </summary>
public sealed class ShapeException(string message, Exception? inner = null) : ArgumentException(message, inner);
