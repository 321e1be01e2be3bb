using ILGPU;

namespace Sagan.Native.Kernels;

// Every product of the engine: y[m,n] = epilogue(sum over k of A(m,k) B(k,n)), where A and B are matrices, transposed matrices, or the
// windows of images found by index (implicit GEMM: im2col without the copy). 2 M N K flops; each element of A is read N / (tile columns)
// times from memory or L2, of B M / (tile rows).
//
//                 B:  8 x columns           A thread block of 256 threads computes one tile of y for one split of k, 8 k at a time. In each
//               +-----------------+         step every thread loads one float4 of A and one of B of the NEXT step into registers, then
//               +-----------------+         multiplies the current step out of shared memory (left[k][row], right[k][column]) into its
//     A: rows   +-----------------+         register tile, then stores what it loaded into the other stage of shared memory (double
//     x 8       |   t t t t t t   |         buffering), and all wait once.
//      +--+     |   t t t t t t   |
//      |  |     |   t t t t t t   |         Shared memory: 2 stages x 8 k x 33 float4s for each factor, 17 KB, for any tile; 33, not 32, so
//      +--+     +-----------------+         that the four stores that turn a float4 along k into a column fall on different banks.
//
// Remainders: loads give zeros outside, stores drop what is outside; no other care.
// Few tiles and many k (weight gradients: k counts all pixels of a batch): splits of k go to thread blocks of their own, their sums to a
// temporary, and a second kernel adds these in order.
// Numerics: a plain float sum over k in order, per split. |error| at most 3e-7 sqrt(K) |a| |b|. The same bits for the same sizes.

/// <summary>The tiles of a launch, numbered with the columns of tiles first: neighbours share rows of A in the L2 cache.</summary>
readonly struct GpuTiling(int rowTiles, int columnTiles, int splitK, int depthPerSplit, int depth)
{
    public readonly int RowTiles = rowTiles, ColumnTiles = columnTiles, SplitK = splitK, DepthPerSplit = depthPerSplit, Depth = depth;
}

/// <summary>One tile of one split of one entry.</summary>
readonly struct GpuGemmKernel<TTile, TA, TB, TOutput>(TA a, TB b, TOutput y, GpuTiling tiling) : IGpuBlockKernel
    where TTile : struct, IGpuTile where TA : struct, IGpuLoader where TB : struct, IGpuLoader where TOutput : struct, IGpuOutput
{
    const int Stage = GpuShared.Steps * GpuShared.Pitch;

    public void Run()
    {
        ArrayView<GpuFloat4> left = SharedMemory.Allocate<GpuFloat4>(2 * Stage + GpuShared.Slack),
            right = SharedMemory.Allocate<GpuFloat4>(2 * Stage + GpuShared.Slack);

        uint threadBlock = (uint)Grid.IdxX, upper = threadBlock / (uint)tiling.ColumnTiles;
        int column = (int)(threadBlock - upper * (uint)tiling.ColumnTiles) * TTile.Columns;
        uint z = upper / (uint)tiling.RowTiles;
        int row = (int)(upper - z * (uint)tiling.RowTiles) * TTile.Rows;
        uint entry = z / (uint)tiling.SplitK;
        int k = (int)(z - entry * (uint)tiling.SplitK) * tiling.DepthPerSplit, end = k + tiling.DepthPerSplit;
        if (end > tiling.Depth) end = tiling.Depth;

        int thread = Group.IdxX, widthA = TTile.Rows, widthB = TTile.Columns;
        // A tile narrower than 128 leaves some threads nothing to load.
        bool loadsA = thread < 2 * widthA, loadsB = thread < 2 * widthB;
        int outerA = GpuShared.Outer<TA>(thread, widthA), stepA = GpuShared.Step<TA>(thread, widthA);
        int outerB = GpuShared.Outer<TB>(thread, widthB), stepB = GpuShared.Step<TB>(thread, widthB);
        int rowVec4 = TTile.RowVec4(thread), columnVec4 = TTile.ColumnVec4(thread);

        TA fromA = a;
        TB fromB = b;
        fromA.Seek((int)entry, row + outerA);
        fromB.Seek((int)entry, column + outerB);
        TTile tile = default;
        GpuFloat4 nextA = default, nextB = default;
        if (loadsA) GpuShared.Store<TA>(left, 0, outerA, stepA, fromA.Load(k + stepA));
        if (loadsB) GpuShared.Store<TB>(right, 0, outerB, stepB, fromB.Load(k + stepB));
        Group.Barrier();
        int stage = 0;
        while (true)
        {
            k += GpuShared.Steps;
            bool more = k < end;
            if (more && loadsA) nextA = fromA.Load(k + stepA);
            if (more && loadsB) nextB = fromB.Load(k + stepB);
            int i = stage + rowVec4, j = stage + columnVec4;
            // Two steps at a time: more of them written out, and registers for 8 x 8 sums would no longer do for two thread blocks on an
            // SM.
            for (int step = 0; step < GpuShared.Steps; step += 2, i += 2 * GpuShared.Pitch, j += 2 * GpuShared.Pitch)
            {
                // Views of their own, so that the loads have constant offsets and cost no arithmetic.
                ArrayView<GpuFloat4> columnOfA = left.SubView(i, GpuShared.Reach), rowOfB = right.SubView(j, GpuShared.Reach);
                tile.MultiplyAdd(columnOfA, rowOfB, 0);
                tile.MultiplyAdd(columnOfA, rowOfB, GpuShared.Pitch);
            }
            if (!more) break;
            // The other stage was last read before the previous barrier.
            stage = Stage - stage;
            if (loadsA) GpuShared.Store<TA>(left, stage, outerA, stepA, nextA);
            if (loadsB) GpuShared.Store<TB>(right, stage, outerB, stepB, nextB);
            Group.Barrier();
        }
        TOutput to = y;
        to.Seek((int)z);
        tile.Store(to, row + 4 * rowVec4, column + 4 * columnVec4);
    }
}

