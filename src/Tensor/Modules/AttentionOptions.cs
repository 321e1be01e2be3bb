namespace Sagan.Native.Modules;

/// <summary>Which form of SAGAN's self-attention block: they differ in widths, in whether keys and values are pooled, and in the
/// convolution at the end.</summary>
public enum AttentionKind
{
    /// <summary>heykeetae's: queries and keys C/8, values C, all with bias, no convolution at the end.</summary>
    Full,

    /// <summary>The official code's: queries and keys C/8, values C/2, keys and values max-pooled 2x2, a convolution C/2 -> C at the end,
    /// no biases.</summary>
    Pooled,

    /// <summary>The paper's text: queries, keys and values C/8, a convolution C/8 -> C at the end, no biases.</summary>
    Literal,

    /// <summary>The Transformer's: queries, keys, values and output C, in heads, dot products divided by sqrt(C / heads).</summary>
    MultiHead,
}

/// <summary>How alike a query and a key are, and what becomes of it (Wang et al. 2018, "Non-local neural networks").</summary>
public enum AttentionSimilarity
{
    /// <summary>softmax_j(q_i . k_j): SAGAN's.</summary>
    EmbeddedGaussian,

    /// <summary>softmax_j(x_i . x_j): without convolutions for queries and keys.</summary>
    Gaussian,

    /// <summary>q_i . k_j / M, M the number of keys.</summary>
    DotProduct,

    /// <summary>relu(w_q . q_i + w_k . k_j) / M.</summary>
    Concatenation,
}

static class AttentionSimilarityExtensions
{
    /// <summary>Whether the weights of a query are a softmax: positive, and their sum is 1.</summary>
    public static bool HasSoftmax(this AttentionSimilarity similarity) =>
        similarity is AttentionSimilarity.EmbeddedGaussian or AttentionSimilarity.Gaussian;
}

/// <summary>What a <see cref="SelfAttention"/> block is like.</summary>
public sealed record AttentionOptions
{
    /// <summary>Widths, pooling and the convolution at the end.</summary>
    public AttentionKind Kind { get; init; } = AttentionKind.Full;

    /// <summary>r: queries and keys have max(1, C / r) channels. Values too, in the literal form. Not used by multi-head
    /// attention.</summary>
    public int Reduction { get; init; } = 8;

    /// <summary>Heads that queries, keys and values are cut into; each must divide their widths.</summary>
    public int Heads { get; init; } = 1;

    /// <summary>How the weights of the values come from queries and keys.</summary>
    public AttentionSimilarity Similarity { get; init; } = AttentionSimilarity.EmbeddedGaussian;

    /// <summary>K: each query reads only from the K keys most like it (of equally alike ones the first); 0 = from all.</summary>
    public int TopK { get; init; }

    /// <summary>Keys and values are max-pooled by each of these factors, and one softmax goes over all of them; empty = 2 for the pooled
    /// form, else 1.</summary>
    public IReadOnlyList<int> Scales { get; init; } = [];

    /// <summary>Whether the convolutions have biases; null = as the kind has it. taki0112's pooled form has.</summary>
    public bool? Bias { get; init; }

    /// <summary>Weigh the channels first (squeeze and excitation, Hu et al. 2018).</summary>
    public bool Channel { get; init; }
}
