using Sagan.Native.Data.Images;
using Sagan.Native.Inspection;
using Sagan.Native.Kernels;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using Sagan.Native.Sampling;

namespace Sagan.Native.Tests;

/// <summary>What attention layers computed: exactly what the pass used, and without a trace in it.</summary>
public sealed class AttentionPassTests
{
    const int Samples = 3;

    static readonly ModelConfig tiny = new()
    {
        Size = 16,
        ConvDim = 8,
        ZDim = 8,
        GAttention = [8],
        DAttention = [4, 8],
        InitialGamma = 0.7,
        Attention = new() { Reduction = 4 },
    };

    public static TheoryData<string> Forms => [.. Named.Keys];

    static readonly Dictionary<string, ModelConfig> Named = new()
    {
        ["full"] = tiny,
        ["pooled"] = With(new() { Kind = AttentionKind.Pooled, Reduction = 4 }),
        ["literal"] = With(new() { Kind = AttentionKind.Literal, Reduction = 4 }),
        ["multi-head"] = With(new() { Kind = AttentionKind.MultiHead, Heads = 2 }),
        ["top-k"] = With(new() { Reduction = 4, TopK = 3 }),
        ["scales"] = With(new() { Reduction = 4, Scales = [1, 2, 4] }),
        ["uneven scale"] = With(new() { Reduction = 4, Scales = [3] }),
        ["gaussian"] = With(new() { Similarity = AttentionSimilarity.Gaussian }),
        ["channel"] = With(new() { Reduction = 4, Channel = true }),
        ["class query"] = With(new() { Reduction = 4, ClassQuery = true }) with { Conditional = true, Classes = 3 },
        ["resnet"] = tiny with { Family = ModelFamily.Resnet },
        ["upconv"] = tiny with { Family = ModelFamily.Upconv, DAttention = [8] },
    };

    static ModelConfig With(AttentionConfig attention) => tiny with { Attention = attention };

    static Generator Generator(ModelConfig m) => Native.Models.Generator.Create(m, new Initializer(new RandomSource(1)));

    static Discriminator Discriminator(ModelConfig m) => Native.Models.Discriminator.Create(m, new Initializer(new RandomSource(2)));

    static int[]? Classes(ModelConfig m) => m.Conditional ? [0, 1, 2] : null;

