using System.Text.Json.Nodes;
using Sagan.Native.Cli;
using Sagan.Native.Data;

namespace Sagan.Native.Services;

/// <summary><c>sagan data check</c>: what a data set holds, and what in it cannot be read and why.</summary>
static class DataCheckService
{
    public static ExitCode Run(DataCheckRequest request, CliContext context)
    {
        using ImageDataset data = Setup.OpenData(request.Config.Config, context);
        DatasetReport r = data.Report;
        context.Result(r.ToText(mostSkipped: int.MaxValue).TrimEnd());
        if (request.Grid is { } path)
        {
            Setup.WriteImage(path, data.Grid());
            context.Result($"images: {path}");
        }
        context.ResultJson(new JsonObject
        {
            ["source"] = r.Source,
            ["kind"] = r.Kind,
            ["count"] = r.Count,
            ["size"] = r.Size,
            ["channels"] = r.Channels,
            ["smallest"] = $"{r.Smallest.Width}x{r.Smallest.Height}",
            ["largest"] = $"{r.Largest.Width}x{r.Largest.Height}",
            ["classes"] = new JsonArray([.. r.Classes.Select(c => new JsonObject { ["name"] = c.Name, ["count"] = c.Count })]),
            ["skipped"] = new JsonArray([.. r.Skipped.Select(s => new JsonObject { ["name"] = s.Name, ["reason"] = s.Reason })]),
            ["warnings"] = new JsonArray([.. r.Warnings.Select(w => JsonValue.Create(w))]),
            ["notes"] = new JsonArray([.. r.Notes.Select(n => JsonValue.Create(n))]),
            ["hash"] = r.ContentHash,
        });
        return ExitCode.Success;
    }
}
