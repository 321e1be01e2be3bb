namespace Sagan.Native.Kernels;

/// <summary>y's axis i is x's axis order[i]: the sizes of y and the element strides in x that go with them.</summary>
readonly struct PermuteSpec
{
    readonly Axes sizes, strides;

    public PermuteSpec(Shape x, ReadOnlySpan<int> order)
    {
        Rank = x.Rank;
        Count = x.Count;
        for (int i = 0; i < Rank; i++)
        {
            sizes[i] = x[order[i]];
            strides[i] = x.Product(order[i] + 1, x.Rank);
        }
    }

    public int Rank { get; }

    public int Count { get; }

    /// <summary>Size of y's axis.</summary>
    public int Size(int axis) => sizes[axis];

    /// <summary>Distance in x between neighbours along y's axis.</summary>
    public int Stride(int axis) => strides[axis];
}
