using System.Text.Json;
using Sagan.Native.Kernels;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using SpectralNorm = Sagan.Native.Modules.SpectralNorm;

namespace Sagan.Native.Tests;

/// <summary>
/// Every form of self-attention, conditional batch normalisation, and spectral normalisation in the official convention, against PyTorch's
/// float64 results:
/// outputs, gradients by weights and inputs, buffers after each step.
/// </summary>
[Quick]
public sealed class GoldenSaganModuleTests(ITestOutputHelper output)
{
    /// <summary>Relative to the largest element of a tensor; of gradients, see <see cref="FormulaCase"/>. Measured: at most
    /// 1.4e-6.</summary>
    const double Tolerance = 1e-5;

    public static TheoryData<string, string> Cases() => GoldenFile.CasesOnEveryDevice("sagan_modules");

    [Theory]
    [MemberData(nameof(Cases))]
    public void Agrees_with_PyTorch(string name, string device)
    {
        using GoldenFile file = new("sagan_modules");
        Device on = Device.Parse(device);
        FormulaCase c = new(file, name, on);
        Module module = Build(name, c.Config, new Initializer(new RandomSource(1), device: on));
        c.Load(module);
        for (int i = 0; i < c.Steps.Length; i++)
        {
            module.Train(c.Steps[i] == "train");
            Step.Run(() =>
            {
                if (name == "official_embedding")
                {
                    c.Compare(i, module, ((SpectralNorm)module).Call(c.Labels!), Tolerance);
                    return;
                }
                Tensor x = c.Input(i, "in");
                if (name != "cbn_linear")
                {
                    c.Compare(i, module, module.Call(x, c.Condition), Tolerance, ("in", x));
                    return;
                }
                Tensor vector = c.Input(i, "vector");
                c.Compare(i, module, module.Call(x, c.Condition!.With(vector)), Tolerance, ("in", x), ("vector", vector));
            });
        }
        output.WriteLine($"{c.Worst.Error:G2} in {c.Worst.Key}");
    }

    static Module Build(string name, JsonElement config, Initializer init)
    {
        return name switch
        {
            "cbn_table" => new ConditionalBatchNorm2d(5, 3, init),
            "cbn_linear" => new ConditionalBatchNorm2d(5, init, new Linear(3, 5, init, bias: false), new Linear(3, 5, init, bias: false)),
            "official_linear" => Normalized(new Linear(5, 7, init)),
            "official_conv2d" => Normalized(new Conv2d(3, 5, 4, init, stride: 2, padding: 1)),
            "official_conv_transpose2d" => Normalized(new ConvTranspose2d(3, 5, 4, init, stride: 2, padding: 1)),
            "official_embedding" => Normalized(new Embedding(6, 4, init)),
            _ when Int(config, "classes") is > 0 and var classes => new ClassAttention(Channels(), init, 0, Options(config), null, classes),
            _ => new SelfAttention(Channels(), init, 0, Options(config)),
        };

        int Channels() => config.GetProperty("channels").GetInt32();

        SpectralNorm Normalized(Module layer) => new(layer, init, SpectralNormConvention.Official);
    }

    static AttentionOptions Options(JsonElement c) => new()
    {
        Kind = Named<AttentionKind>(c, "kind"),
        Similarity = Named<AttentionSimilarity>(c, "similarity"),
        Heads = Math.Max(1, Int(c, "heads")),
        TopK = Int(c, "top_k"),
        Scales = c.TryGetProperty("scales", out JsonElement s) ? [.. s.EnumerateArray().Select(n => n.GetInt32())] : [],
        Channel = c.TryGetProperty("channel", out _),
    };

    static int Int(JsonElement c, string key) => c.TryGetProperty(key, out JsonElement n) ? n.GetInt32() : 0;

    static T Named<T>(JsonElement c, string key) where T : struct, Enum =>
        c.TryGetProperty(key, out JsonElement name)
            ? Enum.Parse<T>(name.GetString()!.Replace("-", "", StringComparison.Ordinal), ignoreCase: true) : default;
}
