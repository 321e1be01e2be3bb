using ILGPU;

namespace Sagan.Native.Kernels;

// Every product of the engine: y[m,n] = epilogue(sum over k of A(m,k) B(k,n)), where A and B are matrices, transposed matrices, or the windows of images found
// by index (implicit GEMM: im2col without the copy). 2 M N K flops; each element of A is read N / (tile columns) times from memory or L2, of B M / (tile rows).
//
//                 B:  8 x columns           A group of 256 threads computes one tile of y for one slice of k, going through k in steps of 8.
//               +-----------------+         In each step: every thread loads four elements of A and four of B of the NEXT step into registers, then
//               +-----------------+         multiplies the current step out of shared memory (left[k][row], right[k][column]) into its register tile,
//     A: rows   +-----------------+         then stores what it loaded into the other half of shared memory, and all wait once.
//     x 8       |   t t t t t t   |
//      +--+     |   t t t t t t   |         Shared memory: 2 halves x 8 steps x 33 fours for each factor, 17 KB, for any tile; 33, not 32, so that the
//      |  |     |   t t t t t t   |         four stores that turn a four along k into a column fall on different banks.
//      +--+     +-----------------+
//
// Remainders: loads give zeros outside, stores drop what is outside; no other care.
// Few tiles and many k (weight gradients: k counts all pixels of a batch): slices of k go to groups of their own, their sums to a temporary, and a second
// kernel adds these in order.
// Numerics: a plain float sum over k in order, per slice. |error| at most 3e-7 sqrt(K) |a| |b|. The same bits for the same sizes.

/// <summary>The tiles of a launch, numbered with the columns of tiles first: neighbours share rows of A in the L2 cache.</summary>
readonly struct GpuTiling(int rowTiles, int columnTiles, int slices, int sliceLength, int depth)
{
    public readonly int RowTiles = rowTiles, ColumnTiles = columnTiles, Slices = slices, SliceLength = sliceLength, Depth = depth;
}

/// <summary>One tile of one slice of one entry.</summary>
readonly struct GpuGemmKernel<TTile, TA, TB, TOutput>(TA a, TB b, TOutput y, GpuTiling tiling) : IGpuGroupKernel
    where TTile : struct, IGpuTile where TA : struct, IGpuLoader where TB : struct, IGpuLoader where TOutput : struct, IGpuOutput
{
    const int Half = GpuShared.Steps * GpuShared.Pitch;

    public void Run()
    {
        ArrayView<GpuFloat4> left = SharedMemory.Allocate<GpuFloat4>(2 * Half + GpuShared.Slack),
            right = SharedMemory.Allocate<GpuFloat4>(2 * Half + GpuShared.Slack);

        uint group = (uint)Grid.IdxX, upper = group / (uint)tiling.ColumnTiles;
        int column = (int)(group - upper * (uint)tiling.ColumnTiles) * TTile.Columns;
        uint z = upper / (uint)tiling.RowTiles;
        int row = (int)(upper - z * (uint)tiling.RowTiles) * TTile.Rows;
        uint entry = z / (uint)tiling.Slices;
        int k = (int)(z - entry * (uint)tiling.Slices) * tiling.SliceLength, end = k + tiling.SliceLength;
        if (end > tiling.Depth) end = tiling.Depth;

        int thread = Group.IdxX, widthA = TTile.Rows, widthB = TTile.Columns;
        // A tile narrower than 128 leaves some threads nothing to load.
        bool loadsA = thread < 2 * widthA, loadsB = thread < 2 * widthB;
        int outerA = GpuShared.Outer<TA>(thread, widthA), stepA = GpuShared.Step<TA>(thread, widthA);
        int outerB = GpuShared.Outer<TB>(thread, widthB), stepB = GpuShared.Step<TB>(thread, widthB);
        int rowFour = TTile.RowFour(thread), columnFour = TTile.ColumnFour(thread);

        TA fromA = a;
        TB fromB = b;
        fromA.Seek((int)entry, row + outerA);
        fromB.Seek((int)entry, column + outerB);
        TTile tile = default;
        GpuFloat4 nextA = default, nextB = default;
        if (loadsA) GpuShared.Put<TA>(left, 0, outerA, stepA, fromA.Load(k + stepA));
        if (loadsB) GpuShared.Put<TB>(right, 0, outerB, stepB, fromB.Load(k + stepB));
        Group.Barrier();
        int half = 0;
        while (true)
        {
            k += GpuShared.Steps;
            bool more = k < end;
            if (more && loadsA) nextA = fromA.Load(k + stepA);
            if (more && loadsB) nextB = fromB.Load(k + stepB);
            int i = half + rowFour, j = half + columnFour;
            // Two steps at a time: more of them written out, and registers for 8 x 8 sums would no longer do for two groups on a processor.
            for (int step = 0; step < GpuShared.Steps; step += 2, i += 2 * GpuShared.Pitch, j += 2 * GpuShared.Pitch)
            {
                // Views of their own, so that the loads have constant offsets and cost no arithmetic.
                ArrayView<GpuFloat4> columnOfA = left.SubView(i, GpuShared.Reach), rowOfB = right.SubView(j, GpuShared.Reach);
                tile.MultiplyAdd(columnOfA, rowOfB, 0);
                tile.MultiplyAdd(columnOfA, rowOfB, GpuShared.Pitch);
            }
            if (!more) break;
            // The other half was last read before the previous barrier.
            half = Half - half;
            if (loadsA) GpuShared.Put<TA>(left, half, outerA, stepA, nextA);
            if (loadsB) GpuShared.Put<TB>(right, half, outerB, stepB, nextB);
            Group.Barrier();
        }
        TOutput to = y;
        to.Seek((int)z);
        tile.Store(to, row + 4 * rowFour, column + 4 * columnFour);
    }
}

