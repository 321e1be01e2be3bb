using ILGPU;

namespace Sagan.Native.Kernels;

// Neighbours in x must become neighbours in y along another axis. A thread block moves a tile of 32 x 32 through shared memory, so that
// both sides are read and written in runs of 32:
//
//      x: 32 runs along rows          tile [32][33]            y: 32 runs along columns
//      thread (i, j) loads    ->   tile[column j][row i]   ->   thread (i, j) stores tile[column i][row j]
//
// 256 threads, each four elements. A row of the tile has 33 floats: 32 neighbours of a column would lie in one bank of the memory.
// 8 bytes an element: bound by memory. Permutations that leave the innermost axis where it is are strided copies (GpuStridedCopy).

/// <summary>
/// A batch of transposed matrices: y[b(p) + row toRow + column] = x[a(p) + row + column fromColumn], p = Grid.IdxX / tiles, and the tile of
/// rowTiles x columnTiles is what is left.
/// </summary>
readonly struct GpuTransposeKernel(ArrayView<float> x, ArrayView<float> y, int rows, int columns, int toRow, int fromColumn, int rowTiles,
    int tiles, GpuAxes planes) : IGpuBlockKernel
{
    /// <summary>Rows and columns of a tile.</summary>
    public const int Tile = 32;

    const int Pitch = Tile + 1, Step = GpuQueue.Threads / Tile;

    public void Run()
    {
        ArrayView<float> tile = SharedMemory.Allocate<float>(Tile * Pitch);
        uint plane = (uint)Grid.IdxX / (uint)tiles, rest = (uint)Grid.IdxX - plane * (uint)tiles, columnTile = rest / (uint)rowTiles;
        int column0 = (int)columnTile * Tile, row0 = (int)(rest - columnTile * (uint)rowTiles) * Tile;
        planes.Offsets((int)plane, out int from, out int to);
        int i = Group.IdxX & (Tile - 1), first = Group.IdxX >> 5;
        if (row0 + i < rows)
            for (int j = first; j < Tile; j += Step)
                if (column0 + j < columns) tile[j * Pitch + i] = x[from + row0 + i + (column0 + j) * fromColumn];
        Group.Barrier();
        if (column0 + i < columns)
            for (int j = first; j < Tile; j += Step)
                if (row0 + j < rows) y[to + (row0 + j) * toRow + column0 + i] = tile[i * Pitch + j];
    }
}
