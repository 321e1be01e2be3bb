using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Models;
using Sagan.Native.Modules;

namespace Sagan.Native.Sampling;

/// <summary>Makes images with a generator, and leaves it exactly as it was.</summary>
public static class Sampler
{
    const int BatchSize = 64;

    /// <summary>
    /// One image for each row of z. With batch statistics the rows are made in batches of nearly equal size; a single row has no statistics
    /// that mean anything and is refused.
    /// </summary>
    /// <param name="generator">Left as it was.</param>
    /// <param name="z">[N, ZDim].</param>
    /// <param name="statistics">Of batch normalisation.</param>
    /// <param name="classes">What each image is to be, in a conditional model.</param>
    public static Image[] Images(Generator generator, Tensor z, NormStatistics statistics = NormStatistics.Running,
        int[]? classes = null) =>
        Images(generator, z, statistics, (start, count) =>
            classes == null ? null : new Condition(IndexTensor.From(classes.AsSpan(start, count), z.Device)));

    /// <summary>The same with any condition: it is asked for that of a number of rows from a first one.</summary>
    internal static Image[] Images(Generator generator, Tensor z, NormStatistics statistics, Func<int, int, Condition?> condition)
    {
        int n = z.Shape[0];
        Check(n, statistics);
        return Undisturbed(generator, statistics, z.Device, () => Batches(n).SelectMany(Batch).ToArray());

        Image[] Batch((int Start, int End) b) => Step.Run(() => Autograd.NoGrad(() =>
            ToImages(generator.Call(Ops.Slice(z, 0, b.Start, b.End - b.Start), condition(b.Start, b.End - b.Start)))));
    }

    /// <summary>Which rows are made together.</summary>
    internal static IEnumerable<(int Start, int End)> Batches(int n)
    {
        int batches = (n + BatchSize - 1) / BatchSize;
        return Enumerable.Range(0, batches).Select(i => ((int)((long)n * i / batches), (int)((long)n * (i + 1) / batches)));
    }

    /// <summary>Throws <see cref="UsageException"/> where so many images cannot be made with these statistics.</summary>
    internal static void Check(int count, NormStatistics statistics)
    {
        if (count == 1 && statistics == NormStatistics.Batch)
            throw new UsageException("one image with batch statistics: a batch of one has none that mean anything; use running statistics, "
                + "or more images.");
    }

    /// <summary>Calls a function in which the generator is in inference mode with these statistics and with its spectral norms at rest;
    /// then it is as it was.</summary>
    internal static T Undisturbed<T>(Generator generator, NormStatistics statistics, Kernels.Device device, Func<T> body)
    {
        using StandingStatistics? standing = statistics == NormStatistics.Standing ? new StandingStatistics(generator, device) : null;
        (BatchNormalization Norm, bool UseBatch)[] norms =
            [.. generator.Descendants().Select(m => m.Module).OfType<BatchNormalization>().Select(m => (m, m.UseBatchStatistics))];
        bool training = generator.IsTraining;
        generator.Train(false);
        foreach ((BatchNormalization norm, _) in norms) norm.UseBatchStatistics = statistics == NormStatistics.Batch;
        try
        {
            return SpectralNorm.Frozen(generator, body);
        }
        finally
        {
            foreach ((BatchNormalization norm, bool useBatch) in norms) norm.UseBatchStatistics = useBatch;
            generator.Train(training);
        }
    }

    /// <summary>Noise for a number of images, [count, ZDim], drawn as the model wants it.</summary>
    public static Tensor Latent(ModelConfig model, RandomSource random, int count, Kernels.Device device)
    {
        Shape shape = new(count, model.ZDim);
        return model.Latent == LatentKind.Normal ? random.Normal(shape, device) : random.Uniform(shape, -1, 1, device);
    }

    /// <summary>Images of one size to [N,H,W,C] in [-1, 1].</summary>
    public static Tensor FromImages(IReadOnlyList<Image> images, Kernels.Device device)
    {
        Image first = images[0];
        float[] x = new float[images.Count * first.Pixels.Length];
        for (int i = 0; i < images.Count; i++)
            PixelRange.ToSigned(images[i].Pixels, x.AsSpan(i * first.Pixels.Length, first.Pixels.Length));
        return Tensor.From(x, new Shape(images.Count, first.Height, first.Width, first.Channels), device);
    }

    /// <summary>[N,H,W,C] in [-1, 1] to images. Throws <see cref="DivergedException"/> where a value is NaN or infinite.</summary>
    public static Image[] ToImages(Tensor x)
    {
        (int n, int h, int w, int c) = (x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]);
        float[] values = x.ToArray();
        // Bytes cannot show it: NaN would become black.
        if (Array.FindIndex(values, v => !float.IsFinite(v)) is >= 0 and int at)
            throw new DivergedException($"image {at / (h * w * c)} of {n} has values that are NaN or infinite ({values[at]}): "
                + "the generator's training has diverged; take an earlier checkpoint.")
            {
                What = "the generator makes images that are NaN or infinite",
            };
        Image[] images = new Image[n];
        for (int i = 0; i < n; i++)
        {
            byte[] pixels = new byte[h * w * c];
            PixelRange.ToBytes(values.AsSpan(i * pixels.Length, pixels.Length), pixels);
            images[i] = new Image(w, h, c, pixels);
        }
        return images;
    }
}
