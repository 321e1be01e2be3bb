using Sagan.Native.Configuration;
using Sagan.Native.Modules;

namespace Sagan.Native.Models;

/// <summary>The self-attention blocks; see <see cref="AttentionOptions"/>.</summary>
public sealed record AttentionConfig
{
    /// <summary>Widths, pooling and the convolution at the end: whose block it is.</summary>
    public AttentionKind Kind { get; init; } = AttentionKind.Full;

    /// <summary>Queries and keys have 1/r of the channels.</summary>
    public int Reduction { get; init; } = 8;

    /// <summary>Heads that queries, keys and values are cut into.</summary>
    public int Heads { get; init; } = 1;

    /// <summary>How the weights of the values come from queries and keys.</summary>
    public AttentionSimilarity Similarity { get; init; } = AttentionSimilarity.EmbeddedGaussian;

    /// <summary>Each query reads from this many keys only; 0 = from all.</summary>
    public int TopK { get; init; }

    /// <summary>Factors by which keys and values are max-pooled, such as 1,2,4; empty = as the kind says.</summary>
    public IReadOnlyList<int> Scales { get; init; } = [];

    /// <summary>
    /// Whether the block's convolutions are spectrally normalised, where the network is. Null = as the original: yes, except in the full
    /// form.
    /// </summary>
    public bool? SpectralNorm { get; init; }

    /// <summary>Whether the block's convolutions have biases. Null = as the original: in the full and multi-head forms.</summary>
    public bool? Bias { get; init; }

    /// <summary>Weigh the channels first (squeeze and excitation).</summary>
    public bool Channel { get; init; }

    /// <summary>Add a vector of the image's class to all queries; in a conditional model.</summary>
    public bool ClassQuery { get; init; }

    internal AttentionOptions Options => new()
    {
        Kind = Kind,
        Reduction = Reduction,
        Heads = Heads,
        Similarity = Similarity,
        TopK = TopK,
        Scales = Scales,
        Bias = Bias,
        Channel = Channel,
    };

    /// <param name="rules">Of the section model, since some of them are of the lists of feature maps there.</param>
    /// <param name="key">The list: gAttention or dAttention.</param>
    /// <param name="sizes">What the list names.</param>
    /// <param name="maps">The network's feature maps.</param>
    /// <param name="size">Of its images.</param>
    internal void Validate(ConfigRules rules, string key, IReadOnlyList<int> sizes, IReadOnlyList<FeatureMap> maps, int size)
    {
        string value = string.Join(",", sizes);
        int strange = sizes.FirstOrDefault(r => maps.All(f => f.Size != r), -1);
        if (!rules.Require(key, value, strange == -1,
            $"a {size}x{size} network has feature maps of size {string.Join(", ", maps.Select(f => f.Size).Distinct().Order())}, not "
                + $"{strange}")) return;
        rules.Require(key, value, sizes.Distinct().Count() == sizes.Count, "names a feature map twice");
        rules.Range("attention.reduction", Reduction, 1, 1024);
        rules.Range("attention.heads", Heads, 1, 64);
        rules.Range("attention.topK", TopK, 0, int.MaxValue, "0 = all");
        foreach (FeatureMap f in maps.Where(f => sizes.Contains(f.Size)))
        {
            int narrow = f.Channels / Math.Max(1, Reduction);
            if (Kind != AttentionKind.MultiHead && Similarity != AttentionSimilarity.Gaussian && narrow < 1)
                rules.Require(key, value, false, $"attention needs {Reduction} channels or more, "
                    + $"and the feature map of size {f.Size} has {f.Channels}; raise model.convDim");
            string? problem = SelfAttention.Problem(f.Channels, Options);
            if (problem != null) rules.Require("attention.kind", Words.Of(Kind), false, problem);
            int scale = Scales.Count > 0 ? Scales.Max() : Kind == AttentionKind.Pooled ? 2 : 1;
            rules.Require("attention.scales", string.Join(",", Scales), Scales.All(s => s >= 1) && scale <= f.Size,
                $"keys are pooled by at least 1 and at most the size of the feature map, {f.Size}");
        }
    }
}
