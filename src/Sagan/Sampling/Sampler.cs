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
        Module[] modules = [.. generator.Descendants().Select(m => m.Module)];
        generator.Train(false);
        foreach (Module m in modules)
            switch (m)
            {
                case BatchNorm2d bn: bn.UseBatchStatistics = statistics == NormStatistics.Batch; break;
                case SpectralNorm sn: sn.IsFrozen = true; break;
            }
        try
        {
            List<Image> images = [];
            for (int i = 0; i < z.Shape[0]; i += BatchSize)
            {
                int start = i, count = Math.Min(BatchSize, z.Shape[0] - i);
                images.AddRange(Step.Run(() => Autograd.NoGrad(() => ToImages(generator.Call(Ops.Slice(z, 0, start, count))))));
            }
            return [.. images];
        }
        finally
        {
            foreach (Module m in modules)
                switch (m)
                {
                    case BatchNorm2d bn: bn.UseBatchStatistics = false; break;
                    case SpectralNorm sn: sn.IsFrozen = false; break;
                }
            generator.Train(true);
        }
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
