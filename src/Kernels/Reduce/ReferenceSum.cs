namespace Sagan.Native.Kernels;

/// <summary>Defines Sum.</summary>
static class ReferenceSum
{
    /// <summary>
    /// y[k] = sum_r x[k, r]: k counts the combinations of the kept axes, r those of the reduced axes, both in row-major order.
    /// </summary>
    public static void Sum(Storage xs, Storage ys, in ReduceSpec s)
    {
        Span<float> x = xs.Values(), y = ys.Values();
        for (int k = 0; k < s.OutputCount; k++)
        {
            double sum = 0;
            int kept = Offset(s, k, reduced: false);
            for (int r = 0; r < s.InputCount / s.OutputCount; r++) sum += x[kept + Offset(s, r, reduced: true)];
            y[k] = (float)sum;
        }
    }

    // Where in x combination i of the kept (or of the reduced) axes lies: the digits of i in their sizes, last axis first, times x's
    // strides.
    static int Offset(in ReduceSpec s, int i, bool reduced)
    {
        int offset = 0, stride = 1;
        for (int axis = s.Rank - 1; axis >= 0; axis--)
        {
            int size = s.Size(axis);
            if (s.IsReduced(axis) == reduced)
            {
                offset += i % size * stride;
                i /= size;
            }
            stride *= size;
        }
        return offset;
    }
}
