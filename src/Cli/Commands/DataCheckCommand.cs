using System.CommandLine;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Training;

namespace Sagan.Native.Commands;

/// <summary>Read a data set as a run of this configuration would. Grid: a picture to write some of its images to, or null.</summary>
sealed record DataCheckRequest(ResolvedConfig Config, string? Grid);

/// <summary><c>sagan data check</c>: what a data set holds, and what in it cannot be read and why.</summary>
sealed class DataCheckCommand : Verb<DataCheckRequest>
{
    readonly DataOptions data = new();
    readonly Option<string?> grid =
        new("--grid") { Description = "Write some of the images to this .png, .jpg, .webp or .bmp file.", HelpName = "file" };

    public DataCheckCommand()
        : base("check", "Reads a data set: counts, sizes, classes, bad files and why.")
    {
        data.AddTo(this);
        Add(grid);
    }

    internal override DataCheckRequest Read(ParseResult parsed, CommandContext context) =>
        new DataCheckRequest(data.Resolve(parsed), parsed.GetValue(grid) is { } path ? PictureOption.Picture(grid.Name, path) : null);

    protected override ExitCode Run(DataCheckRequest request, CommandContext context)
    {
        using ImageDataset data = OpenedData.Of(request.Config.Config, context);
        DatasetReport r = data.Report;
        context.Result(r.ToText(mostSkipped: int.MaxValue).TrimEnd());
        if (request.Grid is { } path)
        {
            ImageFile.Save(path, data.Grid());
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
