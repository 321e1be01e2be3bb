using Sagan.Native.Data;
using Sagan.Native.Metrics;
using Sagan.Native.Sampling;

namespace Sagan.Native.Training;

/// <summary>Tells whether the state of a run is the best so far, by a measure of its images.</summary>
sealed class BestCheckpoint
{
    const int ConsistencyImages = 512;

    readonly BestKind kind;
    readonly ProxyScore? score;

    BestCheckpoint(BestKind kind, ProxyScore? score) => (this.kind, this.score) = (kind, score);

    /// <summary>
    /// The measure of a configuration, or null where it has none. For proxy-FID the feature network is trained, or read from the cache.
    /// </summary>
    public static BestCheckpoint? Of(RunConfig config, ImageDataset data, Kernels.Device device, Action<string> warn, Action<int,
        int> progress) => config.Training.Best switch
        {
            BestKind.None => null,
            BestKind.Consistency => new BestCheckpoint(BestKind.Consistency, null),
            _ => new BestCheckpoint(BestKind.ProxyFid,
                ProxyScore.Of(data, device, new MetricCache(MetricCache.DefaultFolder(), warn), progress: progress)),
        };

    /// <summary>Its name in the log: proxy_fid or consistency.</summary>
    public string Name => kind == BestKind.ProxyFid ? "proxy_fid" : "consistency";

    /// <summary>Measures a state: the value that tells, then the parts it is made of, under their names in the log.</summary>
    public IReadOnlyList<(string Name, double Value)> Of(TrainingState state)
    {
        if (kind == BestKind.ProxyFid) return [(Name, score!.Of(state.Best, statistics: state.Config.Sampling.Statistics))];
        CreatureConsistency c = CreatureConsistency.Measure(Step.Run(() => Sampler.Images(state.Best, state.FixedZ(ConsistencyImages),
            state.Config.Sampling.Statistics, state.FixedClasses(ConsistencyImages))));
        return [(Name, c.Overall), .. c.Parts.Select(part => ($"{Name}.{part.Name}", part.Value))];
    }

    /// <summary>True when a value is better than another one.</summary>
    public bool IsBetter(double value, double? than) => than is not { } best || (kind == BestKind.ProxyFid ? value < best : value > best);
}
