using System.CommandLine;
using Sagan.Native.Configuration;

namespace Sagan.Native.Cli;

/// <summary>Read a data set as a run of this configuration would. Grid: a PNG file to write some of its images to, or null.</summary>
sealed record DataCheckRequest(ResolvedConfig Config, string? Grid);

/// <summary><c>sagan data check source</c>.</summary>
sealed class DataCheckCommand : Verb
{
    readonly Argument<string> source = new("source") { Description = "A folder, zip, IDX or CIFAR file of images, or creatures." };
    readonly Option<string?> size = new("--size") { Description = "Width and height to bring the images to.", HelpName = "size" };
    readonly Option<string[]> set = new("--set") { Description = "Another value, such as data.crop=none. Repeatable.", HelpName = "key=value" };
    readonly Option<string?> grid = new("--grid") { Description = "Write some of the images to this PNG file.", HelpName = "file" };
    readonly Func<DataCheckRequest, CliContext, ExitCode> check;

    public DataCheckCommand(Func<DataCheckRequest, CliContext, ExitCode> check) : base("check", "Reads a data set: counts, sizes, classes, bad files and why.")
    {
        this.check = check;
        Add(source);
        Add(size);
        Add(set);
        Add(grid);
    }

    protected override ExitCode Run(ParseResult parsed, CliContext context)
    {
        List<FlagValue> flags = [new FlagValue("source", "data.source", parsed.GetRequiredValue(source))];
        if (parsed.GetValue(size) is { } s) flags.Add(new FlagValue("--size", "model.size", s));
        ResolvedConfig config = ConfigResolver.Resolve(new ConfigSources
        {
            // Attention belongs to a run, not to its data: the size may be any.
            Set = ["model.gAttention=none", "model.dAttention=none", .. parsed.GetValue(set) ?? []],
            Environment = ConfigSources.ProcessEnvironment(),
            Flags = flags,
        });
        return check(new DataCheckRequest(config, parsed.GetValue(grid)), context);
    }
}
