namespace Sagan.Native.Kernels;

/// <summary>
/// The geometry of an elementwise function of two operands that broadcast: the axes of y with runs of axes that behave alike merged, and
/// the element strides of a and b along them (0 where the operand has size 1). Rank 1 with strides (1, 1) is the plain case, (1, 0) a
/// scalar b; rank 2 with b strides (0, 1) a bias.
/// </summary>
readonly struct BroadcastSpec
{
    readonly Axes sizes, strideA, strideB;

    public BroadcastSpec(Shape a, Shape b, Shape y)
    {
        Count = y.Count;
        Span<int> n = stackalloc int[Shape.MaxRank], sa = stackalloc int[Shape.MaxRank], sb = stackalloc int[Shape.MaxRank];
        int rank = 0, runA = 1, runB = 1;
        // Innermost first; an axis joins the one inside it when both operands step through the two as through one.
        for (int i = 1; i <= y.Rank; i++)
        {
            int size = y[-i];
            if (size == 1) continue;
            int da = i <= a.Rank ? a[-i] : 1, db = i <= b.Rank ? b[-i] : 1;
            int ta = da == 1 ? 0 : runA, tb = db == 1 ? 0 : runB;
            runA *= da;
            runB *= db;
            if (rank > 0 && ta == sa[rank - 1] * n[rank - 1] && tb == sb[rank - 1] * n[rank - 1]) n[rank - 1] *= size;
            else
            {
                n[rank] = size;
                sa[rank] = ta;
                sb[rank++] = tb;
            }
        }
        if (rank == 0) n[rank++] = 1;
        Rank = rank;
        for (int i = 0; i < rank; i++)
        {
            sizes[i] = n[rank - 1 - i];
            strideA[i] = sa[rank - 1 - i];
            strideB[i] = sb[rank - 1 - i];
        }
    }

    /// <summary>Number of merged axes, at least 1.</summary>
    public int Rank { get; }

    /// <summary>Elements of y.</summary>
    public int Count { get; }

    public int Size(int axis) => sizes[axis];

    public int StrideA(int axis) => strideA[axis];

    public int StrideB(int axis) => strideB[axis];
}
