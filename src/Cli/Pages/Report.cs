using System.Text.Json.Nodes;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Training;
using Sagan.Native.Training.Diagnosis;

namespace Sagan.Native.Pages;

/// <summary>The page <c>run</c> of a run as it is now, pictures and all, in one file.</summary>
static class Report
{
    // Pictures are most of a report: so many, spread over the run, the first and the last among them.
    const int MostPictures = 40;

    /// <summary>The file, as text.</summary>
    public static string Html(RunHistory run) => Page.Html("run", run.Name, Data(run));

    /// <summary>What it shows.</summary>
    public static JsonObject Data(RunHistory run)
    {
        IReadOnlyList<SampleGrid> all = run.Samples;
        HashSet<string> shown = [.. Enumerable.Range(0, Math.Min(MostPictures, all.Count))
            .Select(i => all[all.Count <= MostPictures ? i : (int)((long)i * (all.Count - 1) / (MostPictures - 1))].Path)];
        int damaged = 0;
        JsonObject data = RunJson.Of(run, RunDiagnosis.Of(run),
            path => path == run.RealImages || shown.Contains(path) ? Picture(path) : null);
        if (damaged > 0) data["missing"]!.AsArray().Add($"samples: {damaged} pictures cannot be read; they are left out.");
        if (all.Count > MostPictures) data["thinned"] = $"{MostPictures} of {all.Count} grids are in this file, spread over the run.";
        return new JsonObject { ["live"] = false, ["runs"] = new JsonArray(data) };

        string? Picture(string path)
        {
            try
            {
                byte[] bytes = File.ReadAllBytes(path);
                // A file of any other kind, or half a picture, has no place in a page.
                ImageFile.Decode(bytes, path);
                return $"data:image/png;base64,{Convert.ToBase64String(bytes)}";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or DataException)
            {
                damaged++;
                return null;
            }
        }
    }
}
