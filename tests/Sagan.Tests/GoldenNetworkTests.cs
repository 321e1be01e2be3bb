using System.Text.Json;
using Sagan.Native.Kernels;
using Sagan.Native.Losses;
using Sagan.Native.Models;
using Sagan.Native.Modules;

namespace Sagan.Native.Tests;

/// <summary>
/// Whole networks of every family against PyTorch's float64 results: outputs, gradients by weights and by the input, buffers after.
/// </summary>
[Quick]
public class GoldenNetworkTests(ITestOutputHelper output)
{
    /// <summary>Relative to the largest element of a tensor; of gradients, see <see cref="FormulaCase"/>. Measured: at most 5e-6.</summary>
    const double Tolerance = 1e-5;

    protected virtual Device Device => Device.Cpu;

    public static TheoryData<string, string> Cases()
    {
        TheoryData<string, string> all = [];
        foreach (string name in (string[])["sagan_networks", "sagan_growing"])
        {
            using GoldenFile file = new(name);
            foreach (string key in file.Cases.Keys) all.Add(name, key);
        }
        return all;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Agrees_with_PyTorch(string fileName, string name)
    {
        using GoldenFile file = new(fileName);
        FormulaCase c = new(file, name, Device);
        ModelConfig model = GoldenModel.Of(c.Config);
        Initializer init = new(new RandomSource(1), device: Device);
        bool generates = name.EndsWith("/g", StringComparison.Ordinal);
        Module network = generates ? Generator.Create(model, init) : Discriminator.Create(model, init);
        if (GoldenModel.GrowthOf(c.Config) is { } growth)
        {
            if (network is Generator g) g.Growth = growth;
            else ((Discriminator)network).Growth = growth;
        }
        c.Load(network);
        for (int i = 0; i < c.Steps.Length; i++)
        {
            network.Train(c.Steps[i] == "train");
            // The files were made without it.
            foreach (Dropout2d dropout in network.Descendants().Select(m => m.Module).OfType<Dropout2d>()) dropout.Train(false);
            Step.Run(() =>
            {
                string key = generates ? "z" : "image";
                Tensor x = c.Input(i, key);
                c.Compare(i, network, network.Call(x, c.Condition), Tolerance, (key, x));
            });
        }
        output.WriteLine($"{c.Worst.Error:G2} in {c.Worst.Key}");
    }
}

/// <summary>The same on a GPU.</summary>
public sealed class GpuGoldenNetworkTests(ITestOutputHelper output)
{
    [Fact]
    public void All_of_it_holds() => Suite.RunAll(new OnGpu(output, NetworkGpu.Device));

    sealed class OnGpu(ITestOutputHelper output, Device device) : GoldenNetworkTests(output)
    {
        protected override Device Device => device;
    }
}

/// <summary>The configuration that a golden file's options mean.</summary>
static class GoldenModel
{
    public static ModelConfig Of(JsonElement o)
    {
        int classes = Int("classes");
        return new ModelConfig
        {
            Family = Named<ModelFamily>("family"),
            Size = Int("size"),
            ConvDim = Int("conv_dim"),
            ZDim = Int("z"),
            GAttention = Ints("g_attention"),
            DAttention = Ints("d_attention"),
            Attention = new AttentionConfig
            {
                Kind = Named<AttentionKind>("kind"),
                ClassQuery = Is("class_query", false),
                Similarity = Form("similarity") is { } similarity ? Kebab<AttentionSimilarity>(similarity.GetString()!) : default,
                Heads = Form("heads")?.GetInt32() ?? 1,
                TopK = Form("top_k")?.GetInt32() ?? 0,
                Scales = Form("scales") is { } scales ? [.. scales.EnumerateArray().Select(n => n.GetInt32())] : [],
                Channel = Form("channel") != null,
            },
            Conditional = classes > 0,
            Classes = classes,
            ConditionalNorm = Named<ConditionalNormKind>("cond"),
            SharedEmbedding = Int("shared"),
            HierarchicalZ = Is("hierarchical", false),
            SpectralNorm = o.TryGetProperty("sn", out _) ? Named<SpectralNormKind>("sn") : SpectralNormKind.Torch,
            OutputSpectralNorm = Is("output_sn", true),
            BatchNormEpsilon = o.TryGetProperty("bn_eps", out JsonElement epsilon) ? epsilon.GetDouble() : 1e-5,
            Slope = o.TryGetProperty("slope", out JsonElement slope) ? slope.GetDouble() : null,
            Padding = Is("reflect", false) ? PaddingKind.Reflect : PaddingKind.Zero,
            ShortcutAfterActivation = Is("in_place", false),
            GrowFrom = Int("grow_from"),
        };

        JsonElement? Form(string key) =>
            o.TryGetProperty("form", out JsonElement form) && form.TryGetProperty(key, out JsonElement value) ? value : null;

        int Int(string key) => o.TryGetProperty(key, out JsonElement n) ? n.GetInt32() : 0;

        int[] Ints(string key) => [.. o.GetProperty(key).EnumerateArray().Select(n => n.GetInt32())];

        bool Is(string key, bool otherwise) => o.TryGetProperty(key, out JsonElement b) ? b.GetBoolean() : otherwise;

        T Named<T>(string key) where T : struct, Enum => o.TryGetProperty(key, out JsonElement n) ? Kebab<T>(n.GetString()!) : default;
    }

    public static Growth? GrowthOf(JsonElement o) =>
        o.TryGetProperty("growth", out JsonElement g) ? new Growth(g[0].GetInt32(), g[1].GetSingle()) : null;

    public static T Kebab<T>(string name) where T : struct, Enum =>
        Enum.Parse<T>(name.Replace("-", "", StringComparison.Ordinal), ignoreCase: true);
}
