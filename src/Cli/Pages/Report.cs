using System.Text.Json.Nodes;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Training;
using Sagan.Native.Training.Diagnosis;

namespace Sagan.Native.Pages;

/// <summary>The page <c>run</c> of a run as it is now, pictures and all, in one file.</summary>
static class Report
{
    // Pictures are most of a report: so many and so many bytes, spread over the run, the first and the last among them.
    const int MostPictures = 40, FewestPictures = 4;
    const long MostBytes = 24 << 20;
    // The first samples of the grids have maps.
    const int MostMaps = 16;
    const long MostMapLetters = 3 << 20;
    // A larger PNG becomes a JPEG, a quarter or less of it.
    const long LargePng = 512 << 10;

    /// <summary>The file, as text.</summary>
    public static string Html(RunHistory run, IReadOnlyList<Finding> findings) =>
        Page.Html("run", run.Name, Data(run, findings), shared: "attention.js");

    /// <summary>What it shows.</summary>
    public static JsonObject Data(RunHistory run, IReadOnlyList<Finding> findings)
    {
        IReadOnlyList<SampleGrid> all = run.Samples;
        int count = Math.Min(Most(run), all.Count), damaged = 0;
        HashSet<string> shown = [.. Enumerable.Range(0, count)
            .Select(i => all[count == all.Count ? i : (int)((long)i * (all.Count - 1) / (count - 1))].Path)];
        JsonObject data = RunJson.With(RunJson.News(run, findings,
            path => path == run.RealImages || shown.Contains(path) ? Picture(path) : null, key: 0), run);
        data["attention"] = Maps(run);
        if (damaged > 0) data["missing"]!.AsArray().Add((JsonNode)$"samples: {damaged} pictures cannot be read; they are left out.");
        if (count < all.Count) data["thinned"] = $"{count} of {all.Count} grids are in this file, spread over the run.";
        return new JsonObject { ["live"] = false, ["runs"] = new JsonArray(data) };

        string? Picture(string path)
        {
            try
            {
                byte[] bytes = File.ReadAllBytes(path);
                // A file of any other kind, or half a picture, has no place in a page.
                Image image = ImageFile.Decode(bytes, path);
                bool isLarge = bytes.Length > LargePng;
                string base64 = Convert.ToBase64String(isLarge ? ImageEncoder.Encode(image, ".jpg") : bytes);
                return $"data:image/{(isLarge ? "jpeg" : "png")};base64,{base64}";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or DataException)
            {
                damaged++;
                return null;
            }
        }
    }

    // By sample; where there are none the first says why.
    static JsonArray Maps(RunHistory run)
    {
        GridMaps maps = new(run.Folder);
        List<string> all = [];
        for (int i = 0; i < Math.Min(MostMaps, run.Config?.Sampling.Images ?? 1); i++)
        {
            string one = maps.Of(i);
            if (all.Sum(m => (long)m.Length) + one.Length > MostMapLetters) break;
            all.Add(one);
            if (!one.Contains("\"layers\"", StringComparison.Ordinal)) break;
        }
        return new JsonArray([.. all.Select(m => JsonNode.Parse(m))]);
    }

    static int Most(RunHistory run)
    {
        if (run.Samples is not [.., var newest] || new FileInfo(newest.Path) is not { Exists: true, Length: var bytes })
            return MostPictures;
        return (int)Math.Clamp(MostBytes / Math.Max(1, bytes > LargePng ? bytes / 4 : bytes), FewestPictures, MostPictures);
    }
}
