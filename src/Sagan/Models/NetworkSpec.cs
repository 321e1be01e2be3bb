using System.Numerics;
using Sagan.Native.Modules;

namespace Sagan.Native.Models;

/// <summary>
/// The sizes of the transposed-convolution SAGAN of heykeetae/Self-Attention-GAN, for any image size 2^m, m = 4..8. With ConvDim 64, ZDim 128, attention at 16 and 32 in the
/// generator and at 8 and 4 in the discriminator, Size 64 gives exactly that code's networks: 3,832,885 and 3,175,299 trainable numbers.
/// </summary>
public sealed record NetworkSpec
{
    /// <summary>Height and width of an image: 16, 32, 64, 128 or 256.</summary>
    public int Size { get; init; } = 64;

    /// <summary>Colour channels of an image.</summary>
    public int Channels { get; init; } = 3;

    /// <summary>Length of the noise vector z.</summary>
    public int ZDim { get; init; } = 128;

    /// <summary>Width of the layer next to the image; every halving of the resolution doubles it.</summary>
    public int ConvDim { get; init; } = 64;

    /// <summary>No layer is wider than this.</summary>
    public int MaxWidth { get; init; } = int.MaxValue;

    /// <summary>Resolutions after which the generator has an attention block: any of 4, 8, ..., Size / 2.</summary>
    public IReadOnlyList<int> GAttention { get; init; } = [16, 32];

    /// <summary>Resolutions after which the discriminator has an attention block.</summary>
    public IReadOnlyList<int> DAttention { get; init; } = [8, 4];

    /// <summary>Convention of the spectral normalisation of all layers but the last and those inside attention; null for none.</summary>
    public SpectralNormConvention? SpectralNorm { get; init; } = SpectralNormConvention.Torch;

    /// <summary>How weights are first filled.</summary>
    public WeightInit Init { get; init; }

    /// <summary>First value of every attention block's gamma.</summary>
    public float InitialGamma { get; init; }

    /// <summary>Number of resolutions from 4 to Size / 2, which is the number of normalised layers in either network.</summary>
    public int Stages => BitOperations.Log2((uint)Size) - 2;

    /// <summary>Number of channels at a resolution inside either network.</summary>
    public int WidthAt(int resolution) => (int)Math.Min((long)ConvDim * (Size / 2 / resolution), MaxWidth);

    /// <summary>Throws <see cref="ArgumentException"/> with the rule that is broken.</summary>
    public void Validate()
    {
        if (Size is < 16 or > 256 || !BitOperations.IsPow2(Size)) throw new ArgumentException($"model size {Size} is not supported by this network; sizes that work: 16, 32, 64, 128, 256.");
        if (Channels < 1) throw new ArgumentException($"model channels {Channels} must be at least 1.");
        if (ZDim < 1) throw new ArgumentException($"model zDim {ZDim} must be at least 1.");
        if (ConvDim < 1) throw new ArgumentException($"model convDim {ConvDim} must be at least 1.");
        ValidateAttention("gAttention", GAttention);
        ValidateAttention("dAttention", DAttention);
    }

    void ValidateAttention(string name, IReadOnlyList<int> resolutions)
    {
        int[] possible = [.. Enumerable.Range(2, Stages).Select(i => 1 << i)];
        foreach (int r in resolutions)
        {
            if (!possible.Contains(r)) throw new ArgumentException($"model {name} {r} is not a resolution of a {Size}x{Size} network; possible: {string.Join(", ", possible)}.");
            if (WidthAt(r) < 8) throw new ArgumentException($"model {name} {r}: the layer there has {WidthAt(r)} channels, attention needs at least 8; use a larger convDim.");
        }
        if (resolutions.Distinct().Count() != resolutions.Count) throw new ArgumentException($"model {name} names a resolution twice: {string.Join(", ", resolutions)}.");
    }
}
