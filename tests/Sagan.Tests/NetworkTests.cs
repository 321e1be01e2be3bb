using Sagan.Native.Configuration;
using Sagan.Native.Kernels;
using Sagan.Native.Losses;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using Sagan.Native.Training;

namespace Sagan.Native.Tests;

public class NetworkTests
{
    static readonly Device Device = Device.Cpu;

    // Published counts: the official networks of 128x128 with 1000 classes, StudioGAN's of CIFAR-10, Tiny-ImageNet and ImageNet (from its
    // logs).
    [Theory]
    [InlineData("sagan64", 3_832_885, 3_175_299)]
    [InlineData("sagan128", 42_078_852, 39_463_618)]
    [InlineData("cifar10", 4_386_308, 1_075_586)]
    [InlineData("cifar10", 13_387_396, 19_752_642, "model.size=64", "model.classes=200", "model.gAttention=32", "model.dAttention=32")]
    [InlineData("sagan128", 42_017_412, 39_448_258, "model.gAttention=64", "model.dAttention=64")]
    public void Networks_have_the_published_number_of_parameters(string preset, long generator, long discriminator, params string[] set)
    {
        ModelConfig model =
            ResolvedConfig.Resolve(new ConfigSources { Preset = preset, Set = set }).Config.Model with { Init = WeightInit.TorchDefault };
        Initializer init = new(new RandomSource(1), device: Device);
        Assert.Equal(generator, Generator.Create(model, init).ParameterCount);
        Assert.Equal(discriminator, Discriminator.Create(model, init).ParameterCount);
    }

    // taki0112's blocks have biases, of C/8, C/8, C/2 and C numbers: at C = 256 in the generator and C = 128 in the discriminator 448 and
    // 224.
    [Fact]
    public void The_attention_of_taki128_has_biases()
    {
        ModelConfig model =
            ResolvedConfig.Resolve(new ConfigSources { Preset = "taki128" }).Config.Model with { Init = WeightInit.TorchDefault };
        ModelConfig without = model with { Attention = model.Attention with { Bias = false } };
        Initializer init = new(new RandomSource(1), device: Device);
        Assert.Equal(448, Generator.Create(model, init).ParameterCount - Generator.Create(without, init).ParameterCount);
        Assert.Equal(224, Discriminator.Create(model, init).ParameterCount - Discriminator.Create(without, init).ParameterCount);
    }

    // Two batches, 1, 3 and 5, 9, with momentum 1/2, from 1: variances 1 and 4, unbiased 2 and 8; ((1 + 1) / 2 + 4) / 2 and ((1 + 2) / 2 +
    // 8) / 2.
    [Theory]
    [InlineData(false, 4.75)]
    [InlineData(true, 2.5)]
    public void The_running_variance_is_unbiased_or_biased(bool biased, float expected)
    {
        ModelConfig model = new() { BatchNormBiased = biased, BatchNormMomentum = 0.5 };
        Initializer init = new(new RandomSource(1), device: Device);
        Module[] norms = [new Layers(model, init).Norm(1, default), new Layers(model, init).PlainNorm(1, default),
            new Layers(model with { Conditional = true, Classes = 2 }, init).Norm(1, default)];
        Condition condition = new(IndexTensor.From([0, 1], Device));
        foreach (Module norm in norms)
        {
            foreach (float[] batch in (float[][])[[1, 3], [5, 9]])
                Step.Run(() => norm.Call(Tensor.From(batch, new Shape(2, 1, 1, 1)), condition));
            float variance = norm.State().Single(s => s.Name == "running_var").Parameter.Value.Item();
            Assert.Equal(expected, variance, 1e-5f);
        }
    }

