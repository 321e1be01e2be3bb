using Sagan.Native.IO;

namespace Sagan.Native.Interchange.StateDicts;

/// <summary>
/// Generators of StudioGAN's backbones resnet and big_resnet (https://github.com/POSTECH-CVLab/PyTorch-StudioGAN) under our names; B counts
/// blocks and attention together.
/// <code>linear0                                    linear
/// blocks.B.0.conv2d1, .conv2d2, .conv2d0     blockI.conv1, .conv2, .conv0
/// blocks.B.0.bn1, .bn2 (.bn: statistics)     blockI.norm1, .norm2
/// blocks.B.0.bn1.embed0, .embed1             blockI.norm1.gain, .bias     tables, transposed: linear layers of the class (StudioGAN before
/// 2022)
/// blocks.B.0.conv1x1_theta, _phi, _g, _attn  attnK.query_conv, .key_conv, .value_conv, .out_conv
/// blocks.B.0.sigma                           attnK.gamma
/// bn4, conv2d5, shared                       norm, last, shared</code>
/// Not read: the other backbones, layers that mix in further information (InfoGAN), unconditional ones of big_resnet.
/// </summary>
static class StudioGanNames
{
    public static bool Are(TensorFile file) => file.Entries.Any(e => e.Name.StartsWith("conv2d5.", StringComparison.Ordinal));

    public static TensorFile Of(TensorFile file)
    {
        ComposedTensorFile ours = new(file) { Found = Found(file) };
        ResNetShape shape = ResNetShape.Of(file, "linear0", "conv2d1", "conv1x1_theta");
        foreach (TensorEntry e in file.Entries)
        {
            string[] parts = e.Name.Split('.');
            bool table = parts.Contains("embed0") || parts.Contains("embed1");
            string to = string.Join('.', parts is ["blocks", var b, "0", .. var rest]
                ? rest.Where(r => r != "bn").Select(Part)
                    .Prepend(shape.IsAttention(b) ? $"attn{shape.Attention(b)}" : $"block{shape.Block(b)}")
                : parts.Select(Part));
            if (!table) ours.Add(to, e.Name);
            // A table's row is what a linear layer makes of one class: its matrix is the transposed table, and u and v change places.
            else if (e.Shape is [var classes, var width]) ours
                .Add(to, e.Name, [width, classes], () => Transposed(file.Read<float>(e.Name), (int)classes));
            else ours.Add(to.EndsWith("_u", StringComparison.Ordinal) ? to[..^1] + "v" : to[..^1] + "u", e.Name);
        }
        return ours;
    }

    /// <summary>What the file shows of the configuration.</summary>
    static IEnumerable<(string Path, string Text)> Found(TensorFile file)
    {
        ResNetShape shape = ResNetShape.Of(file, "linear0", "conv2d1", "conv1x1_theta");
        string gain = shape.GainOf("bn1.gain"), table = shape.GainOf("bn1.embed0");
        bool shared = file.Contains("shared.weight") && file.Contains(gain), any = file.Contains(gain) || file.Contains(table);
        yield return ("model.conditional", any ? "true" : "false");
        if (any)
        {
            yield return ("model.conditionalNorm", "linear");
            yield return ("model.classes",
                $"{(shared ? file["shared.weight"].Shape[0] : file.Contains(gain) ? file[gain].Shape[1] : file[table].Shape[0])}");
        }
        foreach ((string, string) f in shape.Found(shared ? file["shared.weight"].Shape[1] : 0, shared)) yield return f;
        yield return ("model.batchNormEpsilon", "1e-4");
        yield return ("model.shortcutAfterActivation", "true");
    }

    static string Part(string part) => part switch
    {
        "linear0" => "linear",
        "conv2d0" => "conv0",
        "conv2d1" => "conv1",
        "conv2d2" => "conv2",
        "bn1" => "norm1",
        "bn2" => "norm2",
        "embed0" => "gain",
        "embed1" => "bias",
        "conv1x1_theta" => "query_conv",
        "conv1x1_phi" => "key_conv",
        "conv1x1_g" => "value_conv",
        "conv1x1_attn" => "out_conv",
        "sigma" => "gamma",
        "bn4" => "norm",
        "conv2d5" => "last",
        _ => part,
    };

    static float[] Transposed(float[] x, int rows)
    {
        int columns = x.Length / Math.Max(1, rows);
        float[] y = new float[x.Length];
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) y[j * rows + i] = x[i * columns + j];
        return y;
    }
}
