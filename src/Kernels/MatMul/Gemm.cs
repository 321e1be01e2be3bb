using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sagan.Native.Kernels;

/// <summary>
/// The matrix product under MatMul and the convolutions: C [M,N] = epilogue(A [M,K] B [K,N]), operands read as <see cref="IOperand"/> says.
/// </summary>
static unsafe class Gemm
{
    // Scratch slots: an operand packed for all jobs (left, right), a job's own blocks, and the partial products of a split K.
    const int SharedLeftSlot = 0, SharedRightSlot = 1, OwnLeftSlot = 2, OwnRightSlot = 3, PartialSlot = 4;

    /// <summary>C = epilogue(A B).</summary>
    public static void Run<TA, TB, TC>(int m, int n, int k, TA a, TB b, Epilogue<TC> c)
        where TA : unmanaged, IOperand where TB : unmanaged, IOperand where TC : unmanaged, IOutputRows
    {
        if (m == 0 || n == 0) return;
        if (Vector512.IsHardwareAccelerated) Run<Simd512, TA, TB, TC>(m, n, k, a, b, c);
        else if (Vector256.IsHardwareAccelerated && Fma.IsSupported) Run<Simd256, TA, TB, TC>(m, n, k, a, b, c);
        else if (Vector128.IsHardwareAccelerated) Run<Simd128, TA, TB, TC>(m, n, k, a, b, c);
        else Run<Simd1, TA, TB, TC>(m, n, k, a, b, c);
    }

    static void Run<V, TA, TB, TC>(int m, int n, int k, TA a, TB b, Epilogue<TC> c)
        where V : unmanaged, ISimd<V> where TA : unmanaged, IOperand where TB : unmanaged, IOperand where TC : unmanaged, IOutputRows
    {
        GemmPlan plan = GemmPlan.For<V, TA, TB>(m, n, k, a, b);
        if (plan.Splits == 1)
        {
            Execute<V, TA, TB, TC>(plan, a, b, c);
            return;
        }
        float* partial = Scratch.Floats(PartialSlot, (long)plan.Splits * m * n);
        // Split s of the sum is a matrix of its own: row r of it is row s M + r of the partial products.
        Execute<V, TA, TB, MatrixRows>(plan, a, b, new(new(partial, n), null, Activation.None));
        WorkerPool.Run(GemmSum<V, TC>.Jobs(m), new GemmSum<V, TC>(partial, plan.Splits, m, n, c));
    }

    static void Execute<V, TA, TB, TC>(in GemmPlan plan, TA a, TB b, Epilogue<TC> c)
        where V : unmanaged, ISimd<V> where TA : unmanaged, IOperand where TB : unmanaged, IOperand where TC : unmanaged, IOutputRows
    {
        float* left = null, right = null;
        if (plan.Left == GemmSource.Shared)
        {
            left = Scratch.Floats(SharedLeftSlot, plan.KBlocks * plan.RowPanels * plan.LeftPanelSize<TA>());
            WorkerPool.Run(plan.KBlocks * plan.RowPanels, new PackLeft<V, TA>(plan, a, left));
        }
        if (plan.Right == GemmSource.Shared)
        {
            right = Scratch.Floats(SharedRightSlot, plan.KBlocks * plan.ColumnPanels * plan.RightPanelSize);
            WorkerPool.Run(plan.KBlocks * plan.ColumnPanels, new PackRight<V, TB>(plan, b, right));
        }
        WorkerPool.Run(plan.Jobs, new GemmJob<V, TA, TB, TC>(plan, a, b, c, left, right));
    }

    /// <summary>Packs one row panel of one block of k.</summary>
    readonly struct PackLeft<V, TA>(GemmPlan plan, TA a, float* left) : IJob where V : unmanaged, ISimd<V> where TA : unmanaged, IOperand
    {
        public void Execute(int index)
        {
            (int block, int panel) = Math.DivRem(index, plan.RowPanels);
            plan.PackLeft<V, TA>(a, block, panel, panel + 1, left + index * plan.LeftPanelSize<TA>());
        }
    }

    /// <summary>Packs one column panel of one block of k.</summary>
    readonly struct PackRight<V, TB>(GemmPlan plan, TB b, float* right) : IJob where V : unmanaged, ISimd<V> where TB : unmanaged, IOperand
    {
        public void Execute(int index)
        {
            (int block, int panel) = Math.DivRem(index, plan.ColumnPanels);
            plan.PackRight<V, TB>(b, block, panel, panel + 1, right + index * plan.RightPanelSize);
        }
    }

