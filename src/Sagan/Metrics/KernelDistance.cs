using Sagan.Native.Data;

namespace Sagan.Native.Metrics;

/// <summary>A mean over repetitions with its standard deviation (of the population of repetitions).</summary>
public readonly record struct MeanAndDeviation(double Mean, double Deviation)
{
    internal static MeanAndDeviation Of(IReadOnlyList<double> values)
    {
        double mean = values.Average();
        return new MeanAndDeviation(mean, Math.Sqrt(values.Average(v => (v - mean) * (v - mean))));
    }
}

/// <summary>
/// The squared maximum mean discrepancy of two sets under a cubic kernel; over Inception features, KID.
/// <code>k(x, y) = (x.y / D + 1)^3
/// MMD^2 = 1/(n(n-1)) sum over i != j of [k(x_i, x_j) + k(y_i, y_j)] - 2/n^2 sum over i, j of k(x_i, y_j)</code>
/// Unbiased, so its value does not depend on how many images there are, and it may be slightly negative, as an estimate without bias of 0
/// must be half of the time. The mean over random subsets, drawn without replacement from each set. Source: Binkowski et al. 2018,
/// "Demystifying MMD GANs", section 3.3 and equation 4.
/// </summary>
public static class KernelDistance
{
    /// <summary>Mean and standard deviation over subsets.</summary>
    /// <param name="a">One set.</param>
    /// <param name="b">The other.</param>
    /// <param name="seed">Of the subsets.</param>
    /// <param name="subsets">How many.</param>
    /// <param name="size">Images of a subset; all of the smaller set where it has fewer.</param>
    /// <param name="tile">Pairs computed at a time along either axis; does not change the value.</param>
    public static MeanAndDeviation Of(Features a, Features b, ulong seed, int subsets = 100, int size = 1000, int tile = Pairs.Tile)
    {
        Features.CheckPair("kernel distance", a, b);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(subsets);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 2);
        int n = Math.Min(size, Math.Min(a.Count, b.Count));
        // One subset is all there is where both sets are used whole.
        if (n == a.Count && n == b.Count) subsets = 1;
        double[] values = new double[subsets];
        for (int s = 0; s < subsets; s++)
            values[s] = Mmd2(Choose(a, n, seed, 2 * (ulong)s), Choose(b, n, seed, 2 * (ulong)s + 1), a.Width, tile);
        return MeanAndDeviation.Of(values);
    }

    // A partial Fisher-Yates shuffle of the row numbers.
    static float[] Choose(Features f, int n, ulong seed, ulong stream)
    {
        int[] order = [.. Enumerable.Range(0, f.Count)];
        float[] rows = new float[n * f.Width];
        for (int i = 0; i < n; i++)
        {
            int j = i + CounterRandom.Below(f.Count - i, seed, stream, (ulong)i);
            (order[i], order[j]) = (order[j], order[i]);
            f.Row(order[i]).CopyTo(rows.AsSpan(i * f.Width));
        }
        return rows;
    }

    static double Mmd2(float[] x, float[] y, int width, int tile)
    {
        double n = x.Length / width;
        return (KernelSum(x, x, width, tile, diagonal: false) + KernelSum(y, y, width, tile, diagonal: false)) / (n * (n - 1))
            - 2 * KernelSum(x, y, width, tile, diagonal: true) / (n * n);
    }

    static double KernelSum(float[] x, float[] y, int width, int tile, bool diagonal)
    {
        double[] rows = new double[x.Length / width];
        Pairs.Visit<float, DotProduct>(x, y, width, (i, first, dots) =>
        {
            for (int j = 0; j < dots.Length; j++)
            {
                double k = (double)dots[j] / width + 1;
                if (diagonal || first + j != i) rows[i] += k * k * k;
            }
        }, tile);
        return rows.Sum();
    }
}
