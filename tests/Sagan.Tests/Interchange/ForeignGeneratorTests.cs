using System.Text.Json.Nodes;
using Sagan.Native.Commands;
using Sagan.Native.Configuration;
using Sagan.Native.IO;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using Sagan.Native.Training;

namespace Sagan.Native.Tests.Interchange;

/// <summary>
/// Generators of BigGAN-PyTorch and StudioGAN: the names and forms of their layers, written as modules of PyTorch from the description of
/// these (see make_interchange.py), and their images.
/// </summary>
[Quick]
public sealed class ForeignGeneratorTests : IDisposable
{
    // As for heykeetae's networks, some units of float32 in images within [-1, 1].
    const double Tolerance = 2e-5;

    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("big/hierarchical", "size=128", "convDim=1", "zDim=12", "sharedEmbedding=6", "hierarchicalZ=true", "classes=5",
        "gAttention=8", "conditionalNorm=linear")]
    [InlineData("big/shared", "size=32", "convDim=2", "zDim=8", "sharedEmbedding=6", "hierarchicalZ=false", "classes=4", "gAttention=16",
        "conditionalNorm=linear")]
    [InlineData("big/tables", "size=32", "zDim=8", "sharedEmbedding=0", "classes=3", "conditionalNorm=table")]
    [InlineData("studio/one_hot", "size=32", "convDim=2", "classes=4", "conditionalNorm=linear", "gAttention=16",
        "batchNormEpsilon=0.0001")]
    [InlineData("studio/tables", "size=32", "classes=5", "conditionalNorm=linear")]
    [InlineData("studio/plain", "size=64", "convDim=1", "conditional=false", "gSpectralNorm=false")]
    [InlineData("studio/shared", "size=32", "zDim=16", "sharedEmbedding=6", "hierarchicalZ=true", "gAttention=8")]
    public void A_generator_is_imported_without_a_word_about_its_sizes_and_gives_its_images(string name, params string[] found)
    {
        string file = folder.File("g.pth"), run = folder.File("run");
        File.WriteAllBytes(file, InterchangeGolden.File(name + ".pth"));
        (int code, _, string error) = Sagan("import", file, "--out", run);
        Assert.True(code == 0, error);
        JsonNode model = JsonNode.Parse(File.ReadAllText(Path.Combine(run, "config.json")))!["model"]!;
        foreach (string f in found)
        {
            (string key, string value) = (f.Split('=')[0], f.Split('=')[1]);
            string actual = model[key] is JsonArray sizes ? string.Join(',', sizes.Select(s => (int)s!)) : model[key]!.ToString();
            Assert.Equal((key, value), (key, actual));
        }

        using SafetensorsReader golden = InterchangeGolden.Numbers(name + ".safetensors");
        RunConfig config =
            ResolvedConfig.Resolve(new ConfigSources { File = Path.Combine(run, "config.json"), FileIsComplete = true }).Config;
        Generator g = Generator.Create(config.Model, new Initializer(new RandomSource(1)));
        using (SafetensorsReader saved = new(Path.Combine(run, "checkpoints", "step-0000000", "model.safetensors")))
            StateDict.Load(saved, g.State(), "g.");
        g.Train(false);
        float[] expected = golden.Read<float>("images"), actualPixels = [];
        int every = int.Parse(golden.Metadata["every"], System.Globalization.CultureInfo.InvariantCulture);
        Step.Run(() => Autograd.NoGrad(() =>
        {
            Tensor z = Tensor.From(golden.Read<float>("z"), new Shape(3, (int)golden["z"].Shape[1]));
            Condition? classes = g.Model.Conditional
                ? new Condition(IndexTensor.From([.. Enumerable.Range(0, 3).Select(i => i % g.Model.Classes)], Kernels.Device.Cpu)) : null;
            Tensor y = Ops.Permute(g.Call(z, classes), 0, 3, 1, 2);
            (int planes, int size, float[] all) = (y.Shape[0] * y.Shape[1], y.Shape[2], y.ToArray());
            int[] kept = [.. Enumerable.Range(0, size / every).Select(i => i * every)];
            actualPixels = [.. from p in Enumerable.Range(0, planes) from i in kept from j in kept select all[(p * size + i) * size + j]];
            return true;
        }));
        Assert.Equal(expected.Length, actualPixels.Length);
        double worst = expected.Zip(actualPixels).Max(p => Math.Abs((double)p.First - p.Second));
        Assert.True(worst <= Tolerance, $"{name}: off by {worst:G3}");
        Assert.True(expected.Max() - expected.Min() > 0.4);
    }

    [Fact]
    public void A_generator_whose_widths_no_network_here_has_is_refused_with_both()
    {
        string file = folder.File("g.pth");
        File.WriteAllBytes(file, InterchangeGolden.File("big/wide64.pth"));
        (int code, _, string error) = Sagan("import", file, "--out", folder.File("run"));
        Assert.Equal(5, code);
        Assert.Contains("makes images of 64x64 with blocks of 16 -> 16, 8, 4, 2 channels; the networks here have ", error);
        Assert.False(Directory.Exists(folder.File("run")));
    }

    static (int Code, string Output, string Error) Sagan(params string[] arguments)
    {
        StringWriter output = new(), error = new();
        int code = SaganCommandLine.Run(arguments, output, error);
        return (code, output.ToString(), error.ToString());
    }
}
