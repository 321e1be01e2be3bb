namespace Sagan.Native.Metrics;

/// <summary>
/// Frechet distance within each class, and the mean over the classes: sees a generator that makes every class alike, which the distance of
/// the whole sets forgives. Source: Miyato and Koyama 2018, "cGANs with Projection Discriminator", section 5.
/// </summary>
public static class IntraFrechetDistance
{
    /// <summary>The mean over the classes, and the distance of each.</summary>
    /// <param name="real">Features of class c, for c = 0 .. classes - 1.</param>
    /// <param name="fake">Features of generated images of class c; asked for one class at a time.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="name">What an error calls class c.</param>
    public static (double Mean, double[] Classes) Of(Func<int, Features> real, Func<int, Features> fake, int classes, Func<int,
        string>? name = null)
    {
        ArgumentNullException.ThrowIfNull(real);
        ArgumentNullException.ThrowIfNull(fake);
        if (classes < 1) throw new MetricException("intra-class Frechet distance: the data set has no classes.");
        double[] distances = new double[classes];
        for (int c = 0; c < classes; c++)
        {
            try
            {
                distances[c] = FrechetDistance.Of(real(c), fake(c));
            }
            catch (MetricException e)
            {
                throw new MetricException($"class {name?.Invoke(c) ?? c.ToString()}: {e.Message}", e);
            }
        }
        return (distances.Average(), distances);
    }
}
