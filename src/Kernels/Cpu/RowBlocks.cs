namespace Sagan.Native.Kernels;

/// <summary>
/// Cuts the rows of [rows, columns] into blocks. The cut depends on the sizes alone, so partial sums that are taken per block and added in
/// block order have the same bits for every number of threads.
/// </summary>
readonly struct RowBlocks
{
    const int Elements = 16384, MinRows = 16, MaxRows = 512;
    readonly int rows, size;

    RowBlocks(int rows, int size)
    {
        this.rows = rows;
        this.size = size;
        Count = (int)(((long)rows + size - 1) / size);
    }

    /// <summary>
    /// Blocks of about 64 KB, so that a second look finds them in the cache, and of at most 512 rows: short enough for sums in float.
    /// </summary>
    public static RowBlocks Cached(int rows, int columns) => new(rows, Math.Clamp(Elements / Math.Max(columns, 1), MinRows, MaxRows));

    /// <summary>
    /// At most <paramref name="count"/> blocks of about the same size, a multiple of 8 rows and at least 32 KB each: few partial sums.
    /// </summary>
    public static RowBlocks AtMost(int count, int rows, int columns)
    {
        int size = Math.Max((rows + count - 1) / count, Elements / 2 / Math.Max(columns, 1));
        return new RowBlocks(rows, Math.Max(8, (size + 7) / 8 * 8));
    }

    /// <summary>Number of blocks.</summary>
    public int Count { get; }

    /// <summary>The first row of a block.</summary>
    public int Begin(int block) => block * size;

    /// <summary>One past the last row of a block.</summary>
    public int End(int block) => (int)Math.Min((long)block * size + size, rows);
}
