using Sagan.Native.Data;

namespace Sagan.Native.Metrics;

/// <summary>The features of real images, which every comparison with a data set needs again.</summary>
static class References
{
    /// <summary>The features of a data set, or of <paramref name="most"/> of its images, by way of the cache where there is one.</summary>
    public static Features Of(ImageDataset data, FeatureNetwork network, MetricCache? cache, int most, int batch = 64,
        Action<int>? done = null)
    {
        ImageSet images = ImageSet.Of(data, most);
        // The hash stands for pixels, size, channels and order.
        return cache == null ? Compute()
            : cache.Features($"{data.Report.ContentHash}|{data.Size}x{data.Size}x{data.Channels}", images.Count, network, Compute);

        Features Compute() => network.Extract(images, batch, done);
    }
}
