using Sagan.Native.Export;
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
/// At gamma = 0 the block is the identity, and only gamma gets a gradient from the branch; a negative gamma is normal, since Wv can absorb its sign. bk has
/// gradient 0 always: adding the same key everywhere does not change a softmax.
/// </summary>
public sealed class SelfAttention : Module
{
    readonly AttentionOptions options;
    readonly Module? query, key, output, classQuery;
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
    /// <param name="classes">Number of classes, for class-conditional queries.</param>
    public SelfAttention(int channels, Initializer init, float gamma, AttentionOptions options, Func<Module, Module>? normalize = null, int classes = 0)
    {
        this.options = options;
        Check.Positive("self_attention", "the number of channels", channels);
        if (Problem(channels, options) is { } problem) throw new ArgumentException($"self_attention: {problem}.");
        (int dk, int dv, bool bias, bool last) = Widths(channels, options);
        normalize ??= m => m;
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
        if (options.ClassQuery) classQuery = Child("class_query", new Embedding(classes, dk, init, 0));
        Gamma = Own(new Parameter("gamma", Tensor.Full(gamma, new Shape(1), init.Device)));

        Module Project(string name, int inputs, int outputs) => Child(name, normalize(new Conv2d(inputs, outputs, 1, init, bias: bias)));
    }

    /// <summary>The weight of the attention branch.</summary>
    public Parameter Gamma { get; }

    private protected override bool IsClosed => true;

    protected override Tensor Forward(Tensor x) => Attend(x, null);

    protected override Tensor Forward(Tensor x, Condition condition) => Attend(x, condition);

    Tensor Attend(Tensor x, Condition? condition)
    {
        if (x.Rank != 4) throw new ShapeException($"self_attention: x {x.Shape} has {x.Rank} axes, 4 are needed: [N, H, W, C].");
        if (channel != null) x = channel.Call(x);
        (int n, int h, int w) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        Tensor q = (query?.Call(x) ?? x).Reshape(n, h * w, -1), k = Pooled(key?.Call(x) ?? x), v = Pooled(value.Call(x));
        if (classQuery is Embedding table)
            q += (condition ?? throw new InvalidOperationException("self_attention: its queries depend on the class; call it with a condition.")).Rows(table.Call)
                .Reshape(n, 1, -1);
        Tensor o = Merge(Read(Split(q), Split(k), Split(v)), n).Reshape(n, h, w, -1);
        return Ops.Residual(x, output?.Call(o) ?? o, Gamma);
    }

