using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sagan.Native.Kernels;

/// <summary>
/// The matrix product under MatMul and the convolutions: C [M,N] = epilogue(A [M,K] B [K,N]), operands read through packers (<see cref="IOperand"/>).
/// </summary>
static unsafe class Gemm
{
    // Scratch slots: the operand packed for all jobs, a job's own blocks, and the partial products of a split K.
    const int SharedSlot = 0, LeftSlot = 1, RightSlot = 2, PartialSlot = 3;

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
        GemmPlan plan = GemmPlan.For<V>(m, n, k);
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
        float* shared = null;
        if (plan.Shared == GemmShare.Left)
        {
            shared = Scratch.Floats(SharedSlot, plan.KBlocks * plan.LeftBlockSize<TA>(plan.RowPanels));
            WorkerPool.Run(plan.KBlocks * plan.RowPanels, new PackLeft<V, TA>(plan, a, shared));
        }
        else if (plan.Shared == GemmShare.Right)
        {
            shared = Scratch.Floats(SharedSlot, plan.KBlocks * plan.RightBlockSize(plan.ColumnPanels));
            WorkerPool.Run(plan.KBlocks * plan.ColumnPanels, new PackRight<V, TB>(plan, b, shared));
        }
        WorkerPool.Run(plan.Jobs, new GemmJob<V, TA, TB, TC>(plan, a, b, c, shared));
    }

    /// <summary>Packs one row panel of one block of k.</summary>
    readonly struct PackLeft<V, TA>(GemmPlan plan, TA a, float* shared) : IJob where V : unmanaged, ISimd<V> where TA : unmanaged, IOperand
    {
        public void Execute(int index)
        {
            (int block, int panel) = Math.DivRem(index, plan.RowPanels);
            plan.PackLeft<V, TA>(a, block, panel, shared + block * plan.LeftBlockSize<TA>(plan.RowPanels) + panel * plan.LeftPanelSize<TA>());
        }
    }

    /// <summary>Packs one column panel of one block of k.</summary>
    readonly struct PackRight<V, TB>(GemmPlan plan, TB b, float* shared) : IJob where V : unmanaged, ISimd<V> where TB : unmanaged, IOperand
    {
        public void Execute(int index)
        {
            (int block, int panel) = Math.DivRem(index, plan.ColumnPanels);
            plan.PackRight<V, TB>(b, block, panel, shared + block * plan.RightBlockSize(plan.ColumnPanels) + panel * plan.RightPanelSize());
        }
    }

    /// <summary>One rectangle of C (of one split of K): packs what is not shared and runs the tiles, block of k by block of k.</summary>
    readonly struct GemmJob<V, TA, TB, TC>(GemmPlan plan, TA a, TB b, Epilogue<TC> c, float* shared) : IJob
        where V : unmanaged, ISimd<V> where TA : unmanaged, IOperand where TB : unmanaged, IOperand where TC : unmanaged, IOutputRows
    {
        [SkipLocalsInit]
        public void Execute(int index)
        {
            int split = index / (plan.RowJobs * plan.ColumnJobs);
            (int columnJob, int rowJob) = Math.DivRem(index % (plan.RowJobs * plan.ColumnJobs), plan.RowJobs);
            (int r0, int r1) = GemmPlan.Share(plan.RowPanels, plan.RowJobs, rowJob);
            (int c0, int c1) = GemmPlan.Share(plan.ColumnPanels, plan.ColumnJobs, columnJob);
            (int k0, int k1) = GemmPlan.Share(plan.KBlocks, plan.Splits, split);
            float* tileBuffer = stackalloc float[GemmPlan.MaxTile + 16];
            float* tile = (float*)(((nint)tileBuffer + 63) & ~(nint)63);
            float* left = plan.Shared == GemmShare.Left ? null : Scratch.Floats(LeftSlot, plan.LeftBlockSize<TA>(r1 - r0));
            float* right = plan.Shared == GemmShare.Right ? null : Scratch.Floats(RightSlot, plan.RightBlockSize(c1 - c0));
            for (int block = k0; block < k1; block++)
            {
                float* aBlock = left, bBlock = right;
                if (left == null) aBlock = shared + block * plan.LeftBlockSize<TA>(plan.RowPanels) + r0 * plan.LeftPanelSize<TA>();
                else
                    for (int r = r0; r < r1; r++) plan.PackLeft<V, TA>(a, block, r, left + (r - r0) * plan.LeftPanelSize<TA>());
                if (right == null) bBlock = shared + block * plan.RightBlockSize(plan.ColumnPanels) + c0 * plan.RightPanelSize();
                else
                    for (int j = c0; j < c1; j++) plan.PackRight<V, TB>(b, block, j, right + (j - c0) * plan.RightPanelSize());
                bool first = block == k0, last = block == k1 - 1;
                // The operand that this job packed itself lies in its core's L2: run through it in the inner loop, so that the other one is streamed once.
                if (plan.Shared == GemmShare.Right)
                    for (int j = c0; j < c1; j++)
                        for (int r = r0; r < r1; r++) Tile(block, split, r, r0, j, c0, aBlock, bBlock, tile, first, last);
                else
                    for (int r = r0; r < r1; r++)
                        for (int j = c0; j < c1; j++) Tile(block, split, r, r0, j, c0, aBlock, bBlock, tile, first, last);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        void Tile(int block, int split, int r, int r0, int j, int c0, float* aBlock, float* bBlock, float* tile, bool first, bool last)
        {
            int row = r * plan.Mr, rows = Math.Min(plan.Mr, plan.M - row), column = j * plan.Nr, columns = Math.Min(plan.Nr, plan.N - column);
            Tiles.Run<V, TA>(rows, columns > V.Count, plan.Depth(block), aBlock + (r - r0) * plan.LeftPanelSize<TA>(), TA.InRows ? plan.RowPitch : plan.Mr,
                bBlock + (j - c0) * plan.RightPanelSize(), tile);
            c.Store<V>(tile, split * plan.M + row, rows, column, columns, first, last);
        }
    }
}