    static Tensor Z(ModelConfig m) => Sampler.Latent(m, new RandomSource(3), Samples, Device.Cpu);

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_row_is_that_of_the_reference_composition(string form)
    {
        ModelConfig m = Named[form];
        Generator generator = Generator(m);
        AttentionPass pass = AttentionPass.Of(generator, Z(m), Classes(m));
        foreach (CapturedAttention c in (CapturedAttention[])[.. pass.Layers,
            .. AttentionPass.Of(Discriminator(m), pass.Images, Device.Cpu, Classes(m)).Layers])
        {
            AttentionLayer l = c.Layer;
            int pixels = l.Size * l.Size, parts = Samples * l.Heads;
            Assert.Equal(0.7f, c.Gamma);
            Tensor e = Ops.MatMul(Tensor.From(c.Q, new Shape(parts, pixels, c.KeyWidth)),
                Tensor.From(c.K, new Shape(parts, l.Keys, c.KeyWidth)), transposeB: true) * c.Scale;
            if (l.TopK > 0) e += 1e30f * (Ops.TopKMask(e, l.TopK) - 1);
            float[] a = Ops.Softmax(e).ToArray();
            // The composition rounds its scores to float32, the row does not.
            float tolerance = 1e-6f + 1.2e-7f * e.ToArray().Where(x => x > -1e29f).Max(Math.Abs);
            for (int i = 0; i < Samples; i++)
                for (int h = 0; h < l.Heads; h++)
                    foreach (int q in (int[])[0, pixels / 2 + 1, pixels - 1])
                    {
                        float[] row = c.Row(i, h, q), map = c.Map(i, h, q);
                        ReadOnlySpan<float> expected = a.AsSpan(((i * l.Heads + h) * pixels + q) * l.Keys, l.Keys);
                        for (int j = 0; j < row.Length; j++) Assert.Equal(expected[j], row[j], tolerance);
                        Assert.Equal(1, row.Sum(w => (double)w), 1e-6);
                        Assert.Equal(1, map.Sum(w => (double)w), 1e-6);
                        if (l.TopK > 0) Assert.InRange(row.Count(w => w > 0), 1, l.TopK);
                    }
        }
        Assert.Equal((m.GAttention.Count, m.DAttention.Count),
            (AttentionLayers.Of(generator).Count, AttentionLayers.Of(Discriminator(m)).Count));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Looking_changes_no_bit(string form)
    {
        ModelConfig m = Named[form];
        Generator generator = Generator(m), untouched = Generator(m);
        Discriminator discriminator = Discriminator(m), other = Discriminator(m);
        foreach (NormStatistics statistics in Enum.GetValues<NormStatistics>())
        {
            AttentionPass pass = AttentionPass.Of(generator, Z(m), Classes(m), statistics);
            Image[] expected = Sampler.Images(untouched, Z(m), statistics, Classes(m));
            Assert.All(pass.Images.Zip(expected), p => Assert.Equal(p.Second.Pixels, p.First.Pixels));
        }
        Image[] images = Sampler.Images(untouched, Z(m), classes: Classes(m));
        float[] seen = [.. AttentionPass.Of(discriminator, images, Device.Cpu, Classes(m)).Scores];
        other.Train(false);
        Assert.Equal(SpectralNorm.Frozen(other, () => Step.Run(() =>
            other.Call(Sampler.FromImages(images, Device.Cpu), AttentionPass.ConditionOf(m, Classes(m), Device.Cpu)).ToArray())), seen);
        Assert.True(generator.IsTraining && discriminator.IsTraining);
        Assert.All(generator.State().Zip(untouched.State()), p => Assert.Equal(p.Second.Parameter.Value.ToArray(),
            p.First.Parameter.Value.ToArray()));
    }

    [Fact]
    public void Layers_are_named_by_network_and_order_with_size_and_form()
    {
        ModelConfig m = Named["scales"] with { GAttention = [4, 8] };
        Assert.Equal(["g.attn1 4x4 (full, keys 4x4 + 2x2 + 1x1)", "g.attn2 8x8 (full, keys 8x8 + 4x4 + 2x2)"],
            AttentionLayers.Of(Generator(m)).Select(l => l.ToString()));
        IReadOnlyList<AttentionLayer> d = AttentionLayers.Of(Discriminator(Named["multi-head"]));
        Assert.Equal(["d.attn1 8x8 (multi-head, 2 heads)", "d.attn2 4x4 (multi-head, 2 heads)"], d.Select(l => l.ToString()));
        Assert.Equal((8, 16, 64, 2), (d[0].Size, d[0].Channels * 2, d[0].Keys, d[0].Heads));
        Assert.Same(d[1], AttentionLayers.Find(d, "D.attn2"));
        Assert.Equal("layer d.atn3: there is no such attention layer; there are d.attn1, d.attn2. Did you mean d.attn1?",
            Assert.Throws<UsageException>(() => AttentionLayers.Find(d, "d.atn3")).Message);
        Assert.Equal("layer g.attn1: the networks have no attention; they were trained with model.gAttention=none and "
            + "model.dAttention=none.", Assert.Throws<UsageException>(() => AttentionLayers.Find([], "g.attn1")).Message);
    }

    [Fact]
    public void A_growing_network_has_the_layers_that_take_part()
    {
        ModelConfig m = tiny with { GrowFrom = 4, GAttention = [4, 8] };
        Generator generator = Generator(m);
        generator.Growth = new Growth(4, 1);
        Assert.Equal(["g.attn1"], AttentionPass.Of(generator, Z(m)).Layers.Select(l => l.Layer.Name));
        generator.Growth = new Growth(16, 1);
        Assert.Equal(["g.attn1", "g.attn2"], AttentionPass.Of(generator, Z(m)).Layers.Select(l => l.Layer.Name));
    }

    [Theory]
    [InlineData(AttentionSimilarity.DotProduct)]
    [InlineData(AttentionSimilarity.Concatenation)]
    public void A_form_without_a_softmax_says_that_it_has_no_map(AttentionSimilarity similarity)
    {
        AttentionPass pass = AttentionPass.Of(Generator(With(new() { Reduction = 4, Similarity = similarity })), Z(tiny));
        Assert.Empty(pass.Layers);
        string message = Assert.Throws<UsageException>(() => pass["g.attn1"]).Message;
        Assert.Contains("has no softmax", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void A_pooled_key_stands_for_its_pixels()
    {
        ModelConfig m = Named["scales"];
        CapturedAttention c = AttentionPass.Of(Generator(m), Z(m)).Layers[0];
        Assert.Equal((7, 7, 1), c.KeyPixels(63));
        Assert.Equal((2, 4, 2), c.KeyPixels(64 + 4 + 2));
        Assert.Equal((4, 4, 4), c.KeyPixels(64 + 16 + 3));
        float[] row = c.Row(0, 0, 5), map = c.Map(0, 0, 5);
        Assert.Equal(row[2 * 8 + 5] + row[64 + 4 + 2] / 4 + row[64 + 16 + 1] / 16, map[2 * 8 + 5], 1e-7f);
        Assert.Throws<ArgumentOutOfRangeException>(() => c.Row(0, 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => c.Row(Samples, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => c.Map(0, null, 64));
        Assert.Throws<ArgumentException>(() => AttentionPass.Of(Generator(m), Ops.Concat(Tensor.Zeros(new Shape(64, 8)), Z(m), 0)));
    }

    [Fact]
    public void Query_points_have_the_most_different_maps_and_are_the_same_each_time()
    {
        ModelConfig m = tiny with { Size = 32, GAttention = [16] };
        CapturedAttention c = AttentionPass.Of(Generator(m), Z(m)).Layers[0];
        int[] points = QueryPoints.MostDifferent(c, 1, 4);
        Assert.Equal(points, QueryPoints.MostDifferent(AttentionPass.Of(Generator(m), Z(m)).Layers[0], 1, 4));
        Assert.Equal(4, points.Distinct().Count());
        Assert.All(points, p => Assert.InRange(p, 0, 255));
        double Nearest(int q, IEnumerable<int> others) => others.Min(o => QueryPoints.Distance(c.Map(1, null, q), c.Map(1, null, o)));
        for (int i = 1; i < points.Length; i++)
            Assert.Equal(Enumerable.Range(0, 256).Max(q => Nearest(q, points[..i])), Nearest(points[i], points[..i]), 1e-6);
        Assert.Equal(256, QueryPoints.MostDifferent(c, 0, 1000, head: 0).Length);
        Assert.Equal(1, QueryPoints.Distance([1, 0], [0, 1]));
    }

    public static TheoryData<string> Differentiable => ["full", "pooled", "multi-head", "top-k", "channel", "class query", "resnet"];

    [Theory]
    [MemberData(nameof(Differentiable))]
    public void The_two_parts_of_a_gradient_add_up_to_the_whole(string form)
    {
        ModelConfig m = Named[form];
        Generator generator = Generator(m);
        // An untrained residual generator needs them: else its tanh has no gradient left.
        NormStatistics statistics = m.Family == ModelFamily.Resnet ? NormStatistics.Batch : NormStatistics.Running;
        AttentionPass pass = AttentionPass.Of(generator, Z(m), Classes(m), statistics);
        AttentionPass scored = AttentionPass.Of(Discriminator(m), pass.Images, Device.Cpu, Classes(m));
        (int sample, int query) = (1, 3 * 8 + 4);

        Microscope g = pass.Microscope("g.attn1", sample, query);
        float[] whole = Sampler.Undisturbed(generator, statistics, Device.Cpu, () => Step.Run(() =>
        {
            AttentionParts parts = default;
            g.Layer.Block.Attended += (_, p) => parts = p;
            Tensor image = generator.Call(Z(m), AttentionPass.ConditionOf(m, Classes(m), Device.Cpu));
            // Row 3, column 4 of 8 x 8 is around row 7, column 9 of 16 x 16.
            Tensor pixel = Ops.Mean(Ops.Slice(Ops.Slice(Ops.Slice(image, 0, sample, 1), 1, 7, 1), 2, 9, 1));
            return Ops.Slice(Autograd.Grad(pixel, [parts.X])[0], 0, sample, 1).ToArray();
        }));
        AssertSum(whole, g.AttentionGradient, g.ConvolutionGradient);
        Assert.True(g.AttentionShare is > 0 and < 1);
        Assert.Empty(g.ImageAttention);

        Discriminator discriminator = Discriminator(m);
        AttentionPass own = AttentionPass.Of(discriminator, pass.Images, Device.Cpu, Classes(m));
        Microscope d = own.Microscope("d.attn1", sample, query);
        discriminator.Train(false);
        (float[] atX, float[] atImage) = SpectralNorm.Frozen(discriminator, () =>
        {
            AttentionParts parts = default;
            d.Layer.Block.Attended += (_, p) => parts = p;
            // What the pixel adds to the score, in first order, with its own gradient as a constant.
            (Tensor image, Tensor out1) = Pixel();
            float[] x = Autograd.Grad(out1, [parts.X])[0].ToArray();
            (image, out1) = Pixel();
            return (x, Autograd.Grad(out1, [image])[0].ToArray());

            (Tensor Image, Tensor Out) Pixel()
            {
                Tensor x = Sampler.FromImages([pass.Images[sample]], Device.Cpu).RequireGrad();
                Condition? c = AttentionPass.ConditionOf(m, Classes(m)?.Skip(sample).Take(1), Device.Cpu);
                Tensor score = Ops.Sum(discriminator.Call(x, c)), y = parts.Y;
                Tensor dy = Autograd.Grad(score, [y])[0].Detach();
                Tensor At(Tensor t) => Ops.Slice(Ops.Slice(t, 1, query / 8, 1), 2, query % 8, 1);
                return (x, Ops.Sum(At(y) * At(dy)));
            }
        });
        AssertSum(atX, d.AttentionGradient, d.ConvolutionGradient);
        Assert.Equal(256, d.ImageAttention.Length);
        // The convolutions of one pixel see its surroundings only, attention sees farther.
        int near = d.ImageConvolutions.Count(v => v > 0);
        Assert.InRange(near, 1, 255);
        Assert.InRange(d.ImageAttention.Count(v => v > 0), near + 1, 256);
        Assert.All(Enumerable.Range(0, 64), j => Assert.Equal(j == query, d.Convolutions[j] > 0));
        Assert.Equal(256, atImage.Length / m.Channels);
        float rounding = 1e-5f * (d.ImageAttention.Max() + d.ImageConvolutions.Max());
        for (int i = 0; i < 256; i++)
        {
            float length = MathF.Sqrt(atImage.Skip(i * m.Channels).Take(m.Channels).Sum(v => v * v));
            Assert.InRange(length, Math.Abs(d.ImageAttention[i] - d.ImageConvolutions[i]) - rounding,
                d.ImageAttention[i] + d.ImageConvolutions[i] + rounding);
        }
        Assert.Equal(scored.Scores, own.Scores);
    }

    static void AssertSum(float[] whole, float[] a, float[] b)
    {
        float size = whole.Max(Math.Abs);
        Assert.True(size > 0);
        for (int i = 0; i < whole.Length; i++) Assert.Equal(whole[i], a[i] + b[i], 2e-6f * size);
    }

    [Fact]
    public void The_branchs_part_of_a_gradient_is_that_of_finite_differences()
    {
        ModelConfig m = Named["full"];
        Discriminator discriminator = Discriminator(m);
        AttentionPass pass = AttentionPass.Of(Generator(m), Z(m)), scored = AttentionPass.Of(discriminator, pass.Images, Device.Cpu);
        AttentionLayer layer = scored["d.attn1"].Layer;
        const int Query = 20;
        // With the branch alone, y - x, and the constant g of its pixel: <g, y - x> as a function of x.
        Microscope seen = scored.Microscope("d.attn1", 0, Query);
        discriminator.Train(false);
        float[] x = SpectralNorm.Frozen(discriminator, () => Step.Run(() => layer.Watch(() =>
                discriminator.Call(Sampler.FromImages([pass.Images[0]], Device.Cpu))).Parts.X.ToArray())),
            g = seen.ConvolutionGradient[(Query * layer.Channels)..((Query + 1) * layer.Channels)];
        SelfAttention block = layer.Block;
        double Branch(float[] at)
        {
            float[] y = Step.Run(() => block.Call(Tensor.From(at, new Shape(1, 8, 8, layer.Channels)))).ToArray();
            return Enumerable.Range(0, layer.Channels)
                .Sum(c => (double)g[c] * (y[Query * layer.Channels + c] - at[Query * layer.Channels + c]));
        }
        float size = seen.AttentionGradient.Max(Math.Abs);
        foreach (int i in (int[])[0, Query * layer.Channels + 1, 64 * layer.Channels - 1])
        {
            const float H = 1f / 64;
            float[] up = [.. x], down = [.. x];
            (up[i], down[i]) = (x[i] + H, x[i] - H);
            Assert.Equal(seen.AttentionGradient[i], (float)((Branch(up) - Branch(down)) / (up[i] - down[i])), 1e-3f * size);
        }
    }
}
