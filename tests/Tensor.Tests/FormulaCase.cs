using System.Text;
using System.Text.Json;
using Sagan.Native.IO;
using Sagan.Native.Kernels;
using Sagan.Native.Modules;

namespace Sagan.Native.Tests;

/// <summary>A case of a golden file whose weights and inputs are not in the file but follow from their names by a formula:
/// tests/golden/README.md.</summary>
sealed partial class FormulaCase(GoldenFile file, string name, Device device)
{
    readonly JsonElement json = file.Cases[name];

    public JsonElement Config => json.GetProperty("config");

    public string Salt => json.GetProperty("salt").GetString()!;

    public string[] Steps => [.. json.GetProperty("steps").EnumerateArray().Select(s => s.GetString()!)];

    /// <summary>The classes, or null where the case has none.</summary>
    public IndexTensor? Labels => json.GetProperty("labels") is { ValueKind: JsonValueKind.Array } all
        ? IndexTensor.From([.. all.EnumerateArray().Select(n => n.GetInt32())], device)
        : null;

    /// <summary>The largest quotient of an error and what is large in its tensor.</summary>
    public (string Key, double Error) Worst { get; private set; } = ("", 0);

    /// <summary>float32(offset + scale u[i]), u in [-1, 1) from a hash of the name and i.</summary>
    public static float[] Values(string name, int count, double offset = 0, double scale = 1)
    {
        uint seed = 2166136261;
        foreach (byte b in Encoding.ASCII.GetBytes(name)) seed = (seed ^ b) * 16777619;
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            uint x = seed + (uint)i * 0x9E3779B9;
            x ^= x >> 16;
            x *= 0x7FEB352D;
            x ^= x >> 15;
            x *= 0x846CA68B;
            x ^= x >> 16;
            values[i] = (float)(offset + scale * ((x >> 8) / 8388608.0 - 1));
        }
        return values;
    }

    /// <summary>A tensor of these values; [a, b, h, w] becomes the engine's [a, h, w, b].</summary>
    public static Tensor Image(string name, Shape shape, Device device, double offset = 0, double scale = 1)
    {
        Tensor t = Tensor.From(Values(name, shape.Count, offset, scale), shape, device);
        return shape.Rank == 4 ? Ops.Permute(t, 0, 2, 3, 1) : t;
    }

    /// <summary>Loads the formula's weights under the names and in the shapes that the state has in PyTorch: name -> [shape, offset,
    /// scale].</summary>
    public static void Load(IEnumerable<(string Name, Parameter Parameter)> state, JsonElement pytorch, string salt)
    {
        SafetensorsWriter writer = new();
        foreach (JsonProperty p in pytorch.EnumerateObject())
        {
            Shape shape = new([.. p.Value[0].EnumerateArray().Select(n => n.GetInt32())]);
            writer.Add(p.Name, shape, Values($"{salt}/{p.Name}", shape.Count, p.Value[1].GetDouble(), p.Value[2].GetDouble()));
        }
        MemoryStream stream = new();
        writer.Write(stream);
        stream.Position = 0;
        using SafetensorsReader reader = new(stream, "formula");
        StateDict.Load(reader, state);
    }

    public void Load(Module module) => Load(module.State(), json.GetProperty("state"), Salt);

    /// <summary>An input of a step, tracked.</summary>
    public Tensor Input(int step, string key)
    {
        JsonElement input = json.GetProperty("inputs").GetProperty(key);
        Shape shape = new([.. input[0].EnumerateArray().Select(n => n.GetInt32())]);
        return Image($"{Salt}/s{step}.{key}", shape, device, 0, input[1].GetDouble()).RequireGrad();
    }

    /// <summary>Compares the output of a step, its gradients by all weights and inputs, and the buffers after it.</summary>
    public void Compare(int step, Module module, Tensor output, double tolerance, params (string Name, Tensor Value)[] inputs)
    {
        string at = $"{name}/s{step}";
        Note($"{at}.out", file.AssertClose($"{at}.out", output, tolerance, channelsLast: true, floor: 1e-3));
        if (file.Names($"{at}.grad.").Length > 0) CompareGradients(at, module, output, $"{Salt}/s{step}.cotangent", tolerance, inputs);
        Dictionary<string, Parameter> state = module.State().ToDictionary(s => s.Name, s => s.Parameter);
        foreach (string buffer in file.Names($"{at}.state."))
            Note($"{at}.state.{buffer}", file.AssertClose($"{at}.state.{buffer}", StateDict.Saved(state[buffer]), tolerance, floor: 1e-3));
    }

    void CompareGradients(string at, Module module, Tensor output, string cotangent, double tolerance, (string Name, Tensor Value)[] inputs)
    {
        (string Name, Parameter Parameter)[] weights = [.. module.State().Where(s => s.Parameter.IsTrainable)];
        Shape shape = output.Rank == 4 ? new Shape(output.Shape[0], output.Shape[3], output.Shape[1], output.Shape[2]) : output.Shape;
        Tensor[] wrt = [.. weights.Select(w => w.Parameter.Value), .. inputs.Select(i => i.Value)];
        Tensor[] gradients = Autograd.Grad(Ops.Sum(output * Image(cotangent, shape, device)), wrt);
        string[] differentiated = [.. weights.Select(w => w.Name).Concat(inputs.Select(i => i.Name)).Order(StringComparer.Ordinal)];
        Assert.Equal(file.Names($"{at}.grad."), differentiated);
        CompareGradients($"{at}.grad", weights, gradients, tolerance);
        for (int i = 0; i < inputs.Length; i++)
        {
            string key = $"{at}.grad.{inputs[i].Name}";
            Note(key, file.AssertClose(key, gradients[weights.Length + i], tolerance, channelsLast: true, floor: 1e-3));
        }
    }

    /// <summary>
    /// Compares gradients of weights, each relative to its largest element, or to 3 % of the largest of all gradients where that is more;
    /// a bias's relative to its layer's weight too. Gradients of biases are sums that cancel, to 0 before a softmax or a normalisation,
    /// and what rounding leaves is as large as their terms make it, which are those of the weight's. (By their own largest elements
    /// alone, PyTorch's float32 gradients are off by up to 6e-4.) Where gradients are differences, <paramref name="terms"/> are what they
    /// are the differences of: theirs is the rounding that is left.
    /// </summary>
    public void CompareGradients(string prefix, IReadOnlyList<(string Name, Parameter Parameter)> weights, Tensor[] gradients,
        double tolerance,
        Tensor[]? terms = null)
    {
        double least = 0.03 * weights.Max(w => file.Largest($"{prefix}.{w.Name}"));
        for (int i = 0; i < weights.Count; i++)
        {
            string key = weights[i].Name, layer = key[..(key.LastIndexOf('.') + 1)];
            double floor = !key.EndsWith("bias", StringComparison.Ordinal) ? least
                : Math.Max(least, weights.Where(w => w.Name.StartsWith(layer, StringComparison.Ordinal)).Max(w =>
                    file.Largest($"{prefix}.{w.Name}")));
            if (terms != null) floor = Math.Max(floor, terms[i].ToArray().Max(MathF.Abs));
            Note($"{prefix}.{key}", file.AssertClose($"{prefix}.{key}", GoldenFile.InFileLayout(weights[i].Parameter, gradients[i]),
                tolerance, floor));
        }
    }

    void Note(string key, double error)
    {
        if (error > Worst.Error) Worst = (key, error);
    }
}
