namespace Sagan.Native.Kernels;

/// <summary>Which factor is packed once for all jobs; each job packs its part of the other.</summary>
enum GemmShare
{
    None,
    Left,
    Right,
}

/// <summary>
/// How a product is cut up. Only the cut of K into blocks and splits shapes the sums, and it depends on the sizes alone; the cut of M and N into jobs may follow the
/// number of threads, because an element's sum is the same in whichever job it is done.
/// </summary>
readonly struct GemmPlan
{
    /// <summary>Elements of the largest tile: 12 rows of two 16-lane vectors.</summary>
    public const int MaxTile = 12 * 32;

    // Long blocks of k: a B panel of 32 x 1024 streams from L2 while 12 x 32 accumulators stay in registers, and C is read and written once per 1024 k.
    const int MaxDepth = 1024;
    const int MaxRowsPerJob = 96, MaxColumnsPerJob = 128;
    // Below this a parallel region costs more than it saves.
    const double SerialFlops = 2e5;
    // A product with a small C and a long K is cut along K: its partial products fit in cache.
    const int MaxSplitOutput = 1 << 16, MinSplitDepth = 4096, MaxSplits = 32;

    public readonly int M, N, K, Mr, Nr, RowPanels, ColumnPanels, KBlocks, DepthPerBlock, Splits, RowJobs, ColumnJobs;
    public readonly GemmShare Shared;

    GemmPlan(int m, int n, int k, int lanes)
    {
        (M, N, K) = (m, n, k);
        Mr = lanes == 16 ? 12 : 6;
        Nr = 2 * lanes;
        RowPanels = (m + Mr - 1) / Mr;
        ColumnPanels = (n + Nr - 1) / Nr;
        KBlocks = Math.Max(1, (k + MaxDepth - 1) / MaxDepth);
        DepthPerBlock = ((k + KBlocks - 1) / KBlocks + 7) & ~7;
        KBlocks = Math.Max(1, (k + DepthPerBlock - 1) / Math.Max(1, DepthPerBlock));
        Splits = RowJobs = ColumnJobs = 1;
        if (k >= MinSplitDepth && (long)m * n <= MaxSplitOutput)
        {
            Splits = Math.Min(KBlocks, MaxSplits);
            return;
        }
        if (2.0 * m * n * k < SerialFlops) return;
        Shared = m >= n ? GemmShare.Right : GemmShare.Left;
        if (Shared == GemmShare.Right) RowJobs = Cut(RowPanels, MaxRowsPerJob / Mr);
        else ColumnJobs = Cut(ColumnPanels, MaxColumnsPerJob / Nr);
    }

    public static GemmPlan For<V>(int m, int n, int k) where V : unmanaged, ISimd<V> => new(m, n, k, V.Count);

    public int Jobs => Splits * RowJobs * ColumnJobs;

    /// <summary>Distance between the rows of a left block packed in rows: no power of two, which would put 12 rows into the same cache set, and room for one vector more.</summary>
    public int RowPitch => ((DepthPerBlock + 15) & ~15) + 16;

    public int Depth(int block) => Math.Min(DepthPerBlock, K - block * DepthPerBlock);

    public long LeftPanelSize<TA>() where TA : unmanaged, IOperand => (long)Mr * (TA.InRows ? RowPitch : DepthPerBlock);

    public long LeftBlockSize<TA>(int panels) where TA : unmanaged, IOperand => panels * LeftPanelSize<TA>();

    public long RightPanelSize() => (long)Nr * DepthPerBlock;

    public long RightBlockSize(int panels) => panels * RightPanelSize();

    public unsafe void PackLeft<V, TA>(TA a, int block, int panel, float* p) where V : unmanaged, ISimd<V> where TA : unmanaged, IOperand
    {
        if (K > 0) a.Pack<V>(panel * Mr, Math.Min(Mr, M - panel * Mr), block * DepthPerBlock, Depth(block), p, TA.InRows ? RowPitch : Mr);
    }

    public unsafe void PackRight<V, TB>(TB b, int block, int panel, float* p) where V : unmanaged, ISimd<V> where TB : unmanaged, IOperand
    {
        int columns = Math.Min(Nr, N - panel * Nr);
        if (K > 0) b.Pack<V>(panel * Nr, columns, block * DepthPerBlock, Depth(block), p, columns > V.Count ? Nr : V.Count);
    }

    /// <summary>Part <paramref name="i"/> of <paramref name="parts"/> nearly equal parts of 0..count-1.</summary>
    public static (int From, int To) Share(int count, int parts, int i) => ((int)((long)count * i / parts), (int)((long)count * (i + 1) / parts));

    // The number of jobs of at most maxPanels panels, some to each thread, for which the slowest thread has least to do.
    static int Cut(int panels, int maxPanels)
    {
        int threads = WorkerPool.Threads, best = 1;
        int from = (panels + maxPanels - 1) / maxPanels, to = Math.Min(panels, Math.Max(from, 4 * threads) + threads);
        double bestCost = double.MaxValue;
        for (int jobs = from; jobs <= to; jobs++)
        {
            double cost = (double)((jobs + threads - 1) / threads) * ((panels + jobs - 1) / jobs) * (1 + 0.002 * jobs / threads);
            if (cost < bestCost) (best, bestCost) = (jobs, cost);
        }
        return best;
    }
}
