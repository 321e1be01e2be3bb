using Sagan.Native.Interchange;
using Sagan.Native.Interchange.Onnx;
using Sagan.Native.IO;
using Sagan.Native.Kernels;
using Sagan.Native.Losses;
using Sagan.Native.Models;
using Sagan.Native.Modules;

namespace Sagan.Native.Tests.Interchange;

/// <summary>Exported networks, computed by ONNX Runtime from the bytes of the file, against the engine.</summary>
public class OnnxExportTests
{
    static readonly ModelConfig dcgan = new() { Size = 16, ConvDim = 8, ZDim = 6, GAttention = [8], DAttention = [], InitialGamma = 0.7 };

    static readonly ModelConfig resnet = new()
    {
        Family = ModelFamily.Resnet,
        Size = 16,
        ConvDim = 2,
        ZDim = 6,
        GAttention = [8],
        DAttention = [],
        InitialGamma = 0.7,
        Attention = new AttentionConfig { Kind = AttentionKind.Pooled },
    };

    static readonly Dictionary<string, ModelConfig> cases = new()
    {
        ["dcgan"] = dcgan,
        ["dcgan heykeetae grey"] = dcgan with { SpectralNorm = SpectralNormKind.Heykeetae, Channels = 1 },
        ["dcgan plain 24"] = dcgan with { SpectralNorm = SpectralNormKind.None, Size = 24, GAttention = [6, 12] },
        ["dcgan conditional"] = dcgan with { Conditional = true, Classes = 3 },
        ["dcgan grown"] = dcgan with { GrowFrom = 4 },
        ["resnet"] = resnet,
        ["resnet grown"] = resnet with { GrowFrom = 8 },
        ["resnet official conditional"] = resnet with { SpectralNorm = SpectralNormKind.Official, Conditional = true, Classes = 3 },
        ["resnet linear"] = resnet with { Conditional = true, Classes = 3, ConditionalNorm = ConditionalNormKind.Linear },
        ["resnet shared hierarchical"] = resnet with
        {
            Conditional = true,
            Classes = 3,
            ConditionalNorm = ConditionalNormKind.Linear,
            SharedEmbedding = 5,
            HierarchicalZ = true,
            ZDim = 9,
        },
        ["resnet reflect"] = resnet with { Padding = PaddingKind.Reflect, Slope = 0.2, OutputSpectralNorm = false },
        ["upconv"] = new()
        {
            Family = ModelFamily.Upconv,
            Size = 16,
            ConvDim = 8,
            ZDim = 6,
            GAttention = [8],
            DAttention = [],
            InitialGamma = 0.7
        },
        ["attention literal"] = dcgan with { Attention = new AttentionConfig { Kind = AttentionKind.Literal } },
        ["attention heads"] = dcgan with { Attention = new AttentionConfig { Kind = AttentionKind.MultiHead, Heads = 2 } },
        ["attention dot product"] = dcgan with { Attention = new AttentionConfig { Similarity = AttentionSimilarity.DotProduct } },
        ["attention gaussian, scales"] =
            dcgan with { Attention = new AttentionConfig { Similarity = AttentionSimilarity.Gaussian, Scales = [1, 2, 4] } },
        ["attention concatenation"] = dcgan with { Attention = new AttentionConfig { Similarity = AttentionSimilarity.Concatenation } },
        ["attention concatenation, heads"] = dcgan with
        {
            Attention = new AttentionConfig { Kind = AttentionKind.MultiHead, Heads = 2, Similarity = AttentionSimilarity.Concatenation },
        },
        ["attention top-k"] = dcgan with { Attention = new AttentionConfig { TopK = 3 } },
        ["attention top-k of more than there are"] =
            resnet with { Attention = new AttentionConfig { Kind = AttentionKind.Pooled, TopK = 16 } },
        ["attention heads, top-k"] = dcgan with { Attention = new AttentionConfig { Kind = AttentionKind.MultiHead, Heads = 2, TopK = 5 } },
        ["attention channel"] = dcgan with { Attention = new AttentionConfig { Channel = true } },
        ["attention class"] = dcgan with { Conditional = true, Classes = 3, Attention = new AttentionConfig { ClassQuery = true } },
    };

    public static TheoryData<string> Cases => [.. cases.Keys];

    /// <summary>Small networks of each preset.</summary>
    public static TheoryData<string> Presets => [.. Configuration.Presets.Names];

