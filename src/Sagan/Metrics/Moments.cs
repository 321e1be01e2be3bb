namespace Sagan.Native.Metrics;

/// <summary>
/// Mean and covariance of features, in double:
/// <code>m = 1/N sum x_i    S = 1/(N - 1) sum (x_i - m)(x_i - m)^T</code>
/// </summary>
public sealed class Moments
{
    const int Panel = 1024;

    Moments(int count, double[] mean, double[] covariance) => (Count, Mean, Covariance) = (count, mean, covariance);

    /// <summary>Number of images, N.</summary>
    public int Count { get; }

    /// <summary>m, [D].</summary>
    public double[] Mean { get; }

    /// <summary>S, [D, D].</summary>
    public double[] Covariance { get; }

    /// <summary>The moments of at least two rows.</summary>
    /// <exception cref="MetricException">There are fewer.</exception>
    public static Moments Of(Features features)
    {
        ArgumentNullException.ThrowIfNull(features);
        Features.CheckPair("covariance", features, features);
        (int n, int d) = (features.Count, features.Width);
        double[] mean = MeanOf(features), s = new double[(long)d * d];
        for (int start = 0; start < n; start += Panel)
        {
            // Samples along the rows: an element of S is then a product of two rows.
            int count = Math.Min(Panel, n - start);
            double[] x = new double[d * count];
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<float> row = features.Row(start + i);
                for (int k = 0; k < d; k++) x[k * count + i] = row[k] - mean[k];
            }
            Pairs.Visit<double, DoubleProduct>(x, x, count, (i, first, products) =>
            {
                for (int j = 0; j < products.Length; j++) s[i * d + first + j] += products[j];
            }, upper: true);
        }
        for (int i = 0; i < d; i++)
            for (int j = i; j < d; j++) s[j * d + i] = s[i * d + j] /= n - 1;
        return new Moments(n, mean, s);
    }

    /// <summary>m, summed in the order of the images.</summary>
    internal static double[] MeanOf(Features features)
    {
        double[] mean = new double[features.Width];
        for (int i = 0; i < features.Count; i++)
        {
            ReadOnlySpan<float> row = features.Row(i);
            for (int k = 0; k < mean.Length; k++) mean[k] += row[k];
        }
        for (int k = 0; k < mean.Length; k++) mean[k] /= features.Count;
        return mean;
    }
}
