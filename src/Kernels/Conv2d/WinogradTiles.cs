namespace Sagan.Native.Kernels;

/// <summary>A tile of outputs: its image, its first output, and at how many points it is multiplied along either axis.</summary>
readonly record struct WinogradTile(int Image, int Row, int Column, int RowPoints, int ColumnPoints);

/// <summary>
/// Tile rows from .. to-1 of a batch, counted through all its images, and the order of their tiles: wide rows before narrow ones, and at
/// the change the tiles that are wide both ways, so that the tiles which are multiplied at a point follow one another:
/// <code>
///                 wide rows                    narrow rows
///     narrow columns | wide columns | wide columns | narrow columns
///     at -1 along the columns: -----------------------               (i = 3)
///                     at -1 along the rows: ------------------       (j = 3)
/// </code>
/// Point (i, j) is i-th along the rows' axis and j-th along the columns'.
/// </summary>
readonly unsafe struct WinogradTiles
{
    readonly WinogradAxis rows, columns;
    readonly int from, to, wideRows, narrowRows;

    public WinogradTiles(in WinogradAxis rows, in WinogradAxis columns, int from, int to)
    {
        (this.rows, this.columns, this.from, this.to) = (rows, columns, from, to);
        wideRows = Wide(to) - Wide(from);
        narrowRows = to - from - wideRows;
    }

    /// <summary>The number of tiles.</summary>
    public int Count => (to - from) * columns.Tiles;

    /// <summary>Products of all tiles, for one channel of input and of output.</summary>
    public int Products => (4 * wideRows + 3 * narrowRows) * columns.Products;

    int Wide(int row) => row / rows.Tiles * rows.Wide + Math.Min(row % rows.Tiles, rows.Wide);

    /// <summary>The tiles that are multiplied at a point: the first, and how many follow one another.</summary>
    public (int First, int Count) At(int i, int j)
    {
        int wide = wideRows * columns.Tiles, all = Count;
        int first = j == 3 ? wideRows * columns.Narrow : 0;
        int end = i == 3 ? wide : j == 3 ? wide + narrowRows * columns.Wide : all;
        return (first, end - first);
    }

    // Between the rows of points, which are filled and read side by side: a cache line, or they could all share one cache set.
    const int Gap = 16;

    /// <summary>
    /// Pointers by point, 4 i + j, into memory of <see cref="Floats"/> from p on: to where the row of tile 0 is or would be, so that tile
    /// t's is found t pitches further on.
    /// </summary>
    public void Lay(float* p, nint pitch, float** at)
    {
        for (int i = 0; i < rows.Points; i++)
            for (int j = 0; j < columns.Points; j++)
            {
                (int first, int count) = At(i, j);
                at[4 * i + j] = p - first * pitch;
                p += count * pitch + Gap;
            }
    }

    /// <summary>What a row for each tile at each point takes, and some rows behind the last.</summary>
    public long Floats(int pitch, int more) => (Products + (long)more) * pitch + 16 * Gap;

    /// <summary>Writes down all tiles in order.</summary>
    public void List(WinogradTile* tiles)
    {
        tiles = Rows(tiles, true, false);
        tiles = Rows(tiles, true, true);
        tiles = Rows(tiles, false, true);
        Rows(tiles, false, false);
    }

    WinogradTile* Rows(WinogradTile* tiles, bool wideRow, bool wideColumn)
    {
        int t0 = wideColumn ? 0 : columns.Wide, t1 = wideColumn ? columns.Wide : columns.Tiles;
        for (int q = from; q < to; q++)
        {
            (int image, int row) = Math.DivRem(q, rows.Tiles);
            if (row < rows.Wide != wideRow) continue;
            for (int t = t0; t < t1; t++)
                *tiles++ = new WinogradTile(image, rows.Start(row), columns.Start(t), wideRow ? 4 : 3, wideColumn ? 4 : 3);
        }
        return tiles;
    }
}
