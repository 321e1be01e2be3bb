using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Inspection;
using Sagan.Native.Training;

namespace Sagan.Native.Pages;

/// <summary>The maps of one layer: a pass through its network, what it computed there, and the chosen points of each image.</summary>
sealed record MapsOf(AttentionPass Pass, CapturedAttention Captured, IReadOnlyList<int[]> Points);

/// <summary>
/// The page of attention maps. It has the images, and of each layer q and k as they were, in base64 of float32, little-endian; its script
/// computes a row of A when somebody points at a pixel. Of the chosen points it has the gradients too.
/// </summary>
static class MapsPage
{
    /// <summary>The largest page that is written: beyond it browsers become slow.</summary>
    const long MostBytes = 64L << 20;

    /// <summary>The file.</summary>
    /// <param name="run">The run.</param>
    /// <param name="maps">Each layer; those of one network have the same pass.</param>
    /// <param name="seed">Of the noise.</param>
    /// <param name="generated">How many of a pass's images are generated: the first ones.</param>
    /// <param name="head">The head that is shown first; null: the mean.</param>
    /// <exception cref="UsageException">The page would be too large.</exception>
    public static string Html(SaganRun run, IReadOnlyList<MapsOf> maps, ulong seed, int generated, int? head)
    {
        long bytes = maps.Sum(m => BytesOf(m, run.Config.Model.Size)) * 4 / 3;
        if (bytes > MostBytes)
            throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"the page would have {bytes / 1e6:0} MB, and at most "
                + $"{MostBytes / 1e6:0} are written: q and k of every layer and image are in it; lower --count, or name one --layer."));
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(run.Run ?? run.Folder)));
        // The discriminator's pass has the generated images first, so that the longest has all.
        AttentionPass all = maps.Select(m => m.Pass).MaxBy(p => p.Images.Count)!;
        JsonObject data = new()
        {
            ["run"] = name,
            ["step"] = run.Step,
            ["seed"] = seed.ToString(CultureInfo.InvariantCulture),
            ["head"] = head,
            ["size"] = run.Config.Model.Size,
            ["images"] = new JsonArray([.. all.Images.Select((image, i) => new JsonObject
            {
                ["src"] = AttentionJson.Png(image),
                ["label"] = (i < generated ? "generated" : "real")
                    + (all.Classes is { } c ? $", {run.NameOf(c[i])}" : ""),
                ["score"] = i < all.Scores.Count ? all.Scores[i] : null,
            })]),
            ["layers"] = new JsonArray([.. maps.Select(Layer)]),
        };
        return Page.Html("maps", $"Where attention looks: {name}", data, shared: "attention.js");
    }

    static JsonObject Layer(MapsOf m)
    {
        JsonObject layer = AttentionJson.Layer(m.Captured);
        layer["samples"] = new JsonArray([.. Enumerable.Range(0, m.Captured.Count).Select(i =>
        {
            JsonObject sample = AttentionJson.With([], m.Captured, i);
            sample["points"] = new JsonArray([.. m.Points[i].Select(q => Point(m.Pass.Microscope(m.Captured.Layer.Name, i, q)))]);
            return sample;
        })]);
        return layer;
    }

    static JsonObject Point(Microscope m) => new()
    {
        ["query"] = m.Query,
        ["share"] = m.AttentionShare,
        ["attention"] = AttentionJson.Base64(m.ImageAttention.Length > 0 ? m.ImageAttention : m.Attention),
        ["convolutions"] = AttentionJson.Base64(m.ImageConvolutions.Length > 0 ? m.ImageConvolutions : m.Convolutions),
    };

    static long BytesOf(MapsOf m, int imageSize)
    {
        CapturedAttention c = m.Captured;
        long side = c.Layer.IsGenerator ? c.Layer.Size : imageSize, gradients = m.Points.Sum(p => p.Length) * 2 * side * side;
        return 4 * (c.Q.Length + c.K.Length + gradients + (long)c.Count * imageSize * imageSize);
    }
}
