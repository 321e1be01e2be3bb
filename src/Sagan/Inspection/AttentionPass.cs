using Sagan.Native.Data.Images;
using Sagan.Native.Kernels;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using Sagan.Native.Sampling;

namespace Sagan.Native.Inspection;

/// <summary>
/// Some samples on their way through a network, and what its attention layers computed of them. The network is left as it was, and the
/// images and scores are those of a pass that nobody looks at, bit for bit.
/// <code>
/// AttentionPass pass = SaganRun.Load("runs/flowers").Attention(count: 4, seed: 1);
/// float[] map = pass["g.attn1"].Map(sample: 0, head: 0, query: 12 * 16 + 5);   // what the pixel in row 12, column 5 reads
/// </code>
/// </summary>
public sealed class AttentionPass
{
    /// <summary>The most samples of one pass.</summary>
    public const int MostSamples = 64;

    readonly IReadOnlyList<AttentionLayer> all;
    readonly Func<AttentionLayer, int, int, Microscope> closer;
    // Held while the network computes.
    readonly Lock gate;

    // Closer: the microscope of a layer, sample and query.
    AttentionPass(IReadOnlyList<Image> images, IReadOnlyList<int>? classes, IReadOnlyList<AttentionLayer> all, Watch watch, Lock gate,
        Func<AttentionLayer, int, int, Microscope> closer)
    {
        (Images, Classes, this.all, this.gate, this.closer) = (images, classes, all, gate, closer);
        Layers = [.. all.Where(watch.Captured.ContainsKey).Select(l => watch.Captured[l])];
    }

    /// <summary>The images that the generator made, or that the discriminator was shown.</summary>
    public IReadOnlyList<Image> Images { get; }

    /// <summary>Their classes, in a conditional model.</summary>
    public IReadOnlyList<int>? Classes { get; }

    /// <summary>What the discriminator says of each; empty for a generator.</summary>
    public IReadOnlyList<float> Scores { get; private init; } = [];

    /// <summary>Each layer that has maps.</summary>
    public IReadOnlyList<CapturedAttention> Layers { get; }

    /// <summary>The layer of a name.</summary>
    /// <exception cref="UsageException">The network has no such layer, or it has no maps.</exception>
    public CapturedAttention this[string name]
    {
        get
        {
            AttentionLayer layer = AttentionLayers.Find(all, name);
            return layer.Problem is { } problem ? throw new UsageException($"{problem}.") : Layers.First(l => l.Layer == layer);
        }
    }

    /// <summary>
    /// How much an output depends on each pixel of a layer's input, through attention and past it. Runs the sample forward and backward
    /// once more, through the network as it is now.
    /// </summary>
    /// <param name="layer">The layer's name.</param>
    /// <param name="sample">0 to N - 1.</param>
    /// <param name="query">Row Size + column of a pixel of the layer's map.</param>
    public Microscope Microscope(string layer, int sample, int query)
    {
        AttentionLayer found = this[layer].Layer;
        if (sample < 0 || sample >= Images.Count || query < 0 || query >= found.Size * found.Size)
            throw new ArgumentException($"microscope: sample {sample} of {Images.Count}, query {query} of {found.Size * found.Size}.");
        lock (gate) return closer(found, sample, query);
    }

    /// <summary>Noise through a generator.</summary>
    /// <param name="generator">Left as it was.</param>
    /// <param name="z">[N, ZDim], N at most <see cref="MostSamples"/>.</param>
    /// <param name="classes">What each image is to be, in a conditional model.</param>
    /// <param name="statistics">Of batch normalisation.</param>
    /// <exception cref="DivergedException">The generator makes NaN or infinity.</exception>
    public static AttentionPass Of(Generator generator, Tensor z, IReadOnlyList<int>? classes = null,
        NormStatistics statistics = NormStatistics.Running) => Of(generator, z, classes, statistics, new Lock());