    /// <summary>One rectangle of C (of one split of K): packs its own operands and runs the tiles, block of k by block of k.</summary>
    readonly struct GemmJob<V, TA, TB, TC>(GemmPlan plan, TA a, TB b, Epilogue<TC> c, float* sharedLeft, float* sharedRight) : IJob
        where V : unmanaged, ISimd<V> where TA : unmanaged, IOperand where TB : unmanaged, IOperand where TC : unmanaged, IOutputRows
    {
        [SkipLocalsInit]
        public void Execute(int index)
        {
            (int split, int job) = Math.DivRem(index, plan.RowJobs * plan.ColumnJobs);
            (int columnJob, int rowJob) = Math.DivRem(job, plan.RowJobs);
            (int r0, int r1) = GemmPlan.Share(plan.RowPanels, plan.RowJobs, rowJob);
            (int c0, int c1) = GemmPlan.Share(plan.ColumnPanels, plan.ColumnJobs, columnJob);
            (int k0, int k1) = GemmPlan.Share(plan.KBlocks, plan.Splits, split);
            bool rowsFit = (r1 - r0) * plan.Mr <= GemmPlan.MaxRowsPerJob;
            float** rows = stackalloc float*[GemmPlan.MaxRowsPerJob];
            float* tileBuffer = stackalloc float[GemmPlan.MaxTile + 16];
            float* tile = (float*)(((nint)tileBuffer + 63) & ~(nint)63);
            if (rowsFit) FindRows(rows, split, r0, r1);
            float* left = plan.Left == GemmSource.Own ? Scratch.Floats(OwnLeftSlot, (r1 - r0) * plan.LeftPanelSize<TA>()) : null;
            float* right = plan.Right == GemmSource.Own ? Scratch.Floats(OwnRightSlot, (c1 - c0) * plan.RightPanelSize) : null;
            for (int block = k0; block < k1; block++)
            {
                if (left != null) plan.PackLeft<V, TA>(a, block, r0, r1, left);
                if (right != null) plan.PackRight<V, TB>(b, block, c0, c1, right);
                bool first = block == k0, last = block == k1 - 1;
                // The operand that this job packed for itself lies in its core's L2: it goes into the inner loop, and the other one is streamed once.
                if (left != null && right == null && rowsFit)
                    for (int j = c0; j < c1; j++)
                    {
                        float* bPanel = RightPanel(block, j, c0, right);
                        for (int r = r0; r < r1; r++) Tile(block, r, LeftPanel(block, r, r0, left, out int lda), lda, j, bPanel, rows + (r - r0) * plan.Mr, tile, first, last);
                    }
                else
                    for (int r = r0; r < r1; r++)
                    {
                        float* aPanel = LeftPanel(block, r, r0, left, out int lda);
                        if (!rowsFit) FindRows(rows, split, r, r + 1);
                        for (int j = c0; j < c1; j++) Tile(block, r, aPanel, lda, j, RightPanel(block, j, c0, right), rows + (rowsFit ? (r - r0) * plan.Mr : 0), tile, first, last);
                    }
            }
        }

        void FindRows(float** rows, int split, int r0, int r1)
        {
            int from = r0 * plan.Mr, to = Math.Min(r1 * plan.Mr, plan.M);
            for (int r = from; r < to; r++) rows[r - from] = c.Rows.Row(split * plan.M + r);
        }

        float* LeftPanel(int block, int r, int r0, float* own, out int lda)
        {
            lda = plan.LeftLd(a);
            if (own != null) return own + (r - r0) * plan.LeftPanelSize<TA>();
            if (plan.Left == GemmSource.Shared) return sharedLeft + ((long)block * plan.RowPanels + r) * plan.LeftPanelSize<TA>();
            if (!TA.InRows || (r + 1) * plan.Mr <= plan.M) return a.At(r * plan.Mr, block * plan.DepthPerBlock);
            // A tile may have some rows more than are left; behind the last row there is no memory to read.
            float* p = Scratch.Floats(OwnLeftSlot, plan.LeftPanelSize<TA>());
            plan.PackLeft<V, TA>(a, block, r, r + 1, p);
            lda = plan.RowPitch;
            return p;
        }

        float* RightPanel(int block, int j, int c0, float* own)
        {
            if (own != null) return own + (j - c0) * plan.RightPanelSize;
            if (plan.Right == GemmSource.Shared) return sharedRight + ((long)block * plan.ColumnPanels + j) * plan.RightPanelSize;
            return b.At(j * plan.Nr, block * plan.DepthPerBlock);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        void Tile(int block, int r, float* aPanel, int lda, int j, float* bPanel, float** rows, float* tile, bool first, bool last)
        {
            int height = Math.Min(plan.Mr, plan.M - r * plan.Mr), column = j * plan.Nr, columns = Math.Min(plan.Nr, plan.N - column);
            Tiles.Run<V, TA>(height, columns > V.Count, plan.Depth(block), aPanel, lda, bPanel, plan.RightLd(b), tile);
            c.Store<V>(tile, rows, height, column, columns, first, last);
        }
    }
}
