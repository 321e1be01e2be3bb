using System.Runtime.CompilerServices;
using ILGPU;

namespace Sagan.Native.Kernels;

/// <summary>
/// The part of a matrix [Rows, Columns] that a thread block of 256 threads walks over: 64 columns and a block of rows. Sixteen threads lie
/// side by side, each on four columns, and sixteen below each other; a thread takes every sixteenth row of the block.
/// <code>
///            columns 0-3   4-7  ..  60-63
/// row 0         t0         t1   ..   t15      then row 16, 32, ..
/// row 1         t16        t17  ..   t31
/// ..
/// row 15        t240       ..        t255
/// </code>
/// Grid.IdxX is the block of rows, Grid.IdxY the tile of columns. Where Columns is a multiple of 4 a thread loads and stores 16 bytes at
/// once. Otherwise it loads one by one, up to three elements past the end of its row, which are never stored.
/// </summary>
readonly struct GpuRowTile(int rows, int columns, int blockRows)
{
    /// <summary>Threads of a thread block.</summary>
    public const int Threads = 256;

    /// <summary>Rows between those of a thread.</summary>
    public const int Step = 16;

    const int Lanes = 16, Width = 4 * Lanes;

    public int Rows => rows;

    public int Columns => columns;

    public int BlockRows => blockRows;

    /// <summary>The thread blocks that cover the matrix; at least one.</summary>
    public GpuGrid LaunchGrid => new(Math.Max(1, Blocks), Math.Max(1, Tiles(columns)));

    public int Blocks => (rows + blockRows - 1) / blockRows;

    /// <summary>This block's rows.</summary>
    public int Count => CountOf(Grid.IdxX);

    /// <summary>Rows of a block: blockRows, but for the last.</summary>
    public int CountOf(int block) => rows - block * blockRows < blockRows ? rows - block * blockRows : blockRows;

    /// <summary>For the combination of what the blocks made, a row each, by one thread block for every 64 columns.</summary>
    public GpuRowTile OfBlocks() => new(Math.Max(1, Blocks), columns, Math.Max(1, Blocks));

    /// <summary>Columns in float4s, the last filled up.</summary>
    public static int Vec4s(int columns) => (columns + 3) >> 2;

    /// <summary>Tiles of columns.</summary>
    public static int Tiles(int columns) => (columns + Width - 1) / Width;

    /// <summary>
    /// Cut into at most about so many thread blocks, each with <paramref name="leastRows"/> to <paramref name="mostRows"/> rows: by the
    /// sizes alone, so that sums are the same on every device.
    /// </summary>
    public static GpuRowTile Cut(int rows, int columns, int threadBlocks, int leastRows, int mostRows)
    {
        int blocks = Math.Max(1, threadBlocks / Math.Max(1, Tiles(columns))), size = (int)(((long)rows + blocks - 1) / blocks);
        return new GpuRowTile(rows, columns, Math.Clamp((size + Step - 1) / Step * Step, leastRows, mostRows));
    }

    public static int Lane => Group.IdxX & (Lanes - 1);

    public static int RowLane => Group.IdxX >> 4;

    /// <summary>The thread's first column.</summary>
    public static int Column => Grid.IdxY * Width + 4 * Lane;

    /// <summary>The thread's first row.</summary>
    public int First => Grid.IdxX * blockRows + RowLane;

    /// <summary>One past the thread's last row; its first where it has no column.</summary>
    public int End
    {
        get
        {
            int begin = Grid.IdxX * blockRows, end = rows - begin < blockRows ? rows : begin + blockRows;
            return Column < columns ? end : begin;
        }
    }

    /// <summary>The thread's four columns of row r.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuFloat4 Load(ArrayView<float> x, int r)
    {
        int i = r * columns + Column;
        if ((columns & 3) == 0) return x.Cast<GpuFloat4>()[i >> 2];
        return new GpuFloat4(x[i], x[i + 1], x[i + 2], x[i + 3]);
    }

    /// <summary>Stores the thread's four columns of row r.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ArrayView<float> y, int r, GpuFloat4 value)
    {
        int i = r * columns + Column;
        if ((columns & 3) == 0) y.Cast<GpuFloat4>()[i >> 2] = value;
        else
        {
            y[i] = value.X;
            if (Column + 1 < columns) y[i + 1] = value.Y;
            if (Column + 2 < columns) y[i + 2] = value.Z;
            if (Column + 3 < columns) y[i + 3] = value.W;
        }
    }

    /// <summary>
    /// The sum of a value over the threads on the same columns, in a fixed order; all of them get it. Every thread of the thread block
    /// takes part, and
    /// <paramref name="shared"/>, of <see cref="Threads"/> elements, is used for one sum only.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat4 SumOfRows(ArrayView<GpuFloat4> shared, GpuFloat4 value)
    {
        shared[Group.IdxX] = value;
        Group.Barrier();
        GpuFloat4 sum = shared[Lane];
        for (int i = Lane + Lanes; i < Threads; i += Lanes) sum += shared[i];
        return sum;
    }
}
