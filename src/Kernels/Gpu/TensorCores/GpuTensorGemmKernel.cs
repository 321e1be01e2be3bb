using System.Runtime.CompilerServices;
using ILGPU;

namespace Sagan.Native.Kernels;

// The products of GpuGemmKernels.cs on tensor cores: y[m,n] = epilogue(sum over k of A(m,k) B(k,n)), the same operands, outputs and splits
// of k, but A and B rounded to TF32 or BF16. A warp multiplies [16, 8] by [8, 8] (TF32) or [16, 16] by [16, 8] (BF16) in one instruction.
//
//          128 columns              A thread block of 8 warps computes 128 x 128 results, each warp 64 x 32: 4 x 4 matrices C of 16 x 8,
//     +----+----+----+----+         64 sums in registers of a lane. A step takes 16 words of each row of A and column of B: 16 k of TF32,
//     | w0 | w1 | w2 | w3 |  64     32 k of BF16, 2 in a word. For it a warp loads 8 + 4 pieces of 16 bytes a lane from shared memory and
//     +----+----+----+----+         issues 4 x 4 x 2 instructions.
//     | w4 | w5 | w6 | w7 |  64     Meanwhile each thread loads its share of the next step, first of A, then of B, rounds it and stores it
//     +----+----+----+----+         into the other stage of shared memory: 2 factors x 2 stages x 8 KB = 32 KB. Everything is rounded once.
//
// Which lane holds what is fixed by the instruction (PTX ISA, mma.m16n8k8 and m16n8k16): with lane = 4 g + t,
//     A: words (g, t) (g + 8, t) (g, t + 4) (g + 8, t + 4)
//     B: words (t, g) (t + 4, g)
//     C: (g, 2t) (g, 2t + 1) (g + 8, 2t) (g + 8, 2t + 1).
// In words the two precisions are the same. But which k of the tile is word t of a step, and which row of the tile is row g, is free, if A
// and B agree on k. It is chosen so that a lane's words for an instruction are one piece of 16 bytes in the order above, so that a lane's
// sums of four matrices are four neighbours in a row of y, so that a thread that loads neighbours in memory, along k or across, has whole
// units to store, and so that what goes to shared memory together goes to different banks without gaps between rows: GpuTensorLeft.cs,
// GpuTensorRight.cs.
//
// By counting, for each step and thread block: 2^18 (TF32) or 2^19 multiplications, 96 + 32 KB through shared memory, 16 KB (TF32) or 32 KB
// from memory or L2.
// Registers: at most 128, for two thread blocks on an SM; so the two factors of a step are loaded one after the other. BF16, which loads
// twice as much in a step, is held to that.
// Remainders: loads give zeros outside, stores drop what is outside.
// Numerics: |error| <= ((1 + u)^2 - 1 + 3e-7 sqrt(K)) |a| |b|, u = 2^-11 (TF32) or 2^-8 (BF16): 1e-3 or 8e-3 of |a| |b|. The order of the
// sums inside an instruction is the device's. The same bits for the same sizes on the same device.

/// <summary>The tile of a thread block of 8 warps.</summary>
static class GpuTensorTile
{
    /// <summary>Rows and columns.</summary>
    public const int Side = 128;

    /// <summary>Pieces of 16 bytes of a factor's tile: a stage of its shared memory.</summary>
    public const int Stage = 4 * Side;

    /// <summary>Pieces from a lane's first to the end of its last.</summary>
    public const int ReachLeft = 64 + 1, ReachRight = 3 * 8 + 1;
}

