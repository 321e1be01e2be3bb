using Sagan.Native.Configuration;
using Sagan.Native.Images;
using Sagan.Native.Models;
using Sagan.Native.Modules;

namespace Sagan.Native.Sampling;

/// <summary>Makes images with a generator, and leaves it exactly as it was.</summary>
public static class Sampler
{
    const int BatchSize = 64;

    /// <summary>One image for each row of z.</summary>
    public static Image[] Images(Generator generator, Tensor z, NormStatistics statistics = NormStatistics.Running)
    {
        BatchNorm2d[] norms = [.. generator.Descendants().Select(m => m.Module).OfType<BatchNorm2d>()];
        generator.Train(false);
        foreach (BatchNorm2d n in norms) n.UseBatchStatistics = statistics == NormStatistics.Batch;
        try
        {
            return SpectralNorm.Frozen(generator, () => Enumerable.Range(0, (z.Shape[0] + BatchSize - 1) / BatchSize).SelectMany(Batch).ToArray());
        }
        finally
        {
            foreach (BatchNorm2d n in norms) n.UseBatchStatistics = false;
            generator.Train(true);
        }

        Image[] Batch(int i) => Step.Run(() => Autograd.NoGrad(() =>
            ToImages(generator.Call(Ops.Slice(z, 0, i * BatchSize, Math.Min(BatchSize, z.Shape[0] - i * BatchSize))))));
    }

    /// <summary>[N,H,W,C] in [-1, 1] to images.</summary>
    public static Image[] ToImages(Tensor x)
    {
        (int n, int h, int w, int c) = (x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]);
        float[] values = x.ToArray();
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
