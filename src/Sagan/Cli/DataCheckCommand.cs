using System.CommandLine;
using Sagan.Native.Configuration;

namespace Sagan.Native.Cli;

/// <summary>Read a data set as a run of this configuration would. Grid: a picture to write some of its images to, or null.</summary>
sealed record DataCheckRequest(ResolvedConfig Config, string? Grid);

/// <summary><c>sagan data check source</c>.</summary>
sealed class DataCheckCommand : Verb
{
    readonly DataOptions data = new();
    readonly Option<string?> grid = new("--grid") { Description = "Write some of the images to this .png, .jpg, .webp or .bmp file.", HelpName = "file" };
    readonly Func<DataCheckRequest, CliContext, ExitCode> check;

    public DataCheckCommand(Func<DataCheckRequest, CliContext, ExitCode> check) : base("check", "Reads a data set: counts, sizes, classes, bad files and why.")
    {
        this.check = check;
        data.AddTo(this);
        Add(grid);
    }

    protected override ExitCode Run(ParseResult parsed, CliContext context) =>
        check(new DataCheckRequest(data.Resolve(parsed), parsed.GetValue(grid) is { } path ? PictureOption.Picture(grid.Name, path) : null), context);
}
