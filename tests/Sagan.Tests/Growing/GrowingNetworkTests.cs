using Sagan.Native.Checks;
using Sagan.Native.IO;
using Sagan.Native.Kernels;
using Sagan.Native.Models;
using Sagan.Native.Modules;

namespace Sagan.Native.Tests.Growing;

/// <summary>What networks compute while they grow. PyTorch's numbers are in <see cref="GoldenNetworkTests"/>.</summary>
[Quick]
public class GrowingNetworkTests
{
    static readonly ModelConfig Dcgan =
        new() { Size = 32, ConvDim = 8, ZDim = 6, GrowFrom = 4, GAttention = [4, 16], DAttention = [4, 8], InitialGamma = 0.5 };

    static readonly ModelConfig ResNet = Dcgan with
    {
        Family = ModelFamily.Resnet,
        ConvDim = 4,
        GrowFrom = 8,
        GAttention = [8, 32],
        DAttention = [8],
        Attention = new AttentionConfig { Kind = AttentionKind.Pooled },
    };

    static readonly ModelConfig Classes =
        Dcgan with { Conditional = true, Classes = 3, Channels = 4, SpectralNorm = SpectralNormKind.Heykeetae };

    static readonly ModelConfig BigGan = ResNet with
    {
        Conditional = true,
        Classes = 3,
        ConditionalNorm = ConditionalNormKind.Linear,
        SharedEmbedding = 5,
        HierarchicalZ = true,
        ZDim = 8,
    };

    static readonly ModelConfig Upconv =
        new()
        {
            Family = ModelFamily.Upconv,
            Size = 16,
            ConvDim = 8,
            ZDim = 6,
            GrowFrom = 8,
            GAttention = [8],
            DAttention = [4],
            SpectralNorm = SpectralNormKind.None
        };

    static readonly Dictionary<string, ModelConfig> all = new()
    {
        ["dcgan"] = Dcgan,
        ["dcgan, 28 pixels"] = Dcgan with { Size = 28, GrowFrom = 7, GAttention = [7], DAttention = [14] },
        ["dcgan, classes, RGBA"] = Classes,
        ["resnet"] = ResNet,
        ["resnet, shared embedding, pieces of z"] = BigGan,
        ["upconv"] = Upconv,
    };

    public static TheoryData<string> Names => [.. all.Keys];

    static (Generator G, Discriminator D) Networks(ModelConfig m) =>
        (Generator.Create(m, new Initializer(new RandomSource(1))), Discriminator.Create(m, new Initializer(new RandomSource(2))));

    static Condition? Labels(ModelConfig m) => m.Conditional ? new Condition(IndexTensor.From([0, 1, 2, 1])) : null;

