using System.CommandLine;

namespace Sagan.Native.Cli;

/// <summary>
/// Going on with a run. FromStep: null = the newest sound checkpoint. Steps and Set change the run's own configuration; a change of anything but the length,
/// the logging and the checkpoints needs AllowChange.
/// </summary>
sealed record ResumeRequest(string Folder, long? FromStep, string? Steps, IReadOnlyList<string> Set, bool AllowChange);

/// <summary><c>sagan resume run</c>.</summary>
sealed class ResumeCommand : Verb
{
    readonly Argument<string> folder = new("run") { Description = "The run folder." };
    readonly Option<long?> from = new("--from") { Description = "Go back to the checkpoint of this step; newer ones go once this branch has saved one.", HelpName = "step" };
    readonly Option<string?> steps = new("--steps") { Description = "Another number of steps in all.", HelpName = "steps" };
    readonly Option<string[]> set = new("--set") { Description = "Another value, with --allow-change. Repeatable.", HelpName = "key=value" };
    readonly Option<bool> allowChange = new("--allow-change") { Description = "Go on although the configuration changes what the run computes." };
    readonly Func<ResumeRequest, CliContext, ExitCode> resume;

    public ResumeCommand(Func<ResumeRequest, CliContext, ExitCode> resume) : base("resume", "Goes on with a run exactly where its newest checkpoint left it.")
    {
        this.resume = resume;
        Add(folder);
        Add(from);
        Add(steps);
        Add(set);
        Add(allowChange);
    }

    protected override ExitCode Run(ParseResult parsed, CliContext context)
    {
        ResumeRequest request = new(parsed.GetRequiredValue(folder), parsed.GetValue(from), parsed.GetValue(steps), parsed.GetValue(set) ?? [],
            parsed.GetValue(allowChange));
        return resume(request, context);
    }
}
