namespace Sagan.Native.Training.Logging;

/// <summary>
/// What TensorBoard wants of a distribution: bucket i counts the values in (Limits[i-1], Limits[i]], the first from the least value on.
/// </summary>
sealed class HistogramSummary
{
    const int MostBuckets = 64;

    public double Min { get; private set; } = double.PositiveInfinity;

    public double Max { get; private set; } = double.NegativeInfinity;

    public double Sum { get; private set; }

    public double SumOfSquares { get; private set; }

    /// <summary>The finite values.</summary>
    public long Count { get; private set; }

    /// <summary>NaN and infinities, which are in none of the other numbers.</summary>
    public long NotFinite { get; private set; }

    public double[] Limits { get; private set; } = [];

    public double[] Buckets { get; private set; } = [];

    /// <summary>64 buckets of one width from the least to the largest value; a single one where all are alike.</summary>
    public static HistogramSummary Of(ReadOnlySpan<float> values)
    {
        HistogramSummary h = new();
        foreach (float x in values)
        {
            if (!float.IsFinite(x))
            {
                h.NotFinite++;
                continue;
            }
            h.Count++;
            h.Sum += x;
            h.SumOfSquares += (double)x * x;
            h.Min = Math.Min(h.Min, x);
            h.Max = Math.Max(h.Max, x);
        }
        if (h.Count > 0) h.Fill(values);
        return h;
    }

    void Fill(ReadOnlySpan<float> values)
    {
        double width = (Max - Min) / MostBuckets;
        int n = width > 0 ? MostBuckets : 1;
        Limits = new double[n];
        Buckets = new double[n];
        for (int i = 0; i < n; i++) Limits[i] = Min + (i + 1) * width;
        Limits[^1] = Max;
        foreach (float x in values)
        {
            if (!float.IsFinite(x)) continue;
            int i = n == 1 ? 0 : Math.Clamp((int)Math.Ceiling((x - Min) / width) - 1, 0, n - 1);
            // The division may round over a limit.
            if (i > 0 && x <= Limits[i - 1]) i--;
            else if (x > Limits[i]) i++;
            Buckets[i]++;
        }
    }
}