    public static TheoryData<string, string[]> Small()
    {
        TheoryData<string, string[]> all = [];
        string[] dcgan = ["model.family=dcgan", "model.gAttention=8", "model.dAttention=8", "model.initialGamma=0.5"];
        string[] resnet = ["model.family=resnet", "model.gAttention=16", "model.dAttention=8", "model.initialGamma=0.5",
            "model.attention.kind=pooled"];
        string[] upconv = ["model.family=upconv", "model.spectralNorm=none", "model.gAttention=8", "model.dAttention=4",
            "model.initialGamma=0.5"];
        string[] classes = ["model.conditional=true", "model.classes=3"];
        all.Add("dcgan", dcgan);
        all.Add("dcgan, 20 pixels, grey", [.. dcgan, "model.size=20", "model.gAttention=10", "model.dAttention=5", "model.channels=1"]);
        all.Add("dcgan, conditional, RGBA", [.. dcgan, .. classes, "model.channels=4"]);
        all.Add("dcgan, official spectral norm", [.. dcgan, "model.spectralNorm=official"]);
        all.Add("dcgan, spectral norm in D alone, two iterations",
            [.. dcgan, "model.gSpectralNorm=false", "model.spectralNormIterations=2"]);
        all.Add("resnet", resnet);
        all.Add("resnet, 24 pixels", [.. resnet, "model.size=24", "model.gAttention=24", "model.dAttention=6"]);
        all.Add("resnet, conditional", [.. resnet, .. classes]);
        all.Add("resnet, linear conditioning", [.. resnet, .. classes, "model.conditionalNorm=linear"]);
        all.Add("resnet, shared embedding, pieces of z",
            [.. resnet, .. classes, "model.conditionalNorm=linear", "model.sharedEmbedding=7", "model.hierarchicalZ=true", "model.zDim=9"]);
        all.Add("resnet, reflection, leaky, uniform z",
            [.. resnet, "model.padding=reflect", "model.slope=0.2", "model.latent=uniform", "model.outputSpectralNorm=false"]);
        all.Add("resnet, shortcut after activation", [.. resnet, "model.shortcutAfterActivation=true"]);
        all.Add("upconv", upconv);
        all.Add("upconv, conditional, 48 pixels", [.. upconv, .. classes, "model.size=48", "model.gAttention=24", "model.dAttention=12"]);
        foreach (string kind in (string[])["full", "pooled", "literal", "multi-head"])
            all.Add($"attention {kind}", [.. dcgan, $"model.attention.kind={kind}"]);
        foreach (string s in (string[])["gaussian", "dot-product", "concatenation"])
            all.Add($"similarity {s}", [.. dcgan, $"model.attention.similarity={s}"]);
        all.Add("attention with heads", [.. dcgan, "model.attention.kind=multi-head", "model.attention.heads=4"]);
        all.Add("attention of the best 5 keys", [.. dcgan, "model.attention.topK=5"]);
        all.Add("attention at scales 1, 2, 4", [.. dcgan, "model.attention.scales=1,2,4"]);
        all.Add("attention after channel attention, normalised",
            [.. dcgan, "model.attention.channel=true", "model.attention.spectralNorm=true"]);
        all.Add("attention with queries of the class", [.. dcgan, .. classes, "model.attention.classQuery=true"]);
        return all;
    }

    // Every weight must matter: each gets a gradient from the pass it is part of.
    [Theory]
    [MemberData(nameof(Small))]
    public void Every_network_makes_and_scores_images_and_every_weight_gets_a_gradient(string name, string[] set)
    {
        ModelConfig m =
            ResolvedConfig.Resolve(new ConfigSources
            {
                Preset = "demo",
                Set = ["model.size=16", "model.convDim=16", "model.zDim=6", .. set]
            }).Config.Model;
        Generator g = Generator.Create(m, new Initializer(new RandomSource(1), device: Device));
        Discriminator d = Discriminator.Create(m, new Initializer(new RandomSource(2), device: Device));
        Step.Run(() =>
        {
            RandomSource random = new(3);
            Tensor z = random.Normal(new Shape(4, m.ZDim), Device);
            Condition? c = m.Conditional ? new Condition(IndexTensor.From([0, 1, 2, 1], Device)) : null;
            Tensor x = g.Call(z, c), s = d.Call(x, c);
            Assert.Equal(new Shape(4, m.Size, m.Size, m.Channels), x.Shape);
            Assert.Equal(new Shape(4), s.Shape);
            Assert.All(x.ToArray(), v => Assert.InRange(v, -1, 1));
            Parameter[] parameters = [.. g.Parameters, .. d.Parameters];
            Tensor[] gradients = Autograd.Grad(Ops.Sum(s * random.Normal(s.Shape, Device)), parameters);
            string[] names = [.. g.State().Concat(d.State()).Where(p => p.Parameter.IsTrainable).Select(p => p.Name)];
            for (int i = 0; i < names.Length; i++)
            {
                float largest = gradients[i].ToArray().Max(Math.Abs);
                // What a softmax or a normalisation that follows does not see: the key bias, the bias before batch norm.
                if (largest == 0) Assert.True(names[i].EndsWith("key_conv.bias", StringComparison.Ordinal), $"{name}: {names[i]} has no "
                    + "gradient");
                Assert.True(float.IsFinite(largest), $"{name}: the gradient of {names[i]} is {largest}");
            }
        });
    }

