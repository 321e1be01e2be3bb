using Sagan.Native.Kernels;

namespace Sagan.Native.Modules;

/// <summary>
/// The self-attention block of SAGAN: every pixel reads from every pixel.
/// <code>x [N,H,W,C]; the H W pixels are rows
/// q = x Wq^T + bq   [N, H W, dk]      k = pool(x Wk^T + bk)   [N, M, dk]      v = pool(x Wv^T + bv)   [N, M, dv]
/// o = softmax_j(q k^T) v              [N, H W, dv]
/// y = x + gamma o Wo^T,   gamma starts at 0
///
///             dk    dv    pool   Wo       bias
/// full        C/8   C     -      -        yes     heykeetae/Self-Attention-GAN
/// pooled      C/8   C/2   2x2    C/2->C   no      the official code
/// literal     C/8   C/8   -      C/8->C   no      Zhang et al. 2019, section 3
/// multi-head  C     C     -      C->C     yes     Vaswani et al. 2017</code>
/// At gamma = 0 the block is the identity, and only gamma gets a gradient from the branch; a negative gamma is normal, since Wv can
/// absorb its sign. bk has gradient 0 always: adding the same key everywhere does not change a softmax.
/// </summary>
public class SelfAttention : Module
{
    readonly AttentionOptions options;
    readonly Module? query, key, output;
    readonly Module value;
    readonly ChannelAttention? channel;
    readonly Parameter? queryWeight, keyWeight;
    readonly int[] scales;

    /// <summary>A block of the full form.</summary>
    public SelfAttention(int channels, Initializer init, float gamma = 0) : this(channels, init, gamma, new AttentionOptions()) { }

    /// <param name="channels">C.</param>
    /// <param name="init">Fills the 1x1 convolutions.</param>
    /// <param name="gamma">The first value of gamma.</param>
    /// <param name="options">The form.</param>
    /// <param name="normalize">Wraps each convolution, with spectral normalisation for example.</param>
    public SelfAttention(int channels, Initializer init, float gamma, AttentionOptions options, Func<Module, Module>? normalize = null)
    {
        this.options = options;
        Check.Positive("self_attention", "the number of channels", channels);
        if (Problem(channels, options) is { } problem) throw new ArgumentException($"self_attention: {problem}.");
        (int dk, int dv, bool bias, bool last) = Widths(channels, options);
        normalize ??= m => m;
        QueryWidth = dk;
        scales = options.Scales.Count > 0 ? [.. options.Scales] : options.Kind == AttentionKind.Pooled ? [2] : [1];
        if (options.Channel) channel = Child("channel", new ChannelAttention(channels, init));
        if (options.Similarity != AttentionSimilarity.Gaussian)
        {
            query = Project("query_conv", channels, dk);
            key = Project("key_conv", channels, dk);
        }
        value = Project("value_conv", channels, dv);
        if (last) output = Project("out_conv", dv, channels);
        if (options.Similarity == AttentionSimilarity.Concatenation)
        {
            int d = dk / options.Heads;
            queryWeight = Own(new Parameter("query_weight", init.Weight(new Shape(d, 1), 2 * d, 1)));
            keyWeight = Own(new Parameter("key_weight", init.Weight(new Shape(d, 1), 2 * d, 1)));
        }
        Gamma = Own(new Parameter("gamma", Tensor.Full(gamma, new Shape(1), init.Device)));

        Module Project(string name, int inputs, int outputs) => Child(name, normalize(new Conv2d(inputs, outputs, 1, init, bias: bias)));
    }

    /// <summary>The weight of the attention branch.</summary>
    public Parameter Gamma { get; }

    /// <summary>Its form.</summary>
    public AttentionOptions Options => options;

    /// <summary>The factors by which keys and values are pooled, one after the other; 1 where they are not.</summary>
    public IReadOnlyList<int> Scales => scales;

    /// <summary>
    /// Told of what each call computes, with handles that live as long as the innermost <see cref="Step"/>: to look at maps, and at the
    /// gradient of either summand. Nothing is computed for it, and without a listener nothing is kept.
    /// </summary>
    public event Action<SelfAttention, AttentionParts>? Attended;

    private protected override bool IsClosed => true;

    /// <inheritdoc/>
    protected override string Describe() => $"{options.Kind}, {QueryWidth}";

    /// <summary>The width of a query, all heads together.</summary>
    public int QueryWidth { get; }

    /// <summary>y = x + gamma o Wo^T.  x, y [N,H,W,C]; throws <see cref="ShapeException"/> for another rank.</summary>
    protected override Tensor Forward(Tensor x) => Attend(x, null);

