namespace Sagan.Native;

public static partial class Ops
{
    /// <summary>As <see cref="Sum(Tensor, ReadOnlySpan{int}, bool)"/>, over one axis.</summary>
    public static Tensor Sum(Tensor x, int axis, bool keepDims = false) => Sum(x, [axis], keepDims);

    /// <summary>As <see cref="Mean(Tensor, ReadOnlySpan{int}, bool)"/>, over one axis.</summary>
    public static Tensor Mean(Tensor x, int axis, bool keepDims = false) => Mean(x, [axis], keepDims);

    /// <summary>
    /// y = sum (x - mean x)^2 / (n - correction) over the given axes, all of them when none is given: with 1 the unbiased variance, as
    /// PyTorch has it unless told otherwise, with 0 the biased one. NaN (0 / 0) where n is the correction.
    /// </summary>
    public static Tensor Var(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false, int correction = 1)
    {
        Tensor squares = Sum(Square(x - Mean(x, axes, keepDims: true)), axes, keepDims);
        return squares / (x.Count / Math.Max(squares.Count, 1) - correction);
    }

    /// <summary>(x - mean) / sqrt(var + eps) with the mean and the biased variance over the given axes.</summary>
    internal static Tensor Standardize(Tensor x, ReadOnlySpan<int> axes, float epsilon)
    {
        Tensor centred = x - Mean(x, axes, keepDims: true);
        return centred / Sqrt(Mean(Square(centred), axes, keepDims: true) + epsilon);
    }

    /// <summary>
    /// y = the largest x over the given axes, all of them when none is given, NaN where any is;  dx = g at the largest, of equal ones at
    /// the first, as torch.max(x, dim) has it. No elements are an error.
    /// </summary>
    public static Tensor Max(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false)
    {
        Tensor rows = Rowwise("max", x, axes, keepDims, out Shape shape);
        return Reshape(Sum(Share(rows, TopKMask(rows.Detach(), 1)), [1]), shape);
    }

    /// <summary>As the other one, over one axis.</summary>
    public static Tensor Max(Tensor x, int axis, bool keepDims = false) => Max(x, [axis], keepDims);

    /// <summary>y = the smallest x over the given axes. As <see cref="Max(Tensor, ReadOnlySpan{int}, bool)"/> in all else.</summary>
    public static Tensor Min(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false) => -Max(-x, axes, keepDims);

    /// <summary>As the other one, over one axis.</summary>
    public static Tensor Min(Tensor x, int axis, bool keepDims = false) => Min(x, [axis], keepDims);

    /// <summary>
    /// Where along an axis the largest x is, of equal ones the first, and the first NaN where there is one: an index for each element of
    /// the other axes, in their order. Waits for the device. No elements are an error.
    /// </summary>
    public static IndexTensor ArgMax(Tensor x, int axis = -1)
    {
        Tensor rows = Rowwise("argmax", x.Detach(), [axis], false, out _);
        int n = rows.Shape[1];
        float[] values = rows.ToArray();
        int[] index = new int[rows.Shape[0]];
        for (int i = 0; i < index.Length; i++)
        {
            ReadOnlySpan<float> row = values.AsSpan(i * n, n);
            int best = 0;
            for (int k = 1; k < n && !float.IsNaN(row[best]); k++)
                if (!(row[k] <= row[best])) best = k;
            index[i] = best;
        }
        return IndexTensor.From(index, x.Device);
    }

    /// <summary>Where along an axis the smallest x is. As <see cref="ArgMax"/> in all else.</summary>
    public static IndexTensor ArgMin(Tensor x, int axis = -1) => ArgMax(-x.Detach(), axis);

    // The axes to be reduced as the columns of a matrix, and the shape of what is left.
    static Tensor Rowwise(string op, Tensor x, ReadOnlySpan<int> axes, bool keepDims, out Shape left)
    {
        Span<bool> reduce = stackalloc bool[Shape.MaxRank];
        if (axes.Length == 0) reduce[..x.Rank].Fill(true);
        foreach (int axis in axes) reduce[x.Shape.Axis(axis)] = true;
        Span<int> order = stackalloc int[x.Rank], sizes = stackalloc int[x.Rank];
        (int others, int count, int n) = (0, 0, 1);
        for (int i = 0; i < x.Rank; i++)
        {
            if (!reduce[i]) order[others++] = i;
            else n *= x.Shape[i];
            if (!reduce[i] || keepDims) sizes[count++] = reduce[i] ? 1 : x.Shape[i];
        }
        for (int i = 0, at = others; i < x.Rank; i++)
            if (reduce[i]) order[at++] = i;
        if (n == 0)
            throw new ShapeException($"{op}: x {x.Shape} has no elements along [{string.Join(", ", axes.ToArray())}], so there is none to "
                + "choose.");
        left = new Shape(sizes[..count]);
        bool sorted = true;
        for (int i = 0; i < x.Rank; i++) sorted &= order[i] == i;
        return Reshape(sorted ? x : Permute(x, order), new Shape(x.Count / n, n));
    }
}
