using Sagan.Native.Configuration;
using Sagan.Native.Images;
using Sagan.Native.Models;
using Sagan.Native.Sampling;

namespace Sagan.Native.Metrics;

/// <summary>A generator's images, for metrics: the only place of theirs that samples.</summary>
static class GeneratorImages
{
    /// <summary>
    /// Images of the latent vectors that <paramref name="seed"/> gives, made a batch at a time while they are asked for. Batches differ in size by one
    /// at most, so that with batch statistics all images are made alike.
    /// </summary>
    /// <param name="generator">Left exactly as it was.</param>
    /// <param name="model">Says how long z is.</param>
    /// <param name="count">How many images.</param>
    /// <param name="seed">Of z.</param>
    /// <param name="statistics">Of batch normalisation.</param>
    /// <param name="batch">Most images at a time.</param>
    public static ImageSet Of(Generator generator, ModelConfig model, int count, ulong seed, NormStatistics statistics = NormStatistics.Running, int batch = 64)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        // Bytes cannot show it: NaN becomes black.
        foreach ((string name, Parameter p) in generator.State())
            if (!p.Value.IsFinite()) throw new MetricException($"the generator's '{name}' is not finite: it makes no images that could be judged.");
        return new ImageSet(count, Batches().SelectMany(b => b), i => $"generated image {i} of seed {seed}");

        IEnumerable<Image[]> Batches()
        {
            Tensor z = new RandomSource(seed).Normal(new Shape(count, model.ZDim), generator.Parameters[0].Device);
            int batches = (count + batch - 1) / batch;
            for (int i = 0; i < batches; i++)
            {
                int start = (int)((long)count * i / batches), end = (int)((long)count * (i + 1) / batches);
                yield return Step.Run(() => Sampler.Images(generator, Ops.Slice(z, 0, start, end - start), statistics));
            }
        }
    }
}
