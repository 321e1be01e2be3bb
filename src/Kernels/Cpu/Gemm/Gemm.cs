using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Sagan.Native.Kernels;

// The matrix product under MatMul and the convolutions.
//
//   c[i,j] = act(scale sum over k of a[i,k] b[k,j] + bias[j])        a [M,K]  b [K,N]  c [M,N]
//
// Operands are types (IOperand): a matrix, its transpose, the pixels under a convolution window, the weights of one phase of a transposed
// convolution. So a convolution is this product with other packers; an im2col matrix exists in packed form only. Weights that stay the same
// over several products can be packed once by making the packed form an operand of its own, whose panels are read where they lie.
//
// Who computes what: a job has a rectangle of C and, if K is split, one range of K. In it a register tile (Tiles) makes 12 x 32 elements
// with 512-bit vectors, 6 x 16 with 256 bits, 6 x 8 with 128 bits, 6 x 2 without vectors:
//
//              c0: panel of b, K block x 32, streams from L2
//            +------------------------------+         one step of k: 2 loads of b, 12 broadcasts of a, 24 multiply-adds
//   panel    | 24 accumulators, one chain   |
//   of a,    | of multiply-adds in          |         the tile goes through a 1.5 KB buffer in L1, from which the epilogue
//   12 rows  | ascending k each             |         stores, adds bias and activates: 1-5 % of the time for K >= 64
//            +------------------------------+
//
// The larger of M and N is cut into jobs. Each job packs its part of that side into its L2; the other side is packed once for all jobs;
// either is read in place where its layout allows and little is gained by packing (GemmPlan). Remainders: tiles of 8, 6, 4 and 2 rows and
// of one vector; lanes past the end hold anything and are not stored. 2 M N K flops; memory traffic is A + B + C and the packed copies.
// Numerics: fp32 multiply-adds, one chain per element and K block of at most 1024; blocks are added in order. Blocks and splits depend on
// M, N, K alone, so the bits do not depend on the number of threads, on which job an element falls into or on which tile computes it.
//
// Timings: benchmarks/kernel-notes.md.
// Tried: windows of a convolution read in place from a padded copy instead of being packed (predicted +4 %): the same times, since what
// packing costs is mostly the first read of x; huge pages for tensors (predicted +3 to 8 %): within noise.
// Tried: K blocks of 128 to 2048 (256 to 1024 are within noise, 128 loses 10 %), 48 to 384 rows a job (within noise);
// reading b in place with rows of 1 KB: 20 % slower; AggressiveOptimization on the packers, which skips profiled recompilation: dw about 10
// % slower.
static unsafe class Gemm
{
    const int MaxPrefetchDepth = 256;

    /// <summary>C = epilogue(A B).</summary>
    public static void Run<TA, TB, TC>(int m, int n, int k, TA a, TB b, Epilogue<TC> c)
        where TA : unmanaged, IOperand where TB : unmanaged, IOperand where TC : unmanaged, IOutputRows
    {
        if (m > 0 && n > 0) Simd.Run(new AnyWidth<TA, TB, TC>(m, n, k, a, b, c));
    }

    readonly struct AnyWidth<TA, TB, TC>(int m, int n, int k, TA a, TB b, Epilogue<TC> c) : ISimdLoop
        where TA : unmanaged, IOperand where TB : unmanaged, IOperand where TC : unmanaged, IOutputRows
    {
        public void Run<V>() where V : unmanaged, ISimd<V> => Gemm.Run<V, TA, TB, TC>(m, n, k, a, b, c);
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
        using ScratchScope scratch = ScratchArena.Enter();
        float* partial = scratch.Floats((long)plan.Splits * m * n);
        // Split s of the sum is a matrix of its own: row r of it is row s M + r of the partial products.
        Execute<V, TA, TB, MatrixRows>(plan, a, b, new(new(partial, n), null, Activation.None));
        WorkerPool.Run(GemmSum<V, TC>.Jobs(m), new GemmSum<V, TC>(partial, plan.Splits, m, n, c));
    }

