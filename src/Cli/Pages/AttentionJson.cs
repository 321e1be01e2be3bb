using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Sagan.Native.Data.Images;
using Sagan.Native.Inspection;
using Sagan.Native.Training;

namespace Sagan.Native.Pages;

/// <summary>What a layer computed, as <c>attention.js</c> reads it.</summary>
static class AttentionJson
{
    /// <summary>The layer itself.</summary>
    public static JsonObject Layer(CapturedAttention c)
    {
        AttentionLayer l = c.Layer;
        return new JsonObject
        {
            ["name"] = l.Name,
            ["text"] = l.ToString(),
            ["size"] = l.Size,
            ["heads"] = l.Heads,
            ["width"] = c.KeyWidth,
            ["scale"] = c.Scale,
            ["scales"] = new JsonArray([.. l.Scales.Select(s => JsonValue.Create(s))]),
            ["keys"] = l.Keys,
            ["topK"] = l.TopK,
            ["gamma"] = float.IsFinite(c.Gamma) ? c.Gamma : null,
        };
    }

    /// <summary>Adds q and k of one sample to what is said: float32, little-endian, in base64.</summary>
    public static JsonObject With(JsonObject said, CapturedAttention c, int sample)
    {
        int queries = c.Q.Length / c.Count, keys = c.K.Length / c.Count;
        said["q"] = Base64(c.Q.AsSpan(sample * queries, queries));
        said["k"] = Base64(c.K.AsSpan(sample * keys, keys));
        return said;
    }

    /// <summary>
    /// A sample of a run's grids with the maps of both networks, as the opened checkpoint makes it; where there are none, <c>why</c> alone.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="sample">Its number in the grid, from 0.</param>
    public static JsonObject OfGrid(SaganRun run, int sample)
    {
        (AttentionPass made, int at) = run.GridAttention(sample);
        AttentionPass scored = run.Attention([made.Images[at]], made.Classes is { } c ? [c[at]] : null);
        (CapturedAttention Layer, int At)[] all = [.. made.Layers.Select(l => (l, at)), .. scored.Layers.Select(l => (l, 0))];
        if (all.Length == 0)
            return Why($"The networks of step {run.Step} have no attention with maps.");
        return new JsonObject
        {
            ["step"] = run.Step,
            ["sample"] = sample,
            ["label"] = made.Classes is { } classes ? run.NameOf(classes[at]) : null,
            ["image"] = Png(made.Images[at]),
            ["layers"] = new JsonArray([.. all.Select(l => With(Layer(l.Layer), l.Layer, l.At))]),
        };
    }

    /// <summary>What is shown where there is no map.</summary>
    public static JsonObject Why(string why) => new() { ["why"] = why };

    /// <summary>A picture as the address of an image.</summary>
    public static string Png(Image image) => $"data:image/png;base64,{Convert.ToBase64String(ImageFile.EncodePng(image))}";

    /// <summary>Float32, little-endian, in base64.</summary>
    public static string Base64(ReadOnlySpan<float> values) => Convert.ToBase64String(MemoryMarshal.AsBytes(values));
}
