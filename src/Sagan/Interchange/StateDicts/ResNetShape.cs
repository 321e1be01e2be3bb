using System.Globalization;
using Sagan.Native.IO;
using Sagan.Native.Models;

namespace Sagan.Native.Interchange.StateDicts;

/// <summary>The residual generator that the tensors of another program's state dict are of: its blocks, its attention, its sizes.</summary>
sealed class ResNetShape
{
    readonly TensorFile file;
    readonly string linear, conv;
    readonly string[] blocks, attentions;
    readonly int[] attentionAfter;

    ResNetShape(TensorFile file, string linear, string conv, string query)
    {
        (this.file, this.linear, this.conv) = (file, linear, conv);
        blocks = Indices(conv);
        attentions = Indices(query);
        // In BigGAN-PyTorch an attention block has the number of the block before it, in StudioGAN the next one.
        attentionAfter = [.. attentions.Select(a => blocks.Count(b => Number(b) <= Number(a)))];

        string[] Indices(string layer) => [.. file.Entries.Select(e => e.Name.Split('.'))
            .Where(p => p.Length > 4 && p[0] == "blocks" && p[3] == layer && p[1].All(char.IsAsciiDigit) && p[1].Length < 4)
            .Select(p => p[1]).Distinct().OrderBy(Number)];
    }

    /// <param name="file">The state dict.</param>
    /// <param name="linear">The name of the first layer.</param>
    /// <param name="conv">The name of the first convolution of a block.</param>
    /// <param name="query">The name of the queries of an attention block.</param>
    public static ResNetShape Of(TensorFile file, string linear, string conv, string query) => new(file, linear, conv, query);

    /// <summary>Our number of a block.</summary>
    public int Block(string index) => Array.IndexOf(blocks, index) + 1;

    /// <summary>Our number of an attention block.</summary>
    public int Attention(string index) => Array.IndexOf(attentions, index) + 1;

    /// <summary>Whether there is an attention block of this number.</summary>
    public bool IsAttention(string index) => attentions.Contains(index) && !blocks.Contains(index);

    /// <summary>The weight of a layer of the first block that makes gains, as the file calls it.</summary>
    public string GainOf(string layer) => Weight($"blocks.{blocks.FirstOrDefault("0")}.0.{layer}");

    /// <summary>
    /// What the sizes of the tensors say of the configuration. Throws <see cref="InterchangeException"/> where no network here has them.
    /// </summary>
    /// <param name="shared">Width of the shared class vectors; 0 without.</param>
    /// <param name="hierarchical">Whether each block has a piece of z.</param>
    public IEnumerable<(string Path, string Text)> Found(long shared, bool hierarchical)
    {
        long[][] convs = [.. blocks.Select(b => Shape($"blocks.{b}.0.{conv}"))];
        long[] first = Shape(linear);
        if (convs.Length is < 2 or > 6 || convs.Any(c => c.Length != 4 || c[1] < 1) || first.Length != 2)
            throw new InterchangeException($"the file has {convs.Length} residual blocks of a generator: "
                + "networks of 2 to 6 are read, with convolutions of four sizes.");
        int bottom = (int)Math.Sqrt(first[0] / convs[0][1]), size = bottom << convs.Length;
        // As many as the last block is wide; the networks for small images have blocks of one width, four times that.
        long dim = convs.Length <= 3 ? convs[^1][0] / 4 : convs[^1][0];
        ModelConfig model = new() { Family = ModelFamily.Resnet, Size = size, ConvDim = (int)Math.Clamp(dim, 1, 1 << 16) };
        (int width, int[] g, _) = NetworkPlan.ResNet(model);
        if (bottom is < 4 or > 7 || width != convs[0][1] || !g.Select(n => (long)n).SequenceEqual(convs.Select(c => c[0])))
            throw new InterchangeException($"the file's generator makes images of {size}x{size} with blocks of {convs[0][1]} -> "
                + $"{string.Join(", ", convs.Select(c => c[0]))} channels; the networks here have {width} -> {string.Join(", ", g)} at "
                    + "that size.");
        string attention = attentionAfter.Length == 0 ? "none" : string.Join(',', attentionAfter.Select(n => bottom << n));
        // The discriminator is a new one, with attention where the generator has it, and where its maps are wide enough.
        int[] maps = [.. NetworkPlan.Discriminator(model).Where(m => m.Channels >= model.Attention.Reduction).Select(m => m.Size)];
        int[] both = [.. attentionAfter.Select(n => bottom << n).Where(maps.Contains)];
        yield return ("model.family", "resnet");
        yield return ("model.size", $"{size}");
        yield return ("model.convDim", $"{dim}");
        yield return ("model.maxWidth", "0");
        yield return ("model.zDim", $"{first[1] * (hierarchical ? convs.Length + 1 : 1)}");
        yield return ("model.latent", "normal");
        yield return ("model.sharedEmbedding", $"{shared}");
        yield return ("model.hierarchicalZ", hierarchical ? "true" : "false");
        yield return ("model.gAttention", attention);
        yield return ("model.dAttention", both.Length == 0 ? "none" : string.Join(',', both));
        yield return ("model.attention.kind", "pooled");
        yield return ("model.growFrom", "0");
        yield return ("model.outputSpectralNorm", "true");
        yield return ("model.padding", "zero");
    }

    // A layer's weight, spectrally normalised or not.
    string Weight(string layer) => file.Contains(layer + ".weight_orig") ? layer + ".weight_orig" : layer + ".weight";

    long[] Shape(string layer) => [.. file[Weight(layer)].Shape];

    static int Number(string digits) => int.Parse(digits, CultureInfo.InvariantCulture);
}