    static IEnumerable<int> Sizes(ModelConfig m)
    {
        for (int size = m.GrowFrom; size <= m.Size; size *= 2) yield return size;
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_complete_network_is_the_one_that_never_grew(string name)
    {
        ModelConfig m = all[name];
        (Generator g, Discriminator d) = Networks(m);
        (Generator plainG, Discriminator plainD) = Networks(m with { GrowFrom = 0 });
        Assert.Equal(plainG.State().Select(s => s.Name), g.CompleteState().Select(s => s.Name));
        Assert.Equal(plainD.State().Select(s => s.Name),
            d.State().Select(s => s.Name).Where(n => !n.StartsWith("from_rgb", StringComparison.Ordinal)));
        int heads = Sizes(m).Count() - 1;
        Assert.Equal(heads, g.State().Select(s => s.Name.Split('.')[0]).Where(n => n.StartsWith("to_rgb", StringComparison.Ordinal))
            .Distinct().Count());
        Assert.Equal(heads, d.State().Select(s => s.Name.Split('.')[0]).Where(n => n.StartsWith("from_rgb", StringComparison.Ordinal))
            .Distinct().Count());
        Copy(g, plainG);
        Copy(d, plainD);
        Step.Run(() =>
        {
            Tensor z = new RandomSource(3).Normal(new Shape(4, m.ZDim));
            Tensor x = g.Call(z, Labels(m));
            Assert.Equal(plainG.Call(z, Labels(m)).ToArray(), x.ToArray());
            // Each call has dropout numbers of its own.
            foreach (Discriminator one in (Discriminator[])[d, plainD]) one.Train(false);
            Assert.Equal(plainD.Call(x, Labels(m)).ToArray(), d.Call(x, Labels(m)).ToArray());
        });
    }

    static void Copy(Module from, Module to)
    {
        Dictionary<string, Parameter> values = from.State().ToDictionary(s => s.Name, s => s.Parameter);
        foreach ((string name, Parameter p) in to.State()) p.Assign(values[name].Value);
    }

    // In inference mode a fading image is the mean of two others by alpha.
    [Theory]
    [MemberData(nameof(Names))]
    public void A_fading_image_lies_between_the_image_before_and_the_new_one(string name)
    {
        ModelConfig m = all[name];
        (Generator g, _) = Networks(m);
        Step.Run(() => Autograd.NoGrad(() =>
        {
            Tensor z = new RandomSource(3).Normal(new Shape(4, m.ZDim));
            for (int i = 0; i < 3; i++)
                foreach (int size in Sizes(m)) At(size, 1);
            g.Train(false);
            return SpectralNorm.Frozen(g, () =>
            {
                foreach (int size in Sizes(m).Skip(1))
                {
                    float[] before = At(size / 2, 1), now = At(size, 1), fading = At(size, 0.3f);
                    for (int i = 0; i < fading.Length; i++) Assert.Equal(0.7 * before[i] + 0.3 * now[i], fading[i], 1e-6);
                    Assert.True(before.Zip(now, (a, b) => Math.Abs(a - b)).Max() > 0.05, $"{name}: {size / 2} and {size} are alike");
                    int k = m.Size / size, c = m.Channels;
                    for (int i = 0; i < now.Length; i++)
                    {
                        (int channel, int x, int y, int image) = (i % c, i / c % m.Size, i / c / m.Size % m.Size, i / c / m.Size / m.Size);
                        Assert.Equal(now[((image * m.Size + y / k * k) * m.Size + x / k * k) * c + channel], now[i]);
                    }
                }
                return 0;
            });

            float[] At(int size, float alpha)
            {
                g.Growth = new Growth(size, alpha);
                return g.Call(z, Labels(m)).ToArray();
            }
        }));
    }

    // By hand, from the definition: means of the pixels of a block, blocks of half the size, and their mixture.
    [Fact]
    public void Real_images_lose_the_detail_that_the_networks_cannot_show()
    {
        const int S = 16;
        (_, Discriminator d) = Networks(Dcgan with { Size = S, GAttention = [], DAttention = [] });
        float[] x = new RandomSource(4).Normal(new Shape(1, S, S, 3)).ToArray();
        Tensor real = Tensor.From(x, new Shape(1, S, S, 3));
        Assert.Same(real, d.AsGrown(real));
        d.Growth = new Growth(8, 0.25f);
        float[] seen = Step.Run(() => d.AsGrown(real).ToArray());
        for (int i = 0; i < x.Length; i++)
        {
            (int c, int w, int h) = (i % 3, i / 3 % S, i / 3 / S);
            Assert.Equal(0.75 * Mean(4) + 0.25 * Mean(2), seen[i], 1e-6);

            double Mean(int k) => (from a in Enumerable.Range(h / k * k, k)
                                   from b in Enumerable
                .Range(w / k * k, k)
                                   select (double)x[(a * S + b) * 3 + c]).Average();
        }
    }

    // With a slope of 1 the discriminator is smooth, so that its gradients of both orders can be held to differences.
    [Theory]
    [InlineData(4, 1)]
    [InlineData(8, 0.3f)]
    [InlineData(16, 0.7f)]
    public void Gradients_of_a_growing_discriminator_agree_with_differences(int size, float alpha)
    {
        ModelConfig m = new()
        {
            Size = 16,
            ConvDim = 8,
            GrowFrom = 4,
            GAttention = [],
            DAttention = [4],
            InitialGamma = 0.5,
            Slope = 1,
            SpectralNorm = SpectralNormKind.None
        };
        (_, Discriminator d) = Networks(m);
        d.Growth = new Growth(size, alpha);
        d.Train(false);
        Tensor x = new RandomSource(5).Normal(new Shape(2, 16, 16, 3));
        // The thresholds of every operation's check.
        GradCheck.Assert(d.Call, x, options: new GradCheckOptions { Device = Device.Cpu, Seed = 6 });
    }

    [Theory]
    [InlineData(12, 1)]
    [InlineData(2, 1)]
    [InlineData(64, 1)]
    [InlineData(4, 0.5f)]
    [InlineData(8, 0)]
    [InlineData(8, 1.5f)]
    [InlineData(8, float.NaN)]
    public void Stages_that_there_are_not_are_refused(int size, float alpha)
    {
        (Generator g, Discriminator d) = Networks(Dcgan);
        Assert.Throws<ArgumentException>(() => g.Growth = new Growth(size, alpha));
        Assert.Throws<ArgumentException>(() => d.Growth = new Growth(size, alpha));
        Assert.Equal((new Growth(32, 1), new Growth(32, 1)), (g.Growth, d.Growth));
    }

    [Fact]
    public void A_growing_generator_has_no_complete_state()
    {
        (Generator g, _) = Networks(Dcgan);
        g.Growth = new Growth(32, 0.9f);
        Assert.Throws<InvalidOperationException>(() => g.CompleteState());
    }
}
