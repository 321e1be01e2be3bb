namespace Sagan.Native.Kernels;

/// <summary>
/// The geometry of a sum over some axes: x's axes with runs of equal kind merged, so that kept and reduced axes alternate. Typical: [rows
/// (reduced), columns (kept)].
/// Summation is in a fixed tree order that depends on the sizes alone. |error| at most 1e-6 relative to sum |x|.
/// </summary>
readonly struct ReduceSpec
{
    readonly Axes sizes;
    readonly uint reduced;

    public ReduceSpec(Shape x, ReadOnlySpan<bool> reduce)
    {
        int rank = 0;
        InputCount = x.Count;
        OutputCount = 1;
        for (int i = 0; i < x.Rank; i++)
        {
            if (!reduce[i]) OutputCount *= x[i];
            if (x[i] == 1) continue;
            if (rank > 0 && IsReduced(rank - 1) == reduce[i]) sizes[rank - 1] *= x[i];
            else
            {
                sizes[rank] = x[i];
                if (reduce[i]) reduced |= 1u << rank;
                rank++;
            }
        }
        if (rank == 0) sizes[rank++] = 1;
        Rank = rank;
    }

    /// <summary>Number of merged axes, at least 1.</summary>
    public int Rank { get; }

    /// <summary>Elements of x; may be 0, the sum is then 0.</summary>
    public int InputCount { get; }

    /// <summary>Elements of y.</summary>
    public int OutputCount { get; }

    public int Size(int axis) => sizes[axis];

    public bool IsReduced(int axis) => (reduced >> axis & 1) != 0;
}
