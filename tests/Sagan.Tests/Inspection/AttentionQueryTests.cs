using Sagan.Native.Data.Images;
using Sagan.Native.Inspection;
using Sagan.Native.Kernels;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using Sagan.Native.Sampling;

namespace Sagan.Native.Tests;

/// <summary>One query of a layer: what lies between its weights and its gradient is what autograd has at both ends.</summary>
public sealed class AttentionQueryTests
{
    static readonly Dictionary<string, AttentionConfig> forms = new()
    {
        ["full"] = new() { Reduction = 4 },
        ["pooled"] = new() { Kind = AttentionKind.Pooled, Reduction = 4 },
        ["multi-head"] = new() { Kind = AttentionKind.MultiHead, Heads = 2 },
        ["top-k"] = new() { Reduction = 4, TopK = 3 },
        ["scales"] = new() { Reduction = 4, Scales = [1, 2, 4] },
    };

    [Theory]
    [InlineData("full", 0)]
    [InlineData("pooled", 0)]
    [InlineData("multi-head", 1)]
    [InlineData("top-k", 0)]
    [InlineData("scales", 0)]
    public void Its_gradient_is_autograds(string form, int head)
    {
        ModelConfig m = new() { Size = 16, ConvDim = 8, ZDim = 8, GAttention = [8], InitialGamma = 0.7, Attention = forms[form] };
        Generator generator = Generator.Create(m, new Initializer(new RandomSource(1)));
        AttentionLayer layer = AttentionLayers.Find(AttentionLayers.Of(generator), "g.attn1");
        // With the batch's own statistics: by the running ones an untrained network's tanh is saturated, and has no gradient left. Some
        // noise saturates it all the same.
        const NormStatistics statistics = NormStatistics.Batch;
        int query = 3 * layer.Size + 5;
        (Tensor z, AttentionQuery one) = Enumerable.Range(1, 100)
            .Select(seed => Sampler.Latent(m, new RandomSource((ulong)seed), 8, Device.Cpu))
            .Select(z => (z, AttentionQuery.Of(generator, layer, query, head, null, z, null, statistics)))
            .First(pair => pair.Item2.DE.Max(Math.Abs) > 1e-6);

        Assert.Equal((7, 11), one.Pixel);
        Assert.Equal(AttentionPass.Of(generator, z, null, statistics)["g.attn1"].Row(0, head, query), one.A);
        AssertBothEnds(one);
    }

    [Theory]
    [InlineData("full", 0)]
    [InlineData("pooled", 0)]
    [InlineData("multi-head", 1)]
    [InlineData("scales", 0)]
    public void Of_a_discriminator_it_is_that_of_the_score_through_the_composition(string form, int head)
    {
        ModelConfig m = new() { Size = 16, ConvDim = 8, ZDim = 8, DAttention = [8], InitialGamma = 0.7, Attention = forms[form] };
        Discriminator discriminator = Discriminator.Create(m, new Initializer(new RandomSource(2)));
        AttentionLayer layer = AttentionLayers.Of(discriminator)[0];
        // Of little contrast: with much the softmax is saturated, and its gradient is rounding.
        Image image = new(16, 16, 3, [.. Enumerable.Range(0, 768).Select(i => (byte)(100 + i * 37 % 53))]);
        const int Query = 3 * 8 + 5;
        AttentionQuery one = AttentionQuery.Of(discriminator, layer, Query, head, image, null, Device.Cpu);
        Assert.Null(one.Pixel);
        Assert.Same(image, one.Image);
        AttentionPass pass = AttentionPass.Of(discriminator, [image], Device.Cpu);
        Assert.Equal(pass.Scores[0], one.L);
        Assert.Equal(pass["d.attn1"].Row(0, head, Query), one.A);
        AssertBothEnds(one);

        // E as a variable of its own, between the layer's q, k and v and the gradient of what it read.
        float[] expected = AttentionPass.Undisturbed(discriminator, () => Step.Run(() =>
        {
            (Tensor score, AttentionParts p) = layer.Watch(() => discriminator.Call(Sampler.FromImages([image], Device.Cpu)));
            Tensor g = Autograd.Grad(Ops.Sum(score), [p.Read])[0];
            Tensor e = (Ops.MatMul(p.Q, p.K, transposeB: true) * p.Scale).Detach().RequireGrad();
            Tensor dE = Autograd.Grad(Ops.Sum(Ops.MatMul(Ops.Softmax(e), p.V.Detach()) * g.Detach()), [e])[0];
            return Ops.Slice(Ops.Slice(dE, 0, head, 1), 1, Query, 1).ToArray();
        }));
        float largest = expected.Max(Math.Abs);
        Assert.True(largest > 0);
        for (int j = 0; j < expected.Length; j++) Assert.Equal(expected[j], one.DE[j], 1e-5f * largest);
    }

    // What is between them leads from one to the other.
    static void AssertBothEnds(AttentionQuery one)
    {
        Assert.Equal(1, one.A.Sum(w => (double)w), 1e-5);
        double size = one.DE.Max(Math.Abs);
        Assert.Equal(0, one.DE.Sum(x => (double)x), 1e-5 * size * one.DE.Length);
        double largest = one.Dq.Max(Math.Abs);
        for (int c = 0; c < one.Q.Length; c++)
        {
            double dq = Enumerable.Range(0, one.DE.Length).Sum(j => (double)one.Scale * one.DE[j] * one.K[j * one.Q.Length + c]);
            Assert.Equal(one.Dq[c], dq, 1e-4 * largest);
        }
        for (int j = 0; j < one.E.Length; j++)
            Assert.Equal(Enumerable.Range(0, one.Q.Length).Sum(c => (double)one.Scale * one.Q[c] * one.K[j * one.Q.Length + c]),
                one.E[j], 1e-5);
    }
}
