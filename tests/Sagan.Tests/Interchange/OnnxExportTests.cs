using System.Security.Cryptography;
using Sagan.Native.Export;
using Sagan.Native.IO;
using Sagan.Native.Interchange.Onnx;
using Sagan.Native.Kernels;
using Sagan.Native.Losses;
using Sagan.Native.Models;
using Sagan.Native.Modules;

namespace Sagan.Native.Tests.Interchange;

/// <summary>Exported generators, computed by an evaluator of their own from the bytes of the file, against the engine.</summary>
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
        ["upconv"] = new() { Family = ModelFamily.Upconv, Size = 16, ConvDim = 8, ZDim = 6, GAttention = [8], DAttention = [],
            InitialGamma = 0.7 },
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

    /// <summary>Weights, gains and biases that are no longer the first ones, statistics and singular vectors that have moved.</summary>
    static Generator Lived(ModelConfig model)
    {
        RandomSource random = new(4);
        Generator g = Generator.Create(model, new Initializer(new RandomSource(3)));
        Step.Run(() => Autograd.NoGrad(() =>
        {
            foreach (Parameter p in g.Parameters) p.Assign(p.Value.Detach() + 0.1f * random.Normal(p.Shape));
            for (int i = 0; i < 3; i++) g.Call(random.Normal(new Shape(6, model.ZDim)), Classes(model, 0, 1, 2, 2, 1, 0));
            return true;
        }));
        g.Train(false);
        return g;
    }

    static Condition? Classes(ModelConfig model, params int[] labels) => model.Conditional ? new Condition(IndexTensor.From(labels)) : null;

    static byte[] Export(Generator g) => OnnxExport.Generator(g, new Dictionary<string, string> { ["sagan.step"] = "7" });

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_file_computes_what_the_engine_does(string name)
    {
        ModelConfig model = cases[name];
        Generator g = Lived(model);
        float[][] before = [.. g.State().Select(s => s.Parameter.Value.ToArray())];
        byte[] file = Export(g);
        Assert.Equal(before, g.State().Select(s => s.Parameter.Value.ToArray()));

        (float[] z, float[] expected) = Step.Run(() => Autograd.NoGrad(() =>
        {
            Tensor z = new RandomSource(8).Normal(new Shape(2, model.ZDim));
            Tensor y = SpectralNorm.Frozen(g, () => g.Call(z, Classes(model, 2, 1)));
            return (z.ToArray(), Ops.Permute(y, 0, 3, 1, 2).ToArray());
        }));
        OnnxEvaluator onnx = new(file);
        Assert.Equal(model.Conditional ? [$"z float [N, {model.ZDim}]", "class int64 [N]"] : [$"z float [N, {model.ZDim}]"], onnx.Inputs);
        Assert.Equal($"image float [N, {model.Channels}, {model.Size}, {model.Size}]", onnx.Output);
        Assert.Equal("7", onnx.Metadata["sagan.step"]);
        OnnxArray image = onnx.Run(("z", OnnxArray.Of([2, model.ZDim], z)), ("class", new OnnxArray([2], [], [2, 1])));
        Assert.Equal([2, model.Channels, model.Size, model.Size], image.Dims);
        // Pixels are in [-1, 1]; the evaluator adds in double, the engine in float32.
        double worst = expected.Zip(image.Floats).Max(p => Math.Abs((double)p.First - p.Second));
        Assert.True(worst <= 1e-5, $"{name}: off by {worst:G3}");
        Assert.True(expected.Max() - expected.Min() > 0.2, $"{name}: the images are nearly all one colour");
    }

    [Fact]
    public void Only_the_operators_that_are_needed_are_in_the_file()
    {
        OnnxEvaluator onnx = new(Export(Lived(dcgan)));
        Assert.Equal(
            ["Reshape", "ConvTranspose", "BatchNormalization", "Relu", "ConvTranspose", "BatchNormalization", "Relu",
                "Conv", "Conv", "Conv", "Reshape", "Transpose", "Reshape", "Reshape", "Transpose", "MatMul", "Softmax", "MatMul",
                "Transpose", "Reshape", "Mul", "Add", "ConvTranspose", "Tanh"],
            onnx.Operators);
    }

    /// <summary>
    /// The hash of a file that onnx.checker and strict shape inference of onnx 1.12 were seen to accept. Its weights need no rounding. The
    /// files of the 16 cases without concatenation and top-k were also run in ONNX Runtime 1.30, within 5e-7 of the engine.
    /// </summary>
    [Fact]
    public void The_bytes_are_those_that_onnx_checked()
    {
        Generator g = Generator.Create(dcgan with { SpectralNorm = SpectralNormKind.None }, new Initializer(new RandomSource(3)));
        foreach ((_, Parameter p) in g.State()) p.Assign(Enumerable.Range(0, p.Value.Count).Select(i => (i % 7 - 3) / 4f).ToArray());
        Assert.Equal("487ff25b2fd691b31f8cba7ab170cfcb321bd5a639018e07b7f5f5f189897458",
            Convert.ToHexStringLower(SHA256.HashData(Export(g))));
    }

    [Fact]
    public void What_has_no_form_is_refused_by_name()
    {
        OnnxGraph graph = new();
        Assert.Contains("a Odd has no ONNX form",
            Assert.Throws<NotSupportedException>(() => new Odd().Export(graph, new OnnxValue("x", 1), null)).Message);
    }

    sealed class Odd : Module
    {
        protected override Tensor Forward(Tensor x) => x;
    }

    [Fact]
    public void The_reader_finds_the_weights_and_damage_is_refused_or_harmless()
    {
        Generator g = Lived(dcgan with { SpectralNorm = SpectralNormKind.None, ConvDim = 8, ZDim = 2 });
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
