using Sagan.Native.Data;
using Sagan.Native.Kernels;
using Sagan.Native.Models;
using Sagan.Native.Sampling;

namespace Sagan.Native.Metrics;

/// <summary>
/// A cheap score for use while training: the proxy-FID of a generator against its data set, low for good. Made once for a run: it trains
/// the stand-in network (or reads it from the cache) and keeps the moments of the data; a score then costs making the images, one forward
/// pass of a small network, and an eigendecomposition of some hundred numbers square. Scores compare only with scores of equally many
/// images.
/// </summary>
/// <example><code>
/// ProxyScore score = ProxyScore.Of(data, state.Device, new MetricCache(MetricCache.DefaultFolder()));
/// double now = score.Of(state.Best);
/// </code></example>
public sealed class ProxyScore
{
    /// <summary>Images of a score unless told otherwise.</summary>
    public const int DefaultCount = FrechetDistance.FewImages;

    readonly FeatureNetwork network;
    readonly Moments real;

    ProxyScore(FeatureNetwork network, Moments real) => (this.network, this.real) = (network, real);

    /// <summary>For example <c>proxy-FID (class-cnn-1 0a1b2c3d)</c>.</summary>
    public string Name => $"{network.NameOf("FID")} ({network.Name})";

    /// <summary>Prepares scores against a data set.</summary>
    /// <param name="data">At least two images.</param>
    /// <param name="device">Where the network computes.</param>
    /// <param name="cache">Where network and features are kept; null for nowhere.</param>
    /// <param name="most">Most images of the data set to compare with.</param>
    /// <param name="progress">Told steps done and all steps while the network is trained.</param>
    public static ProxyScore Of(ImageDataset data, Device? device = null, MetricCache? cache = null, int most = 10_000, Action<int,
        int>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        ProxyNetwork network = ProxyNetwork.Of(data, device, cache, progress);
        return new ProxyScore(network, Moments.Of(References.Of(data, network, cache, most)));
    }

    /// <summary>The score of a generator, which is left exactly as it was. Same weights and seed, same score.</summary>
    /// <param name="generator">Makes the images.</param>
    /// <param name="count">How many.</param>
    /// <param name="seed">Of their latent vectors.</param>
    /// <param name="statistics">Of batch normalisation.</param>
    public double Of(Generator generator, int count = DefaultCount, ulong seed = 0, NormStatistics statistics = NormStatistics.Running) =>
        Of(GeneratorImages.Of(generator, count, seed, statistics));

    /// <summary>The score of any images of the data set's size.</summary>
    public double Of(ImageSet images) => FrechetDistance.Of(real, Moments.Of(network.Extract(images)));
}