    static void Execute<V, TA, TB, TC>(in GemmPlan plan, TA a, TB b, Epilogue<TC> c)
        where V : unmanaged, ISimd<V> where TA : unmanaged, IOperand where TB : unmanaged, IOperand where TC : unmanaged, IOutputRows
    {
        using ScratchScope scratch = ScratchArena.Enter();
        float* left = null, right = null;
        if (plan.Left == GemmSource.Shared)
        {
            left = scratch.Floats(plan.KBlocks * plan.RowPanels * plan.LeftPanelSize<TA>());
            int groups = plan.PackGroups(plan.RowPanels);
            WorkerPool.Run(plan.KBlocks * groups, new PackLeft<V, TA>(plan, a, left, groups));
        }
        if (plan.Right == GemmSource.Shared)
        {
            right = scratch.Floats(plan.KBlocks * plan.ColumnPanels * plan.RightPanelSize);
            int groups = plan.PackGroups(plan.ColumnPanels);
            WorkerPool.Run(plan.KBlocks * groups, new PackRight<V, TB>(plan, b, right, groups));
        }
        WorkerPool.Run(plan.Jobs, new GemmJob<V, TA, TB, TC>(plan, a, b, c, left, right));
    }

    /// <summary>Packs some neighbouring row panels of one block of k.</summary>
    readonly struct PackLeft<V, TA>(GemmPlan plan, TA a, float* left, int groups) : IJob
        where V : unmanaged, ISimd<V> where TA : unmanaged, IOperand
    {
        public void Execute(int index)
        {
            (int block, int group) = Math.DivRem(index, groups);
            (int r0, int r1) = GemmPlan.Share(plan.RowPanels, groups, group);
            plan.PackLeft<V, TA>(a, block, r0, r1, left + ((long)block * plan.RowPanels + r0) * plan.LeftPanelSize<TA>());
        }
    }

    /// <summary>Packs some neighbouring column panels of one block of k.</summary>
    readonly struct PackRight<V, TB>(GemmPlan plan, TB b, float* right, int groups) : IJob
        where V : unmanaged, ISimd<V> where TB : unmanaged, IOperand
    {
        public void Execute(int index)
        {
            (int block, int group) = Math.DivRem(index, groups);
            (int c0, int c1) = GemmPlan.Share(plan.ColumnPanels, groups, group);
            plan.PackRight<V, TB>(b, block, c0, c1, right + ((long)block * plan.ColumnPanels + c0) * plan.RightPanelSize);
        }
    }