    /// <summary>The formula, with a vector for each image that is added to all its queries.  [N, <see cref="QueryWidth"/>]</summary>
    protected Tensor Attend(Tensor x, Tensor? toQueries)
    {
        if (x.Rank != 4) throw new ShapeException($"self_attention: x {x.Shape} has {x.Rank} axes, 4 are needed: [N, H, W, C].");
        if (channel != null) x = channel.Call(x);
        (int n, int h, int w) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        Tensor q = (query?.Call(x) ?? x).Reshape(n, h * w, -1), k = Pooled(key?.Call(x) ?? x), v = Pooled(value.Call(x));
        if (toQueries != null) q += toQueries.Reshape(n, 1, -1);
        (q, k, v) = (Split(q), Split(k), Split(v));
        float scale = options.Kind == AttentionKind.MultiHead ? 1 / MathF.Sqrt(q.Shape[2]) : 1;
        Tensor read = Read(q, k, v, scale), o = Merge(read, n).Reshape(n, h, w, -1);
        o = output?.Call(o) ?? o;
        Tensor y = Ops.Residual(x, o, Gamma);
        Attended?.Invoke(this, new AttentionParts(Step.Keep(x), Step.Keep(q), Step.Keep(k), Step.Keep(v), Step.Keep(read),
            Step.Keep(o), Step.Keep(y), scale));
        return y;
    }

    // What each query reads.
    Tensor Read(Tensor q, Tensor k, Tensor v, float scale)
    {
        int keys = k.Shape[1];
        switch (options.Similarity)
        {
            case AttentionSimilarity.DotProduct:
                return Ops.MatMul(q, Ops.MatMul(k, v, transposeA: true)) * (scale / keys);
            case AttentionSimilarity.Concatenation:
                Tensor e = Ops.Relu(Ops.MatMul(q, queryWeight!) + Ops.Permute(Ops.MatMul(k, keyWeight!), 0, 2, 1));
                return Ops.MatMul(e, v) / keys;
            default:
                // With all keys kept there is no choice to make.
                return options.TopK is > 0 and var most && most < keys
                    ? Ops.TopKAttention(q, k, v, most, scale) : Ops.Attention(q, k, v, scale);
        }
    }

    // The pixels of x, max-pooled by each scale, one after the other: [N, M, width].
    Tensor Pooled(Tensor x)
    {
        Tensor? all = null;
        foreach (int s in scales)
        {
            Tensor part = (s == 1 ? x : Ops.MaxPool2d(x, s)).Reshape(x.Shape[0], -1, x.Shape[3]);
            all = all == null ? part : Ops.Concat(all, part, 1);
        }
        return all!;
    }

    // [N, M, heads d] to [N heads, M, d], and back.
    Tensor Split(Tensor x)
    {
        if (options.Heads == 1) return x;
        (int n, int m, int d) = (x.Shape[0], x.Shape[1], x.Shape[2] / options.Heads);
        return Ops.Permute(x.Reshape(n, m, options.Heads, d), 0, 2, 1, 3).Reshape(n * options.Heads, m, d);
    }

    Tensor Merge(Tensor o, int n)
    {
        if (options.Heads == 1) return o;
        (int m, int d) = (o.Shape[1], o.Shape[2]);
        return Ops.Permute(o.Reshape(n, options.Heads, m, d), 0, 2, 1, 3);
    }

    static (int Dk, int Dv, bool Bias, bool Last) Widths(int channels, AttentionOptions options)
    {
        int narrow = Math.Max(1, channels / options.Reduction);
        (int dk, int dv, bool bias, bool last) = options.Kind switch
        {
            AttentionKind.Full => (narrow, channels, true, false),
            AttentionKind.Pooled => (narrow, Math.Max(1, channels / 2), false, true),
            AttentionKind.Literal => (narrow, narrow, false, true),
            _ => (channels, channels, true, true),
        };
        return (options.Similarity == AttentionSimilarity.Gaussian ? channels : dk, dv, options.Bias ?? bias, last);
    }

    /// <summary>Why there is no such block for this number of channels, or null where there is one.</summary>
    public static string? Problem(int channels, AttentionOptions options)
    {
        if (options.Reduction < 1) return $"the reduction is {options.Reduction}, it must be at least 1";
        if (options.Heads < 1) return $"the number of heads is {options.Heads}, it must be at least 1";
        if (options.TopK < 0) return $"top-k is {options.TopK}, it must be 0 or more";
        if (options.Scales.Any(s => s < 1)) return $"a scale is {options.Scales.Min()}, all must be at least 1";
        (int dk, int dv, _, _) = Widths(channels, options);
        if (dk % options.Heads != 0 || dv % options.Heads != 0)
            return $"{options.Heads} heads do not divide the widths of queries ({dk}) and values ({dv}) of a block of {channels} channels";
        return options.TopK > 0 && !options.Similarity.HasSoftmax()
            ? "top-k chooses before a softmax, and this similarity has none"
            : null;
    }
}
