using ILGPU;

namespace Sagan.Native.Kernels;

/// <summary>
/// The tile of y that a thread block of 256 threads computes, and what of it one thread holds in registers. Threads of a warp lie as 4 rows
/// of 8, so that a warp reads 8 different float4s of the right factor (all 32 banks once) and 4 of the left. A thread's 8 columns are two
/// float4s half a tile apart, for the same reason.
/// </summary>
interface IGpuTile
{
    static abstract int Rows { get; }

    static abstract int Columns { get; }

    /// <summary>The first four rows of a thread, counted in float4s.</summary>
    static abstract int RowVec4(int thread);

    /// <summary>The first four columns of a thread, counted in float4s.</summary>
    static abstract int ColumnVec4(int thread);

    /// <summary>
    /// Adds the outer product of a column of the left and a row of the right tile, which begin for this thread at a[i] and b[i].
    /// </summary>
    void MultiplyAdd(ArrayView<GpuFloat4> a, ArrayView<GpuFloat4> b, int i);

    /// <summary>The sums, to the tile at (row, column), both those of the thread's first element.</summary>
    void Store<TOutput>(TOutput y, int row, int column) where TOutput : struct, IGpuOutput;
}

/// <summary>8 x 8 a thread: 64 multiplications for 4 loads of 16 bytes from shared memory.</summary>
struct GpuTile128x128 : IGpuTile
{
    GpuTile4x4 c00, c01, c10, c11;

    public static int Rows => 128;

    public static int Columns => 128;

    public static int RowVec4(int thread) => GpuWarps.Row(thread);

    public static int ColumnVec4(int thread) => GpuWarps.Column(thread);

    public void MultiplyAdd(ArrayView<GpuFloat4> a, ArrayView<GpuFloat4> b, int i)
    {
        GpuFloat4 a0 = a[i], a1 = a[i + 16], b0 = b[i], b1 = b[i + 16];
        c00.AddOuterProduct(a0, b0);
        c01.AddOuterProduct(a0, b1);
        c10.AddOuterProduct(a1, b0);
        c11.AddOuterProduct(a1, b1);
    }

    public void Store<TOutput>(TOutput y, int row, int column) where TOutput : struct, IGpuOutput
    {
        c00.Store(y, row, column);
        c01.Store(y, row, column + 64);
        c10.Store(y, row + 64, column);
        c11.Store(y, row + 64, column + 64);
    }
}

/// <summary>8 x 4 a thread: 32 multiplications for 3 loads. For 64 columns.</summary>
struct GpuTile128x64 : IGpuTile
{
    GpuTile4x4 c0, c1;

    public static int Rows => 128;

    public static int Columns => 64;

    public static int RowVec4(int thread) => GpuWarps.Row(thread);

    public static int ColumnVec4(int thread) => GpuWarps.Column(thread);

    public void MultiplyAdd(ArrayView<GpuFloat4> a, ArrayView<GpuFloat4> b, int i)
    {
        GpuFloat4 a0 = a[i], a1 = a[i + 16], b0 = b[i];
        c0.AddOuterProduct(a0, b0);
        c1.AddOuterProduct(a1, b0);
    }

    public void Store<TOutput>(TOutput y, int row, int column) where TOutput : struct, IGpuOutput
    {
        c0.Store(y, row, column);
        c1.Store(y, row + 64, column);
    }
}

/// <summary>4 x 4 a thread: 16 multiplications for 2 loads. For small results, and for devices with few registers.</summary>
struct GpuTile64x64 : IGpuTile
{
    GpuTile4x4 c;

    public static int Rows => 64;

    public static int Columns => 64;

    public static int RowVec4(int thread) => GpuWarps.Row(thread);

    public static int ColumnVec4(int thread) => GpuWarps.Column(thread);

    public void MultiplyAdd(ArrayView<GpuFloat4> a, ArrayView<GpuFloat4> b, int i) => c.AddOuterProduct(a[i], b[i]);

    public void Store<TOutput>(TOutput y, int row, int column) where TOutput : struct, IGpuOutput => c.Store(y, row, column);
}

/// <summary>4 x 4 a thread, 8 threads side by side: few columns, such as 3 colours or the queries and keys of attention.</summary>
struct GpuTile128x32 : IGpuTile
{
    GpuTile4x4 c;

    public static int Rows => 128;

    public static int Columns => 32;

    public static int RowVec4(int thread) => thread >> 3;

    public static int ColumnVec4(int thread) => thread & 7;

    public void MultiplyAdd(ArrayView<GpuFloat4> a, ArrayView<GpuFloat4> b, int i) => c.AddOuterProduct(a[i], b[i]);

    public void Store<TOutput>(TOutput y, int row, int column) where TOutput : struct, IGpuOutput => c.Store(y, row, column);
}

/// <summary>16 x 16 threads as 4 x 2 warps of 4 x 8.</summary>
static class GpuWarps
{
    public static int Row(int thread) => (thread >> 6) * 4 + ((thread >> 3) & 3);

    public static int Column(int thread) => ((thread >> 5) & 1) * 8 + (thread & 7);
}
