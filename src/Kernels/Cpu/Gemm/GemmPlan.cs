namespace Sagan.Native.Kernels;

/// <summary>Where the register tiles read a factor.</summary>
enum GemmSource
{
    /// <summary>Where it lies.</summary>
    Direct,

    /// <summary>In a packed copy made once for all jobs.</summary>
    Shared,

    /// <summary>In a packed copy of its part that each job makes for itself.</summary>
    Own,
}

/// <summary>
/// How a product is cut up. Only the cut of K into blocks and splits shapes the sums, and it depends on the sizes alone; the cut of M and N
/// into jobs may follow the number of threads, because an element's sum is the same in whichever job and tile it is done.
/// </summary>
readonly unsafe struct GemmPlan
{
    /// <summary>Elements of the largest tile: 12 rows of two 16-lane vectors.</summary>
    public const int MaxTile = 12 * 32;

    public const int MaxRowsPerJob = 48;

    // Long blocks of k: a B panel of 32 x 1024 streams from L2 while 12 x 32 accumulators stay in registers, and C is read and written once
    // per 1024 k.
    const int MaxDepth = 1024;
    const int MaxColumnsPerJob = 128;
    // Panels are filled side by side: without a gap of a cache line their addresses would be a multiple of 4 KB apart and share one cache
    // set.
    const int PanelGap = 16;
    // Below this a parallel region costs more than it saves.
    const double SerialFlops = 2e5;
    // A product with a small C and a long K is cut along K, each part done by one job; the partial products fit in cache.
    const int MaxSplitOutput = 1 << 16, MinSplitDepth = 4096, MaxSplits = 32, SplitBlockSize = 1 << 18;

    public readonly int M, N, K, Mr, Nr, RowPanels, ColumnPanels, KBlocks, DepthPerBlock, Splits, RowJobs, ColumnJobs;
    public readonly GemmSource Left, Right;

    GemmPlan(int m, int n, int k, int lanes, bool leftInRows, int leftLd, int rightLd)
    {
        (M, N, K) = (m, n, k);
        Mr = TileRows(lanes);
        Nr = 2 * lanes;
        RowPanels = (m + Mr - 1) / Mr;
        ColumnPanels = (n + Nr - 1) / Nr;
        bool split = k >= MinSplitDepth && (long)m * n <= MaxSplitOutput, serial = 2.0 * m * n * k < SerialFlops;
        // A split's job packs both factors: their blocks have to fit into its L2.
        int maxDepth = split ? Math.Clamp((SplitBlockSize / (m + n)) & ~7, 128, MaxDepth) : MaxDepth;
        KBlocks = Math.Max(1, (k + maxDepth - 1) / maxDepth);
        DepthPerBlock = ((k + KBlocks - 1) / KBlocks + 7) & ~7;
        KBlocks = Math.Max(1, (k + DepthPerBlock - 1) / Math.Max(1, DepthPerBlock));
        Splits = RowJobs = ColumnJobs = 1;
        // Packing pays when its copy is read often and the source lies badly: rows a multiple of 4 KB apart share a cache set, and far
        // apart ones a page each.
        bool leftDirect = leftLd > 0 && n <= 256 && (leftInRows ? leftLd % 1024 != 0 : leftLd <= 128);
        bool rightDirect = rightLd > 0 && (rightLd <= 128 || (long)k * n <= 1 << 14);
        Left = leftDirect ? GemmSource.Direct : split || serial || m >= n ? GemmSource.Own : GemmSource.Shared;
        Right = rightDirect ? GemmSource.Direct : split || serial || m < n ? GemmSource.Own : GemmSource.Shared;
        if (split) Splits = Math.Min(KBlocks, MaxSplits);
        else if (serial) return;
        else if (m >= n) RowJobs = Cut(RowPanels, MaxRowsPerJob / Mr);
        else ColumnJobs = Cut(ColumnPanels, MaxColumnsPerJob / Nr);
    }

    public static GemmPlan For<V, TA, TB>(int m, int n, int k, TA a, TB b)
        where V : unmanaged, ISimd<V> where TA : unmanaged, IOperand where TB : unmanaged, IOperand =>
        new(m, n, k, V.Count, TA.InRows, a.Ld, b.Ld);

    /// <summary>Rows of the largest register tile with vectors of so many lanes.</summary>
    public static int TileRows(int lanes) => lanes == 16 ? 12 : 6;

    public int Jobs => Splits * RowJobs * ColumnJobs;

    /// <summary>
    /// Distance between the rows of a left block packed in rows: no power of two, which would put 12 rows into the same cache set, and room
    /// for one vector more.</summary>
    public int RowPitch => ((DepthPerBlock + 15) & ~15) + 16;

    public int Depth(int block) => Math.Min(DepthPerBlock, K - block * DepthPerBlock);

    public int LeftLd<TA>(TA a) where TA : unmanaged, IOperand => Left == GemmSource.Direct ? a.Ld : PackedLeftLd<TA>();

    int PackedLeftLd<TA>() where TA : unmanaged, IOperand => TA.InRows ? RowPitch : Mr;

    public int RightLd<TB>(TB b) where TB : unmanaged, IOperand => Right == GemmSource.Direct ? b.Ld : Nr;

    public long LeftPanelSize<TA>() where TA : unmanaged, IOperand => TA.InRows ? (long)Mr * RowPitch : (long)Mr * DepthPerBlock + PanelGap;

    public long RightPanelSize => (long)Nr * DepthPerBlock + PanelGap;

    /// <summary>
    /// Into how many jobs the packing of one block of k is cut: neighbouring panels together, because their sources share cache lines, but
    /// a few jobs to each thread.</summary>
    public int PackGroups(int panels) => Math.Min(panels, Math.Max((panels + 7) / 8, (4 * WorkerPool.Threads + KBlocks - 1) / KBlocks));

    /// <summary>Packs row panels r0 .. r1-1 of one block of k.</summary>
    public void PackLeft<V, TA>(TA a, int block, int r0, int r1, float* p) where V : unmanaged, ISimd<V> where TA : unmanaged, IOperand
    {
        if (K > 0) a.Pack<V>(r0 * Mr, Math.Min(r1 * Mr, M) - r0 * Mr, block * DepthPerBlock, Depth(block), p, PackedLeftLd<TA>(),
            LeftPanelSize<TA>());
    }

    /// <summary>Packs column panels c0 .. c1-1 of one block of k.</summary>
    public void PackRight<V, TB>(TB b, int block, int c0, int c1, float* p) where V : unmanaged, ISimd<V> where TB : unmanaged, IOperand
    {
        if (K > 0) b.Pack<V>(c0 * Nr, Math.Min(c1 * Nr, N) - c0 * Nr, block * DepthPerBlock, Depth(block), p, Nr, RightPanelSize);
    }

    /// <summary>Part <paramref name="i"/> of <paramref name="parts"/> nearly equal parts of 0..count-1.</summary>
    public static (int From, int To) Share(int count, int parts, int i) =>
        ((int)((long)count * i / parts), (int)((long)count * (i + 1) / parts));

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