/// <summary>One tile of one split of one entry, on tensor cores.</summary>
readonly struct GpuTensorGemmKernel<TPrecision, TA, TB, TOutput>(TA a, TB b, TOutput y, GpuTiling tiling) : IGpuBlockKernel
    where TPrecision : struct, IGpuTensorPrecision
    where TA : struct, IGpuLoader where TB : struct, IGpuLoader where TOutput : struct, IGpuOutput
{
    const int Stage = GpuTensorTile.Stage, Threads = GpuQueue.Threads;

    public void Run()
    {
        ArrayView<GpuFloat4> left = SharedMemory.Allocate<GpuFloat4>(2 * Stage), right = SharedMemory.Allocate<GpuFloat4>(2 * Stage);
        ArrayView<int> kept = SharedMemory.Allocate<int>(4);

        uint threadBlock = (uint)Grid.IdxX, upper = threadBlock / (uint)tiling.ColumnTiles;
        int column = (int)(threadBlock - upper * (uint)tiling.ColumnTiles) * GpuTensorTile.Side;
        uint z = upper / (uint)tiling.RowTiles;
        int row = (int)(upper - z * (uint)tiling.RowTiles) * GpuTensorTile.Side;
        uint entry = z / (uint)tiling.SplitK;
        int k = (int)(z - entry * (uint)tiling.SplitK) * tiling.DepthPerSplit, end = k + tiling.DepthPerSplit;
        if (end > tiling.Depth) end = tiling.Depth;

        // Needed again at the end only: out of the registers, of which the loop leaves none over.
        if (Group.IdxX == 0)
        {
            kept[0] = (int)z;
            kept[1] = row;
            kept[2] = column;
        }

        int thread = Group.IdxX, lane = thread & 31, warpRow = thread >> 7, warpColumn = (thread >> 5) & 3;
        GpuTensorLeft<TPrecision, TA> fromA = new(a);
        GpuTensorRight<TPrecision, TB> fromB = new(b);
        fromA.Seek((int)entry, row, thread);
        fromB.Seek((int)entry, column, thread);
        GpuTensorCores.Clear();
        fromA.Load(k);
        fromB.Load(k);
        fromA.Store(left);
        fromB.Store(right);
        Group.Barrier();
        // Changed from step to step, so that they are kept in registers and not computed anew.
        int i = GpuTensorLeft<TPrecision, TA>.Fragment(warpRow, lane), j = GpuTensorRight<TPrecision, TB>.Fragment(warpColumn, lane);
        for (k += TPrecision.Steps; k < end; k += TPrecision.Steps)
        {
            // One factor after the other: fewer registers wait for memory. The other stage of shared memory was last read before the
            // previous barrier.
            fromA.Load(k);
            Columns(right, j);
            Multiply(left, i);
            fromA.Store(left);
            fromB.Load(k);
            Multiply(left, i + 128);
            fromB.Store(right);
            i ^= Stage;
            j ^= Stage;
            Group.Barrier();
        }
        Columns(right, j);
        Multiply(left, i);
        Multiply(left, i + 128);
        // The tiles have been read by all: their memory serves to bring the sums from the assembly's registers to this thread's.
        Group.Barrier();
        ArrayView<float> sums = left.Cast<float>();
        TOutput to = y;
        to.Seek(kept[0]);
        row = kept[1] + 64 * warpRow + 4 * (lane >> 2);
        column = kept[2] + 32 * warpColumn + 4 * (lane & 3);
        for (int block = 0; block < 4; block++)
        {
            GpuTensorCores.Sums(sums, thread, Threads);
            int r = row + 32 * (block >> 1) + 2 * (block & 1);
            for (int e = 0; e < 4; e++)
            {
                int m = thread + e * Threads;
                GpuFloat4 four = new(sums[m], sums[m + 4 * Threads], sums[m + 8 * Threads], sums[m + 12 * Threads]);
                to.Store(r + (e >> 1), column + 16 * (e & 1), four);
            }
        }
    }
    // The four matrices of a warp column.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Columns(ArrayView<GpuFloat4> right, int j)
    {
        // A view of its own, so that the loads have constant offsets.
        ArrayView<GpuFloat4> columns = right.SubView(j, GpuTensorTile.ReachRight);
        GpuTensorCores.Right(columns[0], columns[8], columns[16], columns[24]);
    }

    // Two of the four matrices of a warp row times those: 16 instructions.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Multiply(ArrayView<GpuFloat4> left, int i)
    {
        ArrayView<GpuFloat4> first = left.SubView(i, GpuTensorTile.ReachLeft), second = left.SubView(i ^ 4, GpuTensorTile.ReachLeft);
        TPrecision.Multiply(first[0], second[0]);
        TPrecision.Multiply(first[64], second[64]);
    }
}
