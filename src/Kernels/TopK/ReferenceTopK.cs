namespace Sagan.Native.Kernels;

/// <summary>Defines TopKMask.</summary>
static class ReferenceTopK
{
    /// <summary>
    /// y[r,c] = 1 where fewer than k entries of the row come before x[r,c], which larger ones do, and equal ones to its left; else 0.
    /// </summary>
    public static void TopKMask(Storage xs, Storage ys, int rows, int columns, int k)
    {
        ReferenceView x = new(xs, columns), y = new(ys, columns);
        for (int r = 0; r < rows; r++)
            for (int c = 0; c < columns; c++)
            {
                int before = 0;
                for (int j = 0; j < columns; j++)
                    if (x[r, j] > x[r, c] || (x[r, j] == x[r, c] && j < c)) before++;
                y[r, c] = before < k ? 1 : 0;
            }
    }
}