    /// <summary>The same, with what is held while the network computes.</summary>
    internal static AttentionPass Of(Generator generator, Tensor z, IReadOnlyList<int>? classes, NormStatistics statistics, Lock gate)
    {
        int n = z.Shape[0];
        Check(n);
        Sampler.Check(n, statistics);
        IReadOnlyList<AttentionLayer> layers = AttentionLayers.Of(generator);
        using Watch watch = new(layers);
        // The passes that standing statistics take are not looked at.
        Image[] images = Sampler.Undisturbed(generator, statistics, z.Device, () => watch.During(() =>
            Sampler.ToImages(generator.Call(z, ConditionOf(generator.Model, classes, z.Device)))));
        (float[] noise, Device device) = (z.ToArray(), z.Device);
        // Without batch statistics an image knows nothing of the others.
        bool together = statistics == NormStatistics.Batch;
        return new AttentionPass(images, classes, layers, watch, gate, (layer, sample, query) =>
            Sampler.Undisturbed(generator, statistics, device, () =>
                Native.Inspection.Microscope.OfGenerator(layer, query, together ? sample : 0, () =>
                {
                    (int from, int count, int width) = (together ? 0 : sample, together ? n : 1, generator.Model.ZDim);
                    Tensor some = Tensor.From(noise.AsSpan(from * width, count * width), new Shape(count, width), device);
                    return generator.Call(some, ConditionOf(generator.Model, classes?.Skip(from).Take(count), device));
                })));
    }

    /// <summary>Images through a discriminator.</summary>
    /// <param name="discriminator">Left as it was.</param>
    /// <param name="images">Of the model's size and channels, at most <see cref="MostSamples"/>.</param>
    /// <param name="device">Where the discriminator is.</param>
    /// <param name="classes">The class of each, in a conditional model.</param>
    public static AttentionPass Of(Discriminator discriminator, IReadOnlyList<Image> images, Device device,
        IReadOnlyList<int>? classes = null) => Of(discriminator, images, device, classes, new Lock());

    /// <summary>The same, with what is held while the network computes.</summary>
    internal static AttentionPass Of(Discriminator discriminator, IReadOnlyList<Image> images, Device device, IReadOnlyList<int>? classes,
        Lock gate)
    {
        Check(images.Count);
        IReadOnlyList<AttentionLayer> layers = AttentionLayers.Of(discriminator);
        using Watch watch = new(layers);
        float[] scores = Undisturbed(discriminator, () => watch.During(() => discriminator.Call(Sampler.FromImages(images, device),
            ConditionOf(discriminator.Model, classes, device)).ToArray()));
        return new AttentionPass(images, classes, layers, watch, gate, (layer, sample, query) =>
            Undisturbed(discriminator, () => Step.Run(() =>
                Native.Inspection.Microscope.OfDiscriminator(layer, query, Sampler.FromImages([images[sample]], device), twice =>
                    discriminator.Call(twice,
                        ConditionOf(discriminator.Model, classes == null ? null : [classes[sample], classes[sample]], device))))))
        {
            Scores = scores,
        };
    }

    internal static Condition? ConditionOf(ModelConfig model, IEnumerable<int>? classes, Device device) => !model.Conditional ? null
        : new Condition(IndexTensor.From([.. classes ?? throw new ArgumentException($"the model has {model.Classes} classes; say which one "
            + "each image is of.", nameof(classes))], device));

    /// <summary>Calls a function in which the discriminator is in inference mode and its spectral norms are at rest; then it is as it
    /// was.</summary>
    internal static T Undisturbed<T>(Discriminator discriminator, Func<T> body)
    {
        bool training = discriminator.IsTraining;
        discriminator.Train(false);
        try
        {
            return SpectralNorm.Frozen(discriminator, body);
        }
        finally
        {
            discriminator.Train(training);
        }
    }

    static void Check(int count)
    {
        if (count is < 1 or > MostSamples)
            throw new ArgumentException($"attention: {count} samples; one pass takes 1 to {MostSamples}.");
    }

    // Hears of what the blocks compute while a function runs.
    sealed class Watch(IReadOnlyList<AttentionLayer> layers) : IDisposable
    {
        readonly Dictionary<SelfAttention, AttentionLayer> byBlock = layers.Where(l => l.Problem == null).ToDictionary(l => l.Block);

        public Dictionary<AttentionLayer, CapturedAttention> Captured { get; } = [];

        public T During<T>(Func<T> body)
        {
            foreach (SelfAttention block in byBlock.Keys) block.Attended += Note;
            return Step.Run(() => Autograd.NoGrad(body));
        }

        void Note(SelfAttention block, AttentionParts parts) =>
            Captured[byBlock[block]] = new CapturedAttention(byBlock[block], parts);

        public void Dispose()
        {
            foreach (SelfAttention block in byBlock.Keys) block.Attended -= Note;
        }
    }
}