/// <summary>How the threads of a group bring 8 steps of up to 128 outer indices to shared memory, one four each.</summary>
static class GpuShared
{
    /// <summary>k that are multiplied between two barriers.</summary>
    public const int Steps = 8;

    /// <summary>Fours from one step to the next.</summary>
    public const int Pitch = 33;

    /// <summary>From a thread's first four of a step to the end of its last of the next step, in any tile.</summary>
    public const int Reach = Pitch + 17;

    /// <summary>So that a view of this reach at the last thread's fours ends inside.</summary>
    public const int Slack = 16;

    /// <summary>Fours along k: two threads for each outer index. Along the outer index: width / 4 threads for each k.</summary>
    public static int Outer<T>(int thread, int width) where T : struct, IGpuLoader => T.AlongK ? thread >> 1 : 4 * (thread & ((width >> 2) - 1));

    public static int Step<T>(int thread, int width) where T : struct, IGpuLoader =>
        T.AlongK ? 4 * (thread & 1) : (int)((uint)thread / (uint)(width >> 2));

    public static void Put<T>(ArrayView<GpuFloat4> shared, int half, int outer, int step, GpuFloat4 v) where T : struct, IGpuLoader
    {
        if (!T.AlongK)
        {
            shared[half + step * Pitch + (outer >> 2)] = v;
            return;
        }
        ArrayView<float> floats = shared.Cast<float>();
        int i = 4 * (half + step * Pitch) + outer;
        floats[i] = v.X;
        floats[i + 4 * Pitch] = v.Y;
        floats[i + 8 * Pitch] = v.Z;
        floats[i + 12 * Pitch] = v.W;
    }
}

/// <summary>
/// y[e,m,n] = epilogue(sum over slices of partial[e,slice,m,n]), in order: a thread for each four of a row. The rows of partial are padded to fours.
/// </summary>
readonly struct GpuSliceSumKernel<TOutput>(ArrayView<float> partial, TOutput y, GpuBox fours, int count, int slices, int sliceFours, int rowFours) : IGpuKernel
    where TOutput : struct, IGpuOutput
{
    public void Run()
    {
        int t = GpuThread.Index;
        if (t >= count) return;
        GpuIndex3 at = fours.Split(t);
        int i = at.A * slices * sliceFours + at.B * rowFours + at.C;
        GpuFloat4 sum = default;
        for (int slice = 0; slice < slices; slice++, i += sliceFours) sum.MultiplyAdd(1, partial.Cast<GpuFloat4>()[i]);
        TOutput to = y;
        to.Seek(at.A);
        to.Store(at.B, 4 * at.C, sum);
    }
}
