using Sagan.Native.Data.Images;
using Sagan.Native.Kernels;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using Sagan.Native.Sampling;

namespace Sagan.Native.Inspection;

/// <summary>
/// One query of an attention layer, forward and backward, in the letters of <see cref="Ops.Attention"/>: which keys it reads, and how one
/// number L would change with each.
/// <code>E = scale q k^T   A = softmax(E)   o = A v
/// g = dL/do   dA = g v^T   D = sum(dA * A)   dE = A * (dA - D)   dq = scale dE k</code>
/// Generator: L is the brightness of a pixel of the image, the mean of its channels. Discriminator: L is the score of the image.
/// </summary>
public sealed class AttentionQuery
{
    AttentionQuery(AttentionLayer layer, int query, int head, Image image, Tensor l, AttentionParts p)
    {
        (Layer, Query, Head, Image, Scale, L) = (layer, query, head, image, p.Scale, l.Item());
        Tensor[] gradients = Autograd.Grad(l, [p.Read, p.Q]);
        (Q, K, G, Dq) = (Row(p.Q), Part(p.K), Row(gradients[0]), Row(gradients[1]));
        A = new CapturedAttention(layer, p).Row(0, head, query);
        double[] dA = Products(Part(p.V), G);
        double d = A.Select((w, j) => w * dA[j]).Sum();
        E = [.. Products(K, Q).Select(x => (float)(p.Scale * x))];
        (DA, D) = ([.. dA.Select(x => (float)x)], (float)d);
        DE = [.. A.Select((w, j) => (float)(w * (dA[j] - d)))];

        // What the head of the first image has.
        float[] Part(Tensor x) => Ops.Slice(x, 0, head, 1).ToArray();
        float[] Row(Tensor x) => Ops.Slice(Ops.Slice(x, 0, head, 1), 1, query, 1).ToArray();
    }

    /// <summary>The layer.</summary>
    public AttentionLayer Layer { get; }

    /// <summary>Row Size + column of the query.</summary>
    public int Query { get; }

    /// <summary>From 0.</summary>
    public int Head { get; }

    /// <summary>What the generator made, or the discriminator was shown.</summary>
    public Image Image { get; }

    /// <summary>The pixel of the image whose brightness L is; null for a discriminator.</summary>
    public (int Row, int Column)? Pixel { get; private init; }

    /// <summary>The brightness of the pixel, -1 to 1, or the score.</summary>
    public float L { get; }

    /// <summary>What q k^T is multiplied by.</summary>
    public float Scale { get; }

    /// <summary>The query.  [dk]</summary>
    public float[] Q { get; }

    /// <summary>Its gradient, as autograd has it.  [dk]</summary>
    public float[] Dq { get; }

    /// <summary>dL/do of this query.  [dv]</summary>
    public float[] G { get; }

    /// <summary>All keys.  [M, dk]</summary>
    public float[] K { get; }

    /// <summary>Scores.  [M]</summary>
    public float[] E { get; }

    /// <summary>Weights; their sum is 1.  [M]</summary>
    public float[] A { get; }

    /// <summary>How L would change with each weight, if each could move alone.  [M]</summary>
    public float[] DA { get; }

    /// <summary>The mean of <see cref="DA"/>, weighted by <see cref="A"/>.</summary>
    public float D { get; }

    /// <summary>How L changes with each score; the sum is 0.  [M]</summary>
    public float[] DE { get; }

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
            (Tensor images, AttentionParts parts) = layer.Watch(() =>
                generator.Call(z, AttentionPass.ConditionOf(generator.Model, classes, z.Device)));
            (int row, int column) = pixel ?? layer.Middle(query, images.Shape[1]);
            Tensor one = Ops.Slice(images, 0, 0, 1), l = Ops.Mean(Ops.Slice(Ops.Slice(one, 1, row, 1), 2, column, 1));
            return new AttentionQuery(layer, query, head, Sampler.ToImages(one)[0], l, parts) { Pixel = (row, column) };
        }));

    /// <summary>Of an image that a discriminator is shown. The discriminator is left as it was.</summary>
    /// <param name="discriminator">In which the layer is.</param>
    /// <param name="layer">One with maps.</param>
    /// <param name="query">Row Size + column.</param>
    /// <param name="head">From 0.</param>
    /// <param name="image">Of the model's size and channels.</param>
    /// <param name="classes">Its class, in a conditional model.</param>
    /// <param name="device">Where the discriminator is.</param>
    internal static AttentionQuery Of(Discriminator discriminator, AttentionLayer layer, int query, int head, Image image,
        IReadOnlyList<int>? classes, Device device) => AttentionPass.Undisturbed(discriminator, () => Step.Run(() =>
        {
            (Tensor score, AttentionParts parts) = layer.Watch(() => discriminator.Call(Sampler.FromImages([image], device),
                AttentionPass.ConditionOf(discriminator.Model, classes, device)));
            return new AttentionQuery(layer, query, head, image, Ops.Sum(score), parts);
        }));

    // Each row of x [rows, width] times y [width].
    static double[] Products(float[] x, float[] y) => [.. Enumerable.Range(0, x.Length / y.Length).Select(i =>
    {
        double sum = 0;
        for (int c = 0; c < y.Length; c++) sum += (double)x[i * y.Length + c] * y[c];
        return sum;
    })];
}
