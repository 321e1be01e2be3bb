using System.Runtime.CompilerServices;
using ILGPU;

namespace Sagan.Native.Kernels;

/// <summary>The tile of a group of 8 warps.</summary>
static class GpuTensorTile
{
    /// <summary>Rows and columns.</summary>
    public const int Side = 128;

    /// <summary>Pieces of 16 bytes of a factor's tile: a half of its shared memory.</summary>
    public const int Half = 4 * Side;

    /// <summary>Pieces from a lane's first to the end of its last.</summary>
    public const int ReachLeft = 64 + 1, ReachRight = 3 * 8 + 1;
}

/// <summary>One tile of one slice of one entry, on tensor cores.</summary>
[GpuGroupsTogether(2)]
readonly struct GpuTensorGemmKernel<TPrecision, TA, TB, TOutput>(TA a, TB b, TOutput y, GpuTiling tiling) : IGpuGroupKernel
    where TPrecision : struct, IGpuTensorPrecision where TA : struct, IGpuLoader where TB : struct, IGpuLoader where TOutput : struct, IGpuOutput
{
    const int Half = GpuTensorTile.Half, Threads = GpuQueue.Threads;

    public void Run()
    {
        ArrayView<GpuFloat4> left = SharedMemory.Allocate<GpuFloat4>(2 * Half), right = SharedMemory.Allocate<GpuFloat4>(2 * Half);
        ArrayView<int> kept = SharedMemory.Allocate<int>(4);

        uint group = (uint)Grid.IdxX, upper = group / (uint)tiling.ColumnTiles;
        int column = (int)(group - upper * (uint)tiling.ColumnTiles) * GpuTensorTile.Side;
        uint z = upper / (uint)tiling.RowTiles;
        int row = (int)(upper - z * (uint)tiling.RowTiles) * GpuTensorTile.Side;
        uint entry = z / (uint)tiling.Slices;
        int k = (int)(z - entry * (uint)tiling.Slices) * tiling.SliceLength, end = k + tiling.SliceLength;
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
        fromA.Put(left);
        fromB.Put(right);
        Group.Barrier();
        // Changed from step to step, so that they are kept in registers and not computed anew.
        int i = GpuTensorLeft<TPrecision, TA>.Fragment(warpRow, lane), j = GpuTensorRight<TPrecision, TB>.Fragment(warpColumn, lane);
        for (k += TPrecision.Steps; k < end; k += TPrecision.Steps)
        {
            // One factor after the other: fewer registers wait for memory. The other half of shared memory was last read before the previous barrier.
            fromA.Load(k);
            Columns(right, j);
            Multiply(left, i);
            fromA.Put(left);
            fromB.Load(k);
            Multiply(left, i + 128);
            fromB.Put(right);
            i ^= Half;
            j ^= Half;
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
