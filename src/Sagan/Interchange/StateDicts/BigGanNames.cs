using Sagan.Native.IO;

namespace Sagan.Native.Interchange.StateDicts;

/// <summary>
/// Generators of BigGAN-PyTorch (https://github.com/ajbrock/BigGAN-PyTorch) under our names.
/// <code>linear                                    linear
/// blocks.I.0.conv1, .conv2, .conv_sc        blockI+1.conv1, .conv2, .conv0
/// blocks.I.0.bn1, .bn2                      blockI+1.norm1, .norm2       stored_mean, stored_var: running_mean, running_var
/// blocks.I.1.theta, .phi, .g, .o, .gamma    attnK.query_conv, .key_conv, .value_conv, .out_conv, .gamma
/// output_layer.0.gain, .bias; .2            norm.weight, .bias; last
/// shared.weight                             shared.weight
/// X.weight beside X.u0                      X.weight_orig, X.weight_u, X.weight_v</code>
/// That code does one power step from u0 in each forward pass and keeps it while training only: v = l2n(W^T u0), u = l2n(W v) give its
/// images. Without shared class vectors (--G_shared) gains are tables of differences from 1. Not read: --mybn, whose statistics are sums,
/// and BigGAN-deep.
/// </summary>
static class BigGanNames
{
    public static bool Are(TensorFile file) => file.Entries.Any(e => e.Name.StartsWith("output_layer.", StringComparison.Ordinal));

    public static TensorFile Of(TensorFile file)
    {
        ComposedTensorFile ours = new(file) { Found = Found(file) };
        ResNetShape shape = ResNetShape.Of(file, "linear", "conv1", "theta");
        foreach (TensorEntry e in file.Entries)
        {
            (string layer, string leaf) = Split(e.Name);
            string to = Layer(layer, shape);
            bool gains = leaf == "weight" && layer.EndsWith(".gain", StringComparison.Ordinal);
            if (leaf == "weight" && file.Contains(layer + ".u0"))
            {
                ours.Add(to + ".weight_orig", e.Name);
                ours.Add(to + ".weight_u", layer + ".u0", [e.Shape[0]], () => Stepped(file, layer).U);
                ours.Add(to + ".weight_v", layer + ".u0", [e.Count / Math.Max(1, e.Shape[0])], () => Stepped(file, layer).V);
            }
            else if (gains && !file.Contains("shared.weight"))
                ours.Add(to + ".weight", e.Name, e.Shape, () => [.. file.Read<float>(e.Name).Select(g => 1 + g)]);
            else if (leaf == "gamma") ours.Add(to + ".gamma", e.Name, [1], () => file.Read<float>(e.Name));
            else if (!IsOfPowerIteration(leaf)) ours.Add($"{to}.{Leaf(layer, leaf)}", e.Name);
        }
        return ours;
    }

    /// <summary>What the file shows of the configuration.</summary>
    static IEnumerable<(string Path, string Text)> Found(TensorFile file)
    {
        ResNetShape shape = ResNetShape.Of(file, "linear", "conv1", "theta");
        string gain = shape.GainOf("bn1.gain");
        bool shared = file.Contains("shared.weight"), any = file.Contains(gain);
        yield return ("model.conditional", any ? "true" : "false");
        if (any)
        {
            yield return ("model.conditionalNorm", shared ? "linear" : "table");
            yield return ("model.classes", $"{(shared ? file["shared.weight"] : file[gain]).Shape[0]}");
        }
        long width = shared ? file["shared.weight"].Shape[1] : 0;
        bool hierarchical = shared && file[gain].Shape[1] > width;
        foreach ((string, string) f in shape.Found(width, hierarchical)) yield return f;
        yield return ("model.batchNormEpsilon", "1e-5");
    }

    static (string Layer, string Leaf) Split(string name)
    {
        int at = name.LastIndexOf('.');
        return at < 0 ? ("", name) : (name[..at], name[(at + 1)..]);
    }

    // u0, sv0 and, with more than one singular value, u1, sv1, ...
    static bool IsOfPowerIteration(string leaf) => leaf.TrimEnd("0123456789".ToCharArray()) is "u" or "sv" && char.IsAsciiDigit(leaf[^1]);

    static string Layer(string layer, ResNetShape shape) => layer.Split('.') switch
    {
        ["blocks", var i, "0", .. var rest] => $"block{shape.Block(i)}.{string.Join('.', rest.Where(r => r != "bn").Select(Part))}",
        ["blocks", var i, "1", .. var rest] => string.Join('.', rest.Select(Part).Prepend($"attn{shape.Attention(i)}")),
        ["output_layer", "0", ..] => "norm",
        ["output_layer", "2"] => "last",
        _ => layer,
    };

    static string Part(string part) => part switch
    {
        "conv_sc" => "conv0",
        "bn1" => "norm1",
        "bn2" => "norm2",
        "theta" => "query_conv",
        "phi" => "key_conv",
        "g" => "value_conv",
        "o" => "out_conv",
        _ => part,
    };

    static string Leaf(string layer, string leaf) => leaf switch
    {
        "stored_mean" => "running_mean",
        "stored_var" => "running_var",
        "gain" when layer == "output_layer.0" => "weight",
        _ => leaf,
    };

    static (float[] U, float[] V) Stepped(TensorFile file, string layer)
    {
        float[] w = file.Read<float>(layer + ".weight"), u = file.Read<float>(layer + ".u0");
        int columns = w.Length / u.Length;
        double[] v = new double[columns], next = new double[u.Length];
        for (int i = 0; i < u.Length; i++)
            for (int j = 0; j < columns; j++) v[j] += (double)u[i] * w[i * columns + j];
        Normalize(v);
        for (int i = 0; i < u.Length; i++)
            for (int j = 0; j < columns; j++) next[i] += w[i * columns + j] * v[j];
        Normalize(next);
        return ([.. next.Select(x => (float)x)], [.. v.Select(x => (float)x)]);
    }

    static void Normalize(double[] x)
    {
        double norm = Math.Max(Math.Sqrt(x.Sum(v => v * v)), 1e-12);
        for (int i = 0; i < x.Length; i++) x[i] /= norm;
    }
}