    // What each query reads.
    Tensor Read(Tensor q, Tensor k, Tensor v)
    {
        int keys = k.Shape[1];
        float scale = options.Kind == AttentionKind.MultiHead ? 1 / MathF.Sqrt(q.Shape[2]) : 1;
        switch (options.Similarity)
        {
            case AttentionSimilarity.DotProduct:
                return Ops.MatMul(q, Ops.MatMul(k, v, transposeA: true)) * (scale / keys);
            case AttentionSimilarity.Concatenation:
                Tensor e = Ops.Relu(Ops.MatMul(q, queryWeight!) + Ops.Permute(Ops.MatMul(k, keyWeight!), 0, 2, 1));
                return Ops.MatMul(e, v) / keys;
            default:
                // With all keys kept there is no choice to make.
                return options.TopK is > 0 and var most && most < keys ? Ops.TopKAttention(q, k, v, most, scale) : Ops.Attention(q, k, v, scale);
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

    // q, k and v as [N, heads, width, pixels]; k as it is, q and v transposed: E = q^T k, o = A v^T.
    internal override OnnxValue Export(OnnxGraph graph, OnnxValue x, OnnxCondition? condition)
    {
        if (channel != null) x = Export(channel, graph, x, condition);
        (int h, int w) = (x.Dims[1], x.Dims[2]);
        OnnxValue q = Projected(query), k = Pooled(Projected(key)), v = Pooled(Projected(value));
        if (classQuery != null)
        {
            OnnxValue e = Export(classQuery, graph, condition!.Labels, condition);
            q = graph.Binary("Add", q, graph.Reshape(e, e.Dims[0], 1, 1).Name);
        }
        (q, k, v) = (graph.Transpose(Heads(q), 0, 1, 3, 2), Heads(k), graph.Transpose(Heads(v), 0, 1, 3, 2));
        int keys = k.Dims[2];
        OnnxValue a = options.Similarity == AttentionSimilarity.Concatenation ? Pairs() : graph.Add("MatMul", [q.Name, k.Name], [options.Heads, h * w, keys]);
        bool softmax = options.Similarity is AttentionSimilarity.EmbeddedGaussian or AttentionSimilarity.Gaussian;
        float scale = (options.Kind == AttentionKind.MultiHead && options.Similarity != AttentionSimilarity.Concatenation ? 1 / MathF.Sqrt(q.Dims[2]) : 1) / (softmax ? 1 : keys);
        if (scale != 1) a = graph.Binary("Mul", a, graph.Constant("scale", new[] { scale }, 1));
        if (options.TopK > 0 && options.TopK < keys) a = Best(a);
        if (softmax) a = graph.Add("Softmax", [a.Name], a.Dims, ("axis", -1L));
        OnnxValue o = graph.Add("MatMul", [a.Name, v.Name], [options.Heads, h * w, v.Dims[2]]);
        o = graph.Reshape(graph.Transpose(o, 0, 1, 3, 2), options.Heads * v.Dims[2], h, w);
        if (output != null) o = Export(output, graph, o, condition);
        return graph.Binary("Add", x, graph.Binary("Mul", o, graph.Weight("gamma", Gamma)).Name);

        // relu(q wq + k wk) for every pair.
        OnnxValue Pairs()
        {
            OnnxValue left = graph.Add("MatMul", [q.Name, graph.Weight("query_weight", queryWeight!)], [options.Heads, h * w, 1]);
            OnnxValue right = graph.Add("MatMul", [graph.Transpose(k, 0, 1, 3, 2).Name, graph.Weight("key_weight", keyWeight!)], [options.Heads, keys, 1]);
            OnnxValue sum = graph.Add("Add", [left.Name, graph.Transpose(right, 0, 1, 3, 2).Name], [options.Heads, h * w, keys]);
            return graph.Add("Relu", [sum.Name], sum.Dims);
        }

        // Of equal ones at the threshold all are kept, where the engine keeps the first.
        OnnxValue Best(OnnxValue e)
        {
            OnnxValue kept = graph.Binary("GreaterOrEqual", e, graph.KthLargest(e, options.TopK).Name);
            return graph.Add("Where", [kept.Name, e.Name, graph.Constant("never", new[] { -1e30f }, 1)], e.Dims);
        }

        OnnxValue Projected(Module? projection) => projection == null ? x : Export(projection, graph, x, condition);

        OnnxValue Heads(OnnxValue y) => graph.Reshape(y, options.Heads, y.Dims[0] / options.Heads, y.Dims[1..].Aggregate(1, (a, b) => a * b));

        OnnxValue Pooled(OnnxValue y)
        {
            OnnxValue[] parts = [.. scales.Select(s =>
            {
                OnnxValue part = y;
                long[] size = [s, s];
                if (s > 1) part = graph.Add("MaxPool", [y.Name], [y.Dims[0], y.Dims[1] / s, y.Dims[2] / s], ("kernel_shape", size), ("strides", size));
                return scales.Length == 1 ? part : graph.Reshape(part, part.Dims[0], part.Dims[1] * part.Dims[2]);
            })];
            return parts.Length == 1 ? parts[0] : graph.Add("Concat", [.. parts.Select(p => p.Name)], [y.Dims[0], parts.Sum(p => p.Dims[1])], ("axis", 2L));
        }
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
        return options.TopK > 0 && options.Similarity is AttentionSimilarity.DotProduct or AttentionSimilarity.Concatenation
            ? "top-k chooses before a softmax, and this similarity has none"
            : null;
    }
}