/// <summary>How the threads of a thread block bring 8 steps of up to 128 outer indices to shared memory, one float4 each.</summary>
static class GpuShared
{
    /// <summary>k that are multiplied between two barriers.</summary>
    public const int Steps = 8;

    /// <summary>Float4s from one step to the next.</summary>
    public const int Pitch = 33;

    /// <summary>From a thread's first float4 of a step to the end of its last of the next step, in any tile.</summary>
    public const int Reach = Pitch + 17;

    /// <summary>So that a view of this reach at the last thread's float4s ends inside.</summary>
    public const int Slack = 16;

    /// <summary>Float4s along k: two threads for each outer index. Along the outer index: width / 4 threads for each k.</summary>
    public static int Outer<T>(int thread, int width)
        where T : struct, IGpuLoader => T.AlongK ? thread >> 1 : 4 * (thread & ((width >> 2) - 1));

    public static int Step<T>(int thread, int width) where T : struct, IGpuLoader =>
        T.AlongK ? 4 * (thread & 1) : (int)((uint)thread / (uint)(width >> 2));

    public static void Store<T>(ArrayView<GpuFloat4> shared, int stage, int outer, int step, GpuFloat4 v) where T : struct, IGpuLoader
    {
        if (!T.AlongK)
        {
            shared[stage + step * Pitch + (outer >> 2)] = v;
            return;
        }
        ArrayView<float> floats = shared.Cast<float>();
        int i = 4 * (stage + step * Pitch) + outer;
        floats[i] = v.X;
        floats[i + 4 * Pitch] = v.Y;
        floats[i + 8 * Pitch] = v.Z;
        floats[i + 12 * Pitch] = v.W;
    }
}

/// <summary>
/// y[e,m,n] = epilogue(sum over splits of partial[e,split,m,n]), in order: a thread for each float4 of a row. The rows of partial are
/// padded to whole float4s.
/// </summary>
readonly struct GpuSplitKSumKernel<TOutput>(ArrayView<float> partial, TOutput y, GpuBox vec4s, int count, int splitK, int splitVec4s,
    int rowVec4s) : IGpuKernel
    where TOutput : struct, IGpuOutput
{
    public void Run()
    {
        int t = GpuThread.Index;
        if (t >= count) return;
        GpuIndex3 at = vec4s.Split(t);
        int i = at.A * splitK * splitVec4s + at.B * rowVec4s + at.C;
        GpuFloat4 sum = default;
        for (int split = 0; split < splitK; split++, i += splitVec4s) sum.MultiplyAdd(1, partial.Cast<GpuFloat4>()[i]);
        TOutput to = y;
        to.Seek(at.A);
        to.Store(at.B, 4 * at.C, sum);
    }
}
