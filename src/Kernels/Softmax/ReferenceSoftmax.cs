namespace Sagan.Native.Kernels;

/// <summary>Defines Softmax.</summary>
static class ReferenceSoftmax
{
    /// <summary>y[r,c] = exp(x[r,c] - max_r) / sum_c exp(x[r,c] - max_r).</summary>
    public static void Softmax(Storage xs, Storage ys, int rows, int columns)
    {
        ReferenceView x = new(xs, columns), y = new(ys, columns);
        for (int r = 0; r < rows; r++)
        {
            float max = float.NegativeInfinity;
            for (int c = 0; c < columns; c++) max = MathF.Max(max, x[r, c]);
            double sum = 0;
            for (int c = 0; c < columns; c++) sum += Math.Exp((double)x[r, c] - max);
            for (int c = 0; c < columns; c++) y[r, c] = (float)(Math.Exp((double)x[r, c] - max) / sum);
        }
    }
}