    /// <summary>One rectangle of C (of one split of K): packs its own operands and runs the tiles, block of k by block of k.</summary>
    readonly struct GemmJob<V, TA, TB, TC>(GemmPlan plan, TA a, TB b, Epilogue<TC> c, float* sharedLeft, float* sharedRight) : IJob
        where V : unmanaged, ISimd<V> where TA : unmanaged, IOperand where TB : unmanaged, IOperand where TC : unmanaged, IOutputRows
    {
        public void Execute(int index)
        {
            (int split, int job) = Math.DivRem(index, plan.RowJobs * plan.ColumnJobs);
            (int columnJob, int rowJob) = Math.DivRem(job, plan.RowJobs);
            (int r0, int r1) = GemmPlan.Share(plan.RowPanels, plan.RowJobs, rowJob);
            (int c0, int c1) = GemmPlan.Share(plan.ColumnPanels, plan.ColumnJobs, columnJob);
            (int k0, int k1) = GemmPlan.Share(plan.KBlocks, plan.Splits, split);
            using ScratchScope scratch = ScratchArena.Enter();
            float* left = plan.Left == GemmSource.Own ? scratch.Floats((r1 - r0) * plan.LeftPanelSize<TA>()) : null;
            float* right = plan.Right == GemmSource.Own ? scratch.Floats((c1 - c0) * plan.RightPanelSize) : null;
            // A tile may have some rows more than are left; behind the last row there is no memory to read.
            float* lastRows = plan.Left == GemmSource.Direct && TA.InRows && r1 * plan.Mr > plan.M
                ? scratch.Floats(plan.LeftPanelSize<TA>()) : null;
            Run(split, r0, r1, c0, c1, k0, k1, left, right, lastRows);
        }

        // By itself, since the loops of a method that has to end a scope are compiled less well.
        [SkipLocalsInit, MethodImpl(MethodImplOptions.NoInlining)]
        void Run(int split, int r0, int r1, int c0, int c1, int k0, int k1, float* left, float* right, float* lastRows)
        {
            bool rowsFit = (r1 - r0) * plan.Mr <= GemmPlan.MaxRowsPerJob;
            float** rows = stackalloc float*[GemmPlan.MaxRowsPerJob];
            float* tileBuffer = stackalloc float[GemmPlan.MaxTile + 16];
            float* tile = (float*)(((nint)tileBuffer + 63) & ~(nint)63);
            if (rowsFit) FindRows(rows, split, r0, r1);
            for (int block = k0; block < k1; block++)
            {
                if (left != null) plan.PackLeft<V, TA>(a, block, r0, r1, left);
                if (right != null) plan.PackRight<V, TB>(b, block, c0, c1, right);
                bool first = block == k0, last = block == k1 - 1;
                // The operand that this job packed for itself lies in its core's L2: it goes into the inner loop, and the other one is
                // streamed once.
                if (left != null && right == null && rowsFit)
                    for (int j = c0; j < c1; j++)
                    {
                        float* bPanel = RightPanel(block, j, c0, right);
                        for (int r = r0; r < r1; r++)
                            Tile(block, r, LeftPanel(block, r, r0, left, lastRows, out int lda), lda, j, bPanel, rows + (r - r0) * plan.Mr,
                                tile, first, last);
                    }
                else
                    for (int r = r0; r < r1; r++)
                    {
                        float* aPanel = LeftPanel(block, r, r0, left, lastRows, out int lda);
                        if (!rowsFit) FindRows(rows, split, r, r + 1);
                        if (plan.Left == GemmSource.Direct && TA.InRows && r + 1 < r1) Prefetch(block, r + 1);
                        float** rowsOfPanel = rowsFit ? rows + (r - r0) * plan.Mr : rows;
                        for (int j = c0; j < c1; j++) Tile(block, r, aPanel, lda, j, RightPanel(block, j, c0, right), rowsOfPanel, tile,
                            first, last);
                    }
            }
        }

        void FindRows(float** rows, int split, int r0, int r1)
        {
            int from = r0 * plan.Mr, to = Math.Min(r1 * plan.Mr, plan.M);
            for (int r = from; r < to; r++) rows[r - from] = c.Rows.Row(split * plan.M + r);
        }

        float* LeftPanel(int block, int r, int r0, float* own, float* lastRows, out int lda)
        {
            lda = plan.LeftLd(a);
            if (own != null) return own + (r - r0) * plan.LeftPanelSize<TA>();
            if (plan.Left == GemmSource.Shared) return sharedLeft + ((long)block * plan.RowPanels + r) * plan.LeftPanelSize<TA>();
            if (!TA.InRows || (r + 1) * plan.Mr <= plan.M) return a.At(r * plan.Mr, block * plan.DepthPerBlock);
            plan.PackLeft<V, TA>(a, block, r, r + 1, lastRows);
            lda = plan.RowPitch;
            return lastRows;
        }

        // Short rows read where they lie come from memory a few lines at a time, too short for the hardware to see a stream: ask for the
        // next panel ahead.
        void Prefetch(int block, int r)
        {
            int depth = plan.Depth(block);
            if (!Sse.IsSupported || depth > MaxPrefetchDepth) return;
            for (int i = r * plan.Mr; i < Math.Min((r + 1) * plan.Mr, plan.M); i++)
            {
                float* x = a.At(i, block * plan.DepthPerBlock);
                for (int d = 0; d < depth; d += 16) Sse.Prefetch0(x + d);
            }
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
