using System.CommandLine;
using Sagan.Native.Commands.Console;
using Sagan.Native.Configuration;
using Sagan.Native.Training;

namespace Sagan.Native.Commands;

/// <summary>Going on with a run.</summary>
sealed record ResumeRequest(string Folder, ResumeOptions Options, ViewRequest? View = null);

/// <summary><c>sagan resume run</c>.</summary>
sealed class ResumeCommand : Verb<ResumeRequest>
{
    readonly Argument<string> folder = new("run") { Description = "The run folder." };
    readonly Option<long?> from = new("--from")
    {
        Description = "Go back to the checkpoint of this step; newer ones go once this branch has saved one.",
        HelpName = "step",
    };
    readonly Option<string[]> set =
        new("--set") { Description = "Another value, with --allow-change. Repeatable.", HelpName = "key=value" };
    readonly Option<bool> allowChange =
        new("--allow-change") { Description = "Go on although the configuration changes what the run computes." };
    readonly IReadOnlyList<ConfigOptions.Flag> flags;
    readonly ViewOptions view;

    public ResumeCommand() : base("resume", "Goes on with a run exactly where its newest checkpoint left it.")
    {
        Add(folder);
        Add(from);
        flags = ConfigOptions.Flags(this, (_, path) => ResumeRules.HasFlag(path));
        Add(set);
        Add(allowChange);
        view = new ViewOptions(this, isOptional: true);
    }

    internal override ResumeRequest Read(ParseResult parsed, CommandContext context) =>
        new(parsed.GetRequiredValue(folder), new ResumeOptions
        {
            FromStep = parsed.GetValue(from),
            AllowChange = parsed.GetValue(allowChange),
            Flags = [.. flags.Select(f => f.Of(parsed)).OfType<FlagValue>()],
            Set = parsed.GetValue(set) ?? [],
        }, view.Read(parsed));

    protected override ExitCode Run(ResumeRequest request, CommandContext context)
    {
        TrainingRun run = TrainingRun.Resume(request.Folder, request.Options, config => OpenedData.OfRun(config, context), ownsData: true);
        if (!run.IsFinished) return TrainingLoop.Run(run, context, request.View);
        using (run)
        {
            foreach (Warning warning in run.Train().OfType<Warning>()) context.Terminal.Warning(warning.Text);
            context.Terminal.Note($"the run is at step {run.Step} of {run.Config.Training.Steps}: nothing is left to do. To go on: "
                + ShellCommand.Of("resume", request.Folder, "--steps", $"{2L * run.Step}"));
        }
        return ExitCode.Success;
    }
}