    // Weights, gains and biases that are no longer the first ones, statistics and singular vectors that have moved.
    static T Lived<T>(T network, ModelConfig model, params int[] example) where T : ConditionalModule
    {
        RandomSource random = new(4);
        Step.Run(() => Autograd.NoGrad(() =>
        {
            foreach (Parameter p in network.Parameters) p.Assign(p.Value.Detach() + 0.1f * random.Normal(p.Shape));
            for (int i = 0; i < 3; i++) network.Call(random.Normal(new Shape([6, .. example])), Classes(model, 0, 1, 2, 2, 1, 0));
        }));
        network.Train(false);
        return network;
    }

    static Generator LivedGenerator(ModelConfig m) => Lived(Generator.Create(m, new Initializer(new RandomSource(3))), m, m.ZDim);

    static Discriminator LivedDiscriminator(ModelConfig m) =>
        Lived(Discriminator.Create(m, new Initializer(new RandomSource(3))), m, m.Size, m.Size, m.Channels);

    static Condition? Classes(ModelConfig model, params int[] labels) => model.Conditional ? new Condition(IndexTensor.From(labels)) : null;

    static byte[] Export(Generator g) => OnnxExport.Generator(g, new Dictionary<string, string> { ["sagan.step"] = "7" });

    static Tensor ChannelsFirst(Tensor x) => x.Rank == 4 ? Ops.Permute(x, 0, 3, 1, 2) : x;

    // Largest difference, relative to the largest number where that is above 1.
    static double Compare(ConditionalModule network, ModelConfig model, byte[] file, string[] inputs, string output, params int[] example)
    {
        (float[] x, float[] expected, long[] sizes) = Step.Run(() => Autograd.NoGrad(() =>
        {
            Tensor x = new RandomSource(8).Normal(new Shape([4, .. example]));
            Tensor y = SpectralNorm.Frozen(network, () => network.Call(x, Classes(model, 2, 1, 0, 2)));
            Tensor first = ChannelsFirst(x);
            return (first.ToArray(), ChannelsFirst(y).ToArray(), first.Shape.ToArray().Select(n => (long)n).ToArray());
        }));
        using OnnxModel onnx = new(file);
        Assert.Equal(model.Conditional ? [.. inputs, "class int64 [N]"] : inputs, onnx.Inputs);
        Assert.Equal(output, onnx.Output);
        float[] actual = onnx.Run(x, sizes, model.Conditional ? [2, 1, 0, 2] : null);
        Assert.Equal(expected.Length, actual.Length);
        Assert.True(expected.Max() - expected.Min() > 2e-3, "the outputs are nearly all one number");
        return expected.Zip(actual).Max(p => Math.Abs((double)p.First - p.Second)) / Math.Max(1, expected.Max(Math.Abs));
    }

    static void CompareGenerator(ModelConfig model)
    {
        Generator g = LivedGenerator(model);
        float[][] before = [.. g.State().Select(s => s.Parameter.Value.ToArray())];
        byte[] file = Export(g);
        Assert.Equal(before, g.State().Select(s => s.Parameter.Value.ToArray()));
        Assert.Equal(file, Export(g));
        double worst = Compare(g, model, file, [$"z float [N, {model.ZDim}]"],
            $"image float [N, {model.Channels}, {model.Size}, {model.Size}]", model.ZDim);
        Assert.True(worst <= 1e-5, $"off by {worst:G3}");
    }

