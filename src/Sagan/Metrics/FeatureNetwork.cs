using Sagan.Native.Data.Images;
using Sagan.Native.Kernels;

namespace Sagan.Native.Metrics;

/// <summary>
/// A fixed network that turns images into features, by which sets of images are compared. Always in inference mode. What a metric is called
/// depends on it: a stand-in's numbers are named after it, since they are comparable with nothing but themselves.
/// </summary>
public abstract class FeatureNetwork
{
    /// <summary>What reports call it.</summary>
    public abstract string Name { get; }

    /// <summary>Network, version and weights, for cache keys: two networks with one key give the same features.</summary>
    public abstract string Key { get; }

    /// <summary>True for a stand-in, whose metrics must not bear the names of the published ones.</summary>
    public abstract bool IsProxy { get; }

    /// <summary>Number of features, D.</summary>
    public abstract int Width { get; }

    /// <summary>Number of logits; 0 for a network without classes that mean something.</summary>
    public abstract int Classes { get; }

    /// <summary>Where it computes.</summary>
    public abstract Device Device { get; }

    /// <summary>The name of a metric over these features: <c>FID</c>, or <c>proxy-FID</c>.</summary>
    public string NameOf(string metric) => IsProxy ? $"proxy-{metric}" : metric;

    /// <summary>Most images computed at a time, for the sake of memory.</summary>
    protected virtual int LargestBatch => int.MaxValue;

    /// <summary>Features [N, Width] and, where there are classes, logits [N, Classes] of images x [N, H, W, C] in [-1, 1].</summary>
    protected abstract (Tensor Features, Tensor? Logits) Forward(Tensor x);

    /// <summary>The features of a set. Memory: N Width and one batch.</summary>
    /// <param name="images">Bytes v become v 2/255 - 1.</param>
    /// <param name="batch">Images computed at a time; does not change the features by more than rounding.</param>
    /// <param name="done">Told the number of images done so far.</param>
    /// <exception cref="MetricException">A feature is not finite, or there are fewer images than said.</exception>
    public Features Extract(ImageSet images, int batch = 64, Action<int>? done = null)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        float[] features = new float[(long)images.Count * Width], logits = new float[(long)images.Count * Classes];
        int n = 0;
        foreach (Image[] chunk in images.Images.Take(images.Count).Chunk(Math.Min(batch, LargestBatch)))
        {
            Step.Run(() => Autograd.NoGrad(() =>
            {
                (Tensor f, Tensor? l) = Forward(Signed(chunk).To(Device));
                f.CopyTo(features.AsSpan(n * Width, chunk.Length * Width));
                l?.CopyTo(logits.AsSpan(n * Classes, chunk.Length * Classes));
                return 0;
            }));
            n += chunk.Length;
            done?.Invoke(n);
        }
        if (n != images.Count) throw new MetricException($"a set of {images.Count} images holds {n}.");
        return new Features(features, Width, Classes > 0 ? logits : null, images.NameOf);
    }

    static Tensor Signed(Image[] images)
    {
        (int h, int w, int c) = (images[0].Height, images[0].Width, images[0].Channels);
        int length = h * w * c;
        float[] x = new float[images.Length * length];
        for (int i = 0; i < images.Length; i++)
        {
            if ((images[i].Height, images[i].Width, images[i].Channels) != (h, w, c))
                throw new MetricException($"the images of a set differ in size: {images[i].Width}x{images[i].Height}x{images[i].Channels} "
                    + $"beside {w}x{h}x{c}.");
            PixelRange.ToSigned(images[i].Pixels, x.AsSpan(i * length, length));
        }
        return Tensor.From(x, new Shape(images.Length, h, w, c));
    }
}
