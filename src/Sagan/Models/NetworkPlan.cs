namespace Sagan.Native.Models;

/// <summary>A feature map that can have a self-attention block.</summary>
/// <param name="Size">Its width and height.</param>
/// <param name="Channels">Its channels.</param>
readonly record struct FeatureMap(int Size, int Channels);

/// <summary>The feature maps of the networks of a configuration, in the order in which they are computed.</summary>
static class NetworkPlan
{
    public static IReadOnlyList<FeatureMap> Generator(ModelConfig m) => m.Family switch
    {
        ModelFamily.Dcgan => [.. Dcgan(m)],
        ModelFamily.Resnet => [.. ResNet(m).Generator.Select((c, i) => new FeatureMap(m.Bottom << (i + 1), c))],
        _ => [new(m.Size / 2, 2 * m.ConvDim), new(m.Size, m.ConvDim)],
    };

    public static IReadOnlyList<FeatureMap> Discriminator(ModelConfig m) => m.Family switch
    {
        ModelFamily.Dcgan => [.. Dcgan(m).Reverse()],
        ModelFamily.Resnet => [.. ResNetDiscriminator(m)],
        _ => [.. Enumerable.Range(1, 4).Select(i => new FeatureMap(m.Size >> i, Math.Max(1, m.ConvDim << i >> 3)))],
    };

    /// <summary>The sizes of images from which networks of this configuration can grow: those of which both have a feature map.</summary>
    public static IReadOnlyList<int> GrowthSizes(ModelConfig m) =>
        [.. Generator(m).Select(f => f.Size).Intersect(Discriminator(m).Select(f => f.Size)).Where(s => s < m.Size).Order()];

    /// <summary>Channels of the residual blocks: of the generator's first layer and blocks, and of the discriminator's blocks and whether
    /// each halves its map.</summary>
    public static (int First, int[] Generator, (int Channels, bool Down)[] Discriminator) ResNet(ModelConfig m)
    {
        // As multiples of ConvDim. Small images: the networks of SNGAN for CIFAR-10. Others: StudioGAN's and the official ones.
        (int first, int[] g, int[] d, int downs) = m.Doublings switch
        {
            2 => (4, new[] { 4, 4 }, new[] { 2, 2, 2, 2 }, 2),
            3 => (4, [4, 4, 4], [2, 2, 2, 2], 2),
            4 => (16, [8, 4, 2, 1], [1, 2, 4, 8, 16], 4),
            5 => (16, [16, 8, 4, 2, 1], [1, 2, 4, 8, 16, 16], 5),
            _ => (16, [16, 8, 8, 4, 2, 1], [1, 2, 4, 8, 8, 16, 16], 6),
        };
        return (Width(first), [.. g.Select(Width)], [.. d.Select((c, i) => (Width(c), i < downs))]);

        int Width(int multiple) => Limited(m, multiple * m.ConvDim);
    }

    static IEnumerable<FeatureMap> Dcgan(ModelConfig m) =>
        Enumerable.Range(0, m.Doublings).Select(i => m.Bottom << i)
            .Select(r => new FeatureMap(r, Limited(m, m.ConvDim * (m.Size / 2 / r))));

    static IEnumerable<FeatureMap> ResNetDiscriminator(ModelConfig m)
    {
        int size = m.Size;
        foreach ((int channels, bool down) in ResNet(m).Discriminator)
        {
            if (down) size /= 2;
            yield return new FeatureMap(size, channels);
        }
    }

    static int Limited(ModelConfig m, int width) => m.MaxWidth == 0 ? width : Math.Min(width, m.MaxWidth);
}