    static void CompareDiscriminator(ModelConfig model)
    {
        Discriminator d = LivedDiscriminator(model);
        byte[] file = OnnxExport.Discriminator(d, new Dictionary<string, string>());
        double worst = Compare(d, model, file, [$"image float [N, {model.Channels}, {model.Size}, {model.Size}]"], "score float [N]",
            model.Size, model.Size, model.Channels);
        Assert.True(worst <= 1e-5, $"off by {worst:G3}");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_file_of_a_generator_computes_what_the_engine_does(string name) => CompareGenerator(cases[name]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_file_of_a_discriminator_computes_what_the_engine_does(string name) =>
        CompareDiscriminator(cases[name] with { DAttention = cases[name].Family == ModelFamily.Upconv ? [4] : [8], GrowFrom = 0 });

    [Theory]
    [MemberData(nameof(Presets))]
    public void Networks_of_every_preset_are_exported(string preset)
    {
        ModelConfig model = Training.RunConfig.FromPreset(preset).Model;
        model = model with
        {
            ConvDim = 8,
            ZDim = model.HierarchicalZ ? 12 : 10,
            Classes = model.Conditional ? 3 : 0,
            SharedEmbedding = Math.Min(model.SharedEmbedding, 5)
        };
        CompareGenerator(model);
        CompareDiscriminator(model);
    }

    [Fact]
    public void Metadata_and_only_the_operators_that_are_needed_are_in_the_file()
    {
        byte[] file = Export(LivedGenerator(dcgan));
        using OnnxModel onnx = new(file);
        Assert.Equal("7", onnx.Metadata["sagan.step"]);
        using OnnxReader reader = new(file, "g.onnx");
        Assert.Equal("1 Add, 2 BatchNormalization, 3 Conv, 3 ConvTranspose, 2 MatMul, 1 Mul, 2 Relu, 5 Reshape, 1 Softmax, 1 Tanh, 3 "
            + "Transpose",
            reader.About.Single(a => a.Key == "operators").Value);
    }

    // Its own parameter, a constant made on the way, a choice and a mean.
    sealed class Own : Module
    {
        readonly Linear first;
        readonly Parameter scale;

        public Own()
        {
            first = Child("first", new Linear(5, 7, new Initializer(new RandomSource(1))));
            scale = Own(new Parameter("scale", Tensor.From(1, -2, 3, 4, 5, 6, -7)));
        }

        protected override Tensor Forward(Tensor x)
        {
            Tensor h = Ops.Softplus(first.Call(x) * scale) - Ops.Exp(Tensor.From(0.5f));
            return Ops.Concat(Ops.Softmax(Ops.Max(h, 2 - h)), 3 / (1 + Ops.Mean(h * h, [1], keepDims: true)), 1);
        }
    }

    [Fact]
    public void A_users_own_module_is_exported()
    {
        Own module = new();
        Tensor x = new RandomSource(2).Normal(new Shape(3, 5));
        using OnnxModel onnx = new(OnnxExport.Module(module, new Shape(5)));
        Assert.Equal(["x float [N, 5]"], onnx.Inputs);
        Assert.Equal("y float [N, 8]", onnx.Output);
        Assert.Equal(module.Call(x).ToArray(), onnx.Run(x.ToArray(), [3, 5]), (a, b) => Math.Abs(a - b) <= 1e-6f);
    }

    sealed class Doing(Func<Tensor, Tensor> formula) : Module
    {
        protected override Tensor Forward(Tensor x) => formula(x);
    }

    public static TheoryData<string, Func<Tensor, Tensor>> Formulas => new()
    {
        { "comparisons and a choice", x => Ops.Where(Ops.Greater(x, Ops.Mean(x, 1, keepDims: true)), x, Ops.Equal(x, x) - 3) },
        { "not greater", x => x * Ops.GreaterOrEqual(Tensor.Scalar(0.2f), x) + Ops.Sign(x) },
        { "zero where negative", x => Ops.Where(Ops.Less(x, Tensor.Scalar(0)), Tensor.Scalar(0), x) },
        { "clamp", x => x.Clamp(-0.5f, 0.7f) + x.Clamp(high: 0.1f) + x.Clamp(low: 0.3f) },
        { "log softmax", x => 3 * x.LogSoftmax() },
        { "largest and smallest", x => x.Max(1, keepDims: true) * x + x.Min(1, keepDims: true) },
        { "slices, stack", x => Ops.Stack([x[.., 1..4], Ops.Exp(x[.., ..3])], 1).Flatten(1) },
        { "concat, pad", x => Ops.Concat([x, 1 / x, Ops.Pad(x, 1, 1, 8)], 1) },
        { "products", x => x.Unsqueeze(2).MatMul(x.Unsqueeze(1)).Reshape(-1, 36) },
        { "variance", x => Ops.Sqrt(x.Var([1], keepDims: true)) * Ops.Log(1 + Ops.Abs(x)) },
        { "softmax of another axis", x => x.Reshape(-1, 2, 3).Softmax(1).Transpose().Flatten(1) },
        { "gathered, broadcast", x => Ops.Gather(x.Transpose(), IndexTensor.From([5, 0, 2])).Transpose() + x.Sum(1, keepDims: true) },
    };

    [Theory]
    [MemberData(nameof(Formulas), DisableDiscoveryEnumeration = true)]
    public void Operations_are_translated(string name, Func<Tensor, Tensor> formula)
    {
        Tensor x = new RandomSource(9).Normal(new Shape(5, 6)), y = formula(x);
        using OnnxModel onnx = new(OnnxExport.Module(new Doing(formula), new Shape(6)));
        Assert.Equal($"y float [N, {y.Shape[1]}]", onnx.Output);
        float scale = 1e-5f * Math.Max(1, y.Abs().Max().Item());
        Assert.True(y.ToArray().Zip(onnx.Run(x.ToArray(), [5, 6])).All(p => Math.Abs(p.First - p.Second) <= scale), name);
    }

    // On images, whose order in the file is another one.
    public static TheoryData<string, Func<Tensor, Tensor>> ImageFormulas => new()
    {
        { "group norm", x => new GroupNorm(2, 4, new Initializer(new RandomSource(1))).Call(x) },
        { "layer norm", x => new LayerNorm(4, new Initializer(new RandomSource(1))).Call(x) },
        { "softmax over channels", x => Ops.Softmax(x) * x },
        { "of channels", x => x * Tensor.From(1, 2, 3, 4) + x.Mean([1, 2], keepDims: true) },
        { "of pixels", x => Ops.Concat(x[.., 1.., ..], x[.., ..1, ..], 1) - x.Max(3, keepDims: true) },
        { "pooled", x => Ops.Upsample2x(Ops.AvgPool2x2(x)) + Ops.Upsample2x(Ops.MaxPool2d(x)) },
        { "permuted", x => x.Permute(0, 2, 1, 3) * 2 },
    };

    [Theory]
    [MemberData(nameof(ImageFormulas), DisableDiscoveryEnumeration = true)]
    public void Operations_on_images_are_translated(string name, Func<Tensor, Tensor> formula)
    {
        Tensor x = new RandomSource(9).Normal(new Shape(3, 6, 6, 4)), y = ChannelsFirst(formula(x));
        using OnnxModel onnx = new(OnnxExport.Module(new Doing(formula), new Shape(6, 6, 4)));
        Assert.Equal("y float [N, 4, 6, 6]", onnx.Output);
        float[] actual = onnx.Run(ChannelsFirst(x).ToArray(), [3, 4, 6, 6]);
        Assert.True(y.ToArray().Zip(actual).All(p => Math.Abs(p.First - p.Second) <= 1e-5f), name);
    }

    public static TheoryData<string, Func<Tensor, Tensor>> Refused => new()
    {
        { "the operation 'scatter_add' has no ONNX form here",
            x => Ops.ScatterAdd(x, IndexTensor.From(Enumerable.Range(0, x.Shape[0]).ToArray()), x.Shape[0]) },
        { "'divide_by' in '' takes a number that depends on the number of examples", x => x - Ops.Mean(x, [0]) },
        { "'add' in '' takes a constant whose size depends on the number of examples", x => x + Tensor.Ones(x.Shape) },
        { "its output is not one row for each example", x => Ops.Sum(x) },
        { "its output does not depend on its input", x => Tensor.Ones(x.Shape) },
        { "it does not run the same operations for every number of examples", x => x.Shape[0] > 2 ? Ops.Exp(x) : Ops.Tanh(x) },
    };

    [Theory]
    [MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public void What_has_no_form_is_refused_by_name(string message, Func<Tensor, Tensor> formula)
    {
        InterchangeException e = Assert.Throws<InterchangeException>(() => OnnxExport.Module(new Doing(formula), new Shape(4)));
        Assert.Equal($"the module cannot be exported as ONNX: {message}; as pth or safetensors it can.", e.Message);
    }

    [Fact]
    public void A_module_that_looks_at_elements_is_refused() =>
        Assert.Contains("cannot be followed", Assert.Throws<InvalidOperationException>(
            () => OnnxExport.Module(new Doing(x => x * x.ToArray()[0]), new Shape(4))).Message, StringComparison.Ordinal);

    [Fact]
    public void The_reader_finds_the_weights_and_damage_is_refused_or_harmless()
    {
        Generator g = LivedGenerator(dcgan with { SpectralNorm = SpectralNormKind.None, ConvDim = 8, ZDim = 2 });
        byte[] whole = Export(g);
        using (OnnxReader r = new(whole, "g.onnx"))
        {
            (_, Parameter w) = g.State().First(s => s.Name == "l1.0.weight");
            Assert.Equal(StateDict.Saved(w), r.Read<float>("l1.0.weight"));
            Assert.Equal([2L, 16, 4, 4], r["l1.0.weight"].Shape);
            Assert.Contains(("sagan.step", "7"), r.About);
            Assert.Contains("3 ConvTranspose", r.About.Single(a => a.Key == "operators").Value);
        }
        Random random = new(6);
        for (int i = 0; i < 1000; i++)
        {
            byte[] file = [.. whole];
            // Most of the file is weights, which any bits are; the structure is at the ends and between.
            for (int k = 1 << random.Next(6); k > 0; k--)
                file[random.Next(random.Next(2) == 0 ? 2500 : file.Length)] ^= (byte)(1 << random.Next(8));
            if (i % 7 == 0) file = file[..random.Next(file.Length)];
            try
            {
                using OnnxReader r = new(file, "fuzz");
                foreach (TensorEntry e in r.Entries) Assert.Equal(e.Count, r.Read<double>(e.Name).Length);
            }
            catch (SaganException e)
            {
                Assert.True(e.Message.Length is > 20 and < 3000 && e.Message.All(c => !char.IsControl(c)), e.Message);
            }
        }
    }
}
