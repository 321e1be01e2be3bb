using Sagan.Native.Data.Images;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using Sagan.Native.Sampling;

namespace Sagan.Native.Inspection;

/// <summary>
/// One query of an attention layer, forward and backward, in the letters of <see cref="Ops.Attention"/>: which keys it reads, and how the
/// brightness of one pixel of the image would change with each.
/// <code>E = scale q k^T   A = softmax(E)   o = A v
/// L = mean of the channels of the image's pixel   g = dL/do   dA = g v^T   D = sum(dA * A)   dE = A * (dA - D)   dq = scale dE k</code>
/// </summary>
public sealed class AttentionQuery
{
    AttentionQuery(AttentionLayer layer, int query, int head, (int Row, int Column) pixel, Image image) =>
        (Layer, Query, Head, Pixel, Image) = (layer, query, head, pixel, image);

    /// <summary>The layer.</summary>
    public AttentionLayer Layer { get; }

    /// <summary>Row Size + column of the query.</summary>
    public int Query { get; }

    /// <summary>From 0.</summary>
    public int Head { get; }

    /// <summary>The pixel of the image whose brightness L is.</summary>
    public (int Row, int Column) Pixel { get; }

    /// <summary>What the generator made.</summary>
    public Image Image { get; }

    /// <summary>What q k^T is multiplied by.</summary>
    public float Scale { get; private init; }

    /// <summary>The query.  [dk]</summary>
    public float[] Q { get; private init; } = [];

    /// <summary>Its gradient, as autograd has it.  [dk]</summary>
    public float[] Dq { get; private init; } = [];

    /// <summary>dL/do of this query.  [dv]</summary>
    public float[] G { get; private init; } = [];

    /// <summary>All keys.  [M, dk]</summary>
    public float[] K { get; private init; } = [];

    /// <summary>Scores.  [M]</summary>
    public float[] E { get; private init; } = [];

    /// <summary>Weights; their sum is 1.  [M]</summary>
    public float[] A { get; private init; } = [];

    /// <summary>How L would change with each weight, if each could move alone.  [M]</summary>
    public float[] DA { get; private init; } = [];

    /// <summary>The mean of <see cref="DA"/>, weighted by <see cref="A"/>.</summary>
    public float D { get; private init; }

    /// <summary>How L changes with each score; the sum is 0.  [M]</summary>
    public float[] DE { get; private init; } = [];

    /// <summary>Of the first image that a generator makes of noise. The generator is left as it was.</summary>
    /// <param name="generator">In which the layer is.</param>
    /// <param name="layer">One with maps.</param>
    /// <param name="query">Row Size + column.</param>
    /// <param name="head">From 0.</param>
    /// <param name="pixel">Of the image; null: the one in the middle of the query's square.</param>
    /// <param name="z">[N, ZDim]; several where batch normalisation needs them.</param>
    /// <param name="classes">The class of each, in a conditional model.</param>
    /// <param name="statistics">Of batch normalisation.</param>
    internal static AttentionQuery Of(Generator generator, AttentionLayer layer, int query, int head, (int Row, int Column)? pixel,
        Tensor z, IReadOnlyList<int>? classes, NormStatistics statistics) =>
        Sampler.Undisturbed(generator, statistics, z.Device, () => Step.Run(() =>
        {
            AttentionParts? seen = null;
            void Note(SelfAttention block, AttentionParts parts) => seen = parts;
            layer.Block.Attended += Note;
            Tensor images;
            try
            {
                images = generator.Call(z, AttentionPass.ConditionOf(generator.Model, classes, z.Device));
            }
            finally
            {
                layer.Block.Attended -= Note;
            }
            AttentionParts p = seen ?? throw new InvalidOperationException($"attention: {layer.Name} took no part in the pass.");
            int side = images.Shape[1] / layer.Size;
            (int row, int column) = pixel ?? (query / layer.Size * side + side / 2, query % layer.Size * side + side / 2);
            Tensor one = Ops.Slice(images, 0, 0, 1), l = Ops.Mean(Ops.Slice(Ops.Slice(one, 1, row, 1), 2, column, 1));
            Tensor[] gradients = Autograd.Grad(l, [p.Read, p.Q]);
            // What a head of the first image has.
            float[] Head(Tensor x) => Ops.Slice(x, 0, head, 1).ToArray();
            float[] Row(Tensor x) => Ops.Slice(Ops.Slice(x, 0, head, 1), 1, query, 1).ToArray();
            float[] q = Row(p.Q), k = Head(p.K), g = Row(gradients[0]), a = new CapturedAttention(layer, p).Row(0, head, query);
            double[] dA = Products(Head(p.V), g);
            double d = a.Select((w, j) => w * dA[j]).Sum();
            return new AttentionQuery(layer, query, head, (row, column), Sampler.ToImages(one)[0])
            {
                Scale = p.Scale,
                Q = q,
                Dq = Row(gradients[1]),
                G = g,
                K = k,
                E = [.. Products(k, q).Select(x => (float)(p.Scale * x))],
                A = a,
                DA = [.. dA.Select(x => (float)x)],
                D = (float)d,
                DE = [.. a.Select((w, j) => (float)(w * (dA[j] - d)))],
            };
        }));

    // Each row of x [rows, width] times y [width].
    static double[] Products(float[] x, float[] y) => [.. Enumerable.Range(0, x.Length / y.Length).Select(i =>
    {
        double sum = 0;
        for (int c = 0; c < y.Length; c++) sum += (double)x[i * y.Length + c] * y[c];
        return sum;
    })];
}
