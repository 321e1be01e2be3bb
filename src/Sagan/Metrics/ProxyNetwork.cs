using Sagan.Native.Data;
using Sagan.Native.Kernels;

namespace Sagan.Native.Metrics;

/// <summary>
/// The stand-in where no Inception weights are at hand: a small classifier trained on the data set itself, on its classes or, where it has
/// none, to tell by how many quarter turns an image was turned (Gidaris et al. 2018). Its numbers compare generators of one data set with
/// each other and with nothing else, so they are called proxy-FID, proxy-KID and so on.
/// </summary>
public sealed class ProxyNetwork : FeatureNetwork
{
    /// <summary>Of architecture and training: a change of either changes every number.</summary>
    const int Version = 1;

    readonly ProxyClassifier classifier;
    readonly int logits;

    ProxyNetwork(ProxyClassifier classifier, string key, int logits, Device device)
    {
        (this.classifier, Key, this.logits, Device) = (classifier, key, logits, device);
        classifier.Train(false);
    }

    /// <summary>Trains the classifier of a data set, or reads it from the cache. Same data, same network.</summary>
    /// <param name="data">What it is trained on.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="cache">Where it is kept; null for nowhere.</param>
    /// <param name="progress">Told steps done and all steps, while it is trained.</param>
    public static ProxyNetwork Of(ImageDataset data, Device? device = null, MetricCache? cache = null, Action<int, int>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        device ??= Device.Cpu;
        bool labelled = data.ClassCount > 1;
        ProxyClassifier classifier = ProxyTraining.Fresh(data, device);
        string key = $"{(labelled ? "class" : "rotation")}-cnn-{Version} {data.Report.ContentHash}";
        void Train() => ProxyTraining.Train(classifier, data, device, progress);
        if (cache == null) Train();
        else cache.Parameters(key, [.. classifier.State()], Train);
        return new ProxyNetwork(classifier, key, labelled ? data.ClassCount : 0, device);
    }

    /// <inheritdoc/>
    public override string Name => Key[..(Key.IndexOf(' ') + 9)];

    /// <inheritdoc/>
    public override string Key { get; }

    /// <inheritdoc/>
    public override bool IsProxy => true;

    /// <inheritdoc/>
    public override int Width => classifier.Width;

    /// <summary>The classes of the data set; 0 where it has none: whether an image is upright says nothing about generated ones.</summary>
    public override int Classes => logits;

    /// <inheritdoc/>
    public override Device Device { get; }

    /// <inheritdoc/>
    protected override (Tensor Features, Tensor? Logits) Forward(Tensor x)
    {
        Tensor features = classifier.Call(x);
        return (features, logits > 0 ? classifier.Logits(features) : null);
    }
}
