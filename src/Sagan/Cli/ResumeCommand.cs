using System.CommandLine;
using Sagan.Native.Configuration;

namespace Sagan.Native.Cli;

/// <summary>
/// Going on with a run. FromStep: null = the newest sound checkpoint. Flags and Set change the run's own configuration; a change of
/// anything but the length, the logging, the checkpoints and the place of the images needs AllowChange.
/// </summary>
sealed record ResumeRequest(string Folder, long? FromStep = null, bool AllowChange = false)
{
    public IReadOnlyList<FlagValue> Flags { get; init; } = [];

    public IReadOnlyList<string> Set { get; init; } = [];
}

/// <summary><c>sagan resume run</c>.</summary>
sealed class ResumeCommand : Verb
{
    readonly Argument<string> folder = new("run") { Description = "The run folder." };
    readonly Option<long?> from = new("--from") { Description = "Go back to the checkpoint of this step; newer ones go once this branch has saved one.", HelpName = "step" };
    readonly Option<string[]> set = new("--set") { Description = "Another value, with --allow-change. Repeatable.", HelpName = "key=value" };
    readonly Option<bool> allowChange = new("--allow-change") { Description = "Go on although the configuration changes what the run computes." };
    readonly IReadOnlyList<ConfigOptions.Flag> flags;
    readonly Func<ResumeRequest, CliContext, ExitCode> resume;

    public ResumeCommand(Func<ResumeRequest, CliContext, ExitCode> resume) : base("resume", "Goes on with a run exactly where its newest checkpoint left it.")
    {
        this.resume = resume;
        Add(folder);
        Add(from);
        flags = ConfigOptions.Flags(this, (_, path) => ResumeRules.HasFlag(path));
        Add(set);
        Add(allowChange);
    }

    protected override ExitCode Run(ParseResult parsed, CliContext context)
    {
        ResumeRequest request = new(parsed.GetRequiredValue(folder), parsed.GetValue(from), parsed.GetValue(allowChange))
        {
            Flags = [.. flags.Select(f => f.Of(parsed)).OfType<FlagValue>()],
            Set = parsed.GetValue(set) ?? [],
        };
        return resume(request, context);
    }
}