    // A conditional network must not ignore its classes, and a fresh conditional batch norm is the plain one.
    [Theory]
    [InlineData("dcgan")]
    [InlineData("resnet")]
    [InlineData("upconv")]
    public void Scores_depend_on_the_class_at_once_and_images_only_once_the_tables_have_moved(string family)
    {
        string[] set = ["model.size=16", "model.convDim=16", $"model.family={family}", "model.conditional=true", "model.classes=2",
            "model.gAttention=none", "model.dAttention=none"];
        ModelConfig m = ResolvedConfig.Resolve(new ConfigSources { Preset = "demo", Set = set }).Config.Model;
        Generator g = Generator.Create(m, new Initializer(new RandomSource(1), device: Device));
        Discriminator d = Discriminator.Create(m, new Initializer(new RandomSource(2), device: Device));
        Step.Run(() =>
        {
            Condition zero = new(IndexTensor.From([0, 0, 0], Device)), one = new(IndexTensor.From([1, 1, 1], Device));
            Tensor z = new RandomSource(3).Normal(new Shape(3, m.ZDim), Device);
            d.Train(false);
            SpectralNorm.Frozen(g, () => SpectralNorm.Frozen(d, () =>
            {
                Assert.Equal(g.Call(z, zero).ToArray(), g.Call(z, one).ToArray());
                Assert.NotEqual(d.Call(g.Call(z, zero), zero).ToArray(), d.Call(g.Call(z, zero), one).ToArray());
                Parameter table = g.State().First(p => p.Name.EndsWith("gain.weight", StringComparison.Ordinal)).Parameter;
                table.Assign(table.Value * new RandomSource(4).Uniform(table.Shape, 0.5f, 1.5f, Device));
                Assert.NotEqual(g.Call(z, zero).ToArray(), g.Call(z, one).ToArray());
                return 0;
            }));
        });
    }

    [Fact]
    public void Top_k_of_all_keys_and_one_head_are_the_full_block_bit_for_bit()
    {
        Tensor x = new RandomSource(5).Normal(new Shape(2, 4, 4, 16), Device);
        float[] full = Block(new AttentionOptions()), all = Block(new AttentionOptions { TopK = 16 }),
            scale = Block(new AttentionOptions { Scales = [1] });
        Assert.Equal(full, all);
        Assert.Equal(full, scale);
        Assert.NotEqual(full, Block(new AttentionOptions { TopK = 15 }));

        float[] Block(AttentionOptions o) =>
            Step.Run(() => new SelfAttention(16, new Initializer(new RandomSource(1), device: Device), 0.7f, o).Call(x).ToArray());
    }

    [Theory]
    [InlineData("model.size=66", "16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256")]
    [InlineData("model.gAttention=12", "feature maps of size 4, 8, 16, not 12")]
    [InlineData("model.attention.heads=3", "3 heads do not divide")]
    [InlineData("model.classes=3", "only a conditional model has classes")]
    [InlineData("model.attention.classQuery=true", "takes a conditional model")]
    [InlineData("model.hierarchicalZ=true", "takes a shared embedding")]
    [InlineData("loss.kind=wgan-gp", "loss.penaltyWithSpectralNorm=true")]
    [InlineData("training.accumulation=5", "must be a multiple of training.accumulation")]
    public void Configurations_that_make_no_sense_are_refused_with_the_way_out(string set, string expected)
    {
        ConfigException e = Assert.Throws<ConfigException>(() =>
            ResolvedConfig.Resolve(new ConfigSources { Preset = "demo", Set = [set] }));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }
}
