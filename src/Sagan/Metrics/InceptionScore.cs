namespace Sagan.Native.Metrics;

/// <summary>
/// How sure a classifier is of each image, and how many classes the images spread over.
/// <code>p_i = softmax(logits_i)    IS = exp( mean over i of sum over c of p_ic (ln p_ic - ln mean_i p_ic) )</code>
/// Between 1 (every image alike to the classifier) and the number of classes. Of each of several splits of the images in their order: mean
/// and standard deviation. Source: Salimans et al. 2016, "Improved Techniques for Training GANs", section 4.
/// </summary>
public static class InceptionScore
{
    /// <summary>Mean and standard deviation over splits of nearly equal size (one image more or less).</summary>
    public static MeanAndDeviation Of(Features features, int splits = 10)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(splits);
        if (features.Logits == null) throw new MetricException("Inception score: the feature network has no classes.");
        if (features.Count < 2) throw new MetricException($"Inception score: {Features.Images(features.Count)}; at least 2 are needed.");
        splits = Math.Min(splits, features.Count);
        double[] scores = new double[splits];
        for (int s = 0; s < splits; s++)
            scores[s] = OfRange(features.Logits, features.Classes, (int)((long)features.Count * s / splits),
                (int)((long)features.Count * (s + 1) / splits));
        return MeanAndDeviation.Of(scores);
    }

    static double OfRange(float[] logits, int classes, int start, int end)
    {
        double[] marginal = new double[classes], logP = new double[classes];
        double negativeEntropy = 0;
        for (int i = start; i < end; i++)
        {
            LogSoftmax(logits.AsSpan(i * classes, classes), logP);
            for (int c = 0; c < classes; c++)
            {
                double p = Math.Exp(logP[c]);
                marginal[c] += p;
                negativeEntropy += p * logP[c];
            }
        }
        int n = end - start;
        // mean sum p ln p - sum mean p ln mean p: the same sum with the second logarithm taken out of the mean. 0 ln 0 = 0.
        double cross = marginal.Where(m => m > 0).Sum(m => m / n * Math.Log(m / n));
        return Math.Exp(negativeEntropy / n - cross);
    }

    // x - max - ln sum exp(x - max): no logarithm of a probability that was rounded to 0.
    static void LogSoftmax(ReadOnlySpan<float> x, Span<double> to)
    {
        double max = double.NegativeInfinity, sum = 0;
        foreach (float v in x) max = Math.Max(max, v);
        foreach (float v in x) sum += Math.Exp(v - max);
        double shift = max + Math.Log(sum);
        for (int i = 0; i < x.Length; i++) to[i] = x[i] - shift;
    }
}
