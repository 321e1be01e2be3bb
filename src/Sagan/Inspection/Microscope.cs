using Sagan.Native.Kernels;
using Sagan.Native.Modules;

namespace Sagan.Native.Inspection;

/// <summary>
/// The gradient microscope: how much an output depends on each pixel x_j of an attention layer's input, once through the attention branch
/// and once past it. With y = x + gamma o(x), g = d out / d y and everything behind the layer inside g:
/// <code>attention     gamma (do/dx)^T g        convolutions  g        together  d out / d x</code>
/// Generator: out is the brightness (mean of the channels) of the image's pixel in the middle of the query's square. Discriminator: out is
/// what the query's own pixel adds to the score, sum over c of y_c d score / d y_c, y's gradient taken as a constant; so that its
/// convolutions show what that pixel sees without attention, and attention what it sees beyond.
/// </summary>
public sealed class Microscope
{
    Microscope(AttentionLayer layer, int query, float[] attention, float[] convolutions)
    {
        (Layer, Query, AttentionGradient, ConvolutionGradient) = (layer, query, attention, convolutions);
        (Attention, Convolutions) = (Lengths(attention, layer.Channels), Lengths(convolutions, layer.Channels));
    }

    /// <summary>The layer.</summary>
    public AttentionLayer Layer { get; }

    /// <summary>Row Size + column of the chosen pixel, on the layer's map.</summary>
    public int Query { get; }

    /// <summary>d out / d x through the branch.  [Size, Size, C]</summary>
    public float[] AttentionGradient { get; }

    /// <summary>d out / d x past it.  [Size, Size, C]</summary>
    public float[] ConvolutionGradient { get; }

    /// <summary>Length of the gradient at each pixel, through the branch.  [Size, Size]</summary>
    public float[] Attention { get; }

    /// <summary>Length of the gradient at each pixel, past the branch.  [Size, Size]</summary>
    public float[] Convolutions { get; }

    /// <summary>Of a discriminator: length of d out / d image at each pixel, through the branch; empty for a generator.  [H, W]</summary>
    public float[] ImageAttention { get; private init; } = [];

    /// <summary>Of a discriminator: the same past the branch.  [H, W]</summary>
    public float[] ImageConvolutions { get; private init; } = [];

    /// <summary>The branch's part of the lengths of both, all pixels together, 0 to 1; 0 where there is no gradient at all.</summary>
    public double AttentionShare
    {
        get
        {
            double a = Attention.Sum(v => (double)v), c = Convolutions.Sum(v => (double)v);
            return a + c == 0 ? 0 : a / (a + c);
        }
    }

    /// <summary>Through a generator.</summary>
    /// <param name="layer">One of the generator's.</param>
    /// <param name="query">Row Size + column.</param>
    /// <param name="sample">Which image of the batch.</param>
    /// <param name="forward">Makes the images, recorded.  [N,H,W,C]</param>
    internal static Microscope OfGenerator(AttentionLayer layer, int query, int sample, Func<Tensor> forward) => Step.Run(() =>
    {
        (Tensor image, AttentionParts parts) = layer.Watch(forward);
        (int row, int column) = layer.Middle(query, image.Shape[1]);
        Tensor pixel = Ops.Slice(Ops.Slice(Ops.Slice(image, 0, sample, 1), 1, row, 1), 2, column, 1);
        Tensor g = Autograd.Grad(Ops.Mean(pixel), [parts.Y])[0];
        Tensor attention = ThroughBranch(layer, parts, g);
        return new Microscope(layer, query, Of(attention, sample), Of(g, sample));
    });

    /// <summary>Through a discriminator in inference mode, where images of a batch know nothing of each other.</summary>
    /// <param name="layer">One of the discriminator's.</param>
    /// <param name="query">Row Size + column.</param>
    /// <param name="image">[1,H,W,C].</param>
    /// <param name="forward">Scores of the image twice, recorded.  [2,H,W,C] to [2]</param>
    internal static Microscope OfDiscriminator(AttentionLayer layer, int query, Tensor image, Func<Tensor, Tensor> forward) =>
        Step.Run(() =>
    {
        // Once for each part, so that one pass takes both to the image.
        Tensor twice = Ops.Concat(image, image, 0).Detach().RequireGrad();
        (Tensor scores, AttentionParts parts) = layer.Watch(() => forward(twice));
        float[] one = new float[layer.Size * layer.Size];
        one[query] = 1;
        Tensor chosen = Tensor.From(one, new Shape(1, layer.Size, layer.Size, 1), image.Device);
        Tensor g = Autograd.Grad(Ops.Sum(scores), [parts.Y])[0] * chosen;
        Tensor attention = ThroughBranch(layer, parts, g), both = Ops.Concat(Ops.Slice(attention, 0, 0, 1), Ops.Slice(g, 0, 1, 1), 0);
        Tensor pixels = Autograd.Grad(Ops.Sum(parts.X * both), [twice])[0];
        return new Microscope(layer, query, Of(attention, 0), Of(g, 0))
        {
            ImageAttention = Lengths(Of(pixels, 0), image.Shape[3]),
            ImageConvolutions = Lengths(Of(pixels, 1), image.Shape[3]),
        };
    });

    // gamma (do/dx)^T g: the gradient of sum(o gamma g), g a constant. The walks before went from out to y only, so that what the branch
    // has saved is still there.
    static Tensor ThroughBranch(AttentionLayer layer, AttentionParts parts, Tensor g) =>
        Autograd.Grad(Ops.Sum(parts.O * (layer.Gamma * g.Detach())), [parts.X])[0];

    static float[] Of(Tensor x, int sample) => Ops.Slice(x, 0, sample, 1).ToArray();

    static float[] Lengths(float[] x, int channels) =>
        [.. Enumerable.Range(0, x.Length / channels).Select(i =>
        {
            double sum = 0;
            for (int c = 0; c < channels; c++) sum += (double)x[i * channels + c] * x[i * channels + c];
            return (float)Math.Sqrt(sum);
        })];
}
