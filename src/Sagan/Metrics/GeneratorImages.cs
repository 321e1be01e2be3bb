using Sagan.Native.Data.Images;
using Sagan.Native.Kernels;
using Sagan.Native.Models;
using Sagan.Native.Sampling;

namespace Sagan.Native.Metrics;

/// <summary>A generator's images, for metrics: the only place of theirs that samples.</summary>
static class GeneratorImages
{
    /// <summary>
    /// Images of the latent vectors that <paramref name="seed"/> gives, made a batch at a time while they are asked for. Batches differ in
    /// size by one at most, so that with batch statistics all images are made alike.
    /// </summary>
    /// <param name="generator">Left exactly as it was.</param>
    /// <param name="count">How many images.</param>
    /// <param name="seed">Of z.</param>
    /// <param name="statistics">Of batch normalisation.</param>
    /// <param name="batch">Most images at a time.</param>
    /// <param name="label">The class of them all; null = of a conditional model all classes in turn.</param>
    public static ImageSet Of(Generator generator, int count, ulong seed, NormStatistics statistics = NormStatistics.Running,
        int batch = 64, int? label = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        // Bytes cannot show it: NaN becomes black.
        foreach ((string name, Parameter p) in generator.State())
            if (!p.Value.IsFinite()) throw new MetricException($"the generator's '{name}' is not finite: it makes no images that could be "
                + "judged.");
        return new ImageSet(count, Batches().SelectMany(b => b), i => $"generated image {i} of seed {seed}");

        IEnumerable<Image[]> Batches()
        {
            Device device = generator.Parameters[0].Device;
            Tensor z = Sampler.Latent(generator.Model, new RandomSource(seed), count, device);
            // Gathered once, not for every batch.
            using StandingStatistics? standing = statistics == NormStatistics.Standing ? new StandingStatistics(generator, device) : null;
            int batches = (count + batch - 1) / batch;
            for (int i = 0; i < batches; i++)
            {
                int start = (int)((long)count * i / batches), end = (int)((long)count * (i + 1) / batches);
                yield return Step.Run(() => Sampler.Images(generator, Ops.Slice(z, 0, start, end - start),
                    standing == null ? statistics : NormStatistics.Running, Classes(start, end - start)));
            }
        }

        int[]? Classes(int start, int n) => generator.Model.Conditional
            ? [.. Enumerable.Range(start, n).Select(i => label ?? i % generator.Model.Classes)]
            : null;
    }
}
