using System.CommandLine;
using Sagan.Native.Configuration;

namespace Sagan.Native.Cli;

/// <summary>A new run. <paramref name="Folder"/> is null for the usual place under runs; DryRun: say what would happen, and stop.</summary>
sealed record TrainRequest(ResolvedConfig Config, string? Folder, bool DryRun);

/// <summary><c>sagan train [config]</c>.</summary>
sealed class TrainCommand : Verb
{
    readonly ConfigOptions config;
    readonly Option<string?> folder = new("--out") { Description = "The run folder; new or empty. The default is a new folder under runs.", HelpName = "folder" };
    readonly Option<bool> dryRun = new("--dry-run") { Description = "Print the configuration, the sizes of the networks and what a run needs, and stop." };
    readonly Option<bool> printConfig = new("--print-config") { Description = "Print every value of the configuration with its origin, and stop." };
    readonly Func<TrainRequest, CliContext, ExitCode> train;

    public TrainCommand(Func<TrainRequest, CliContext, ExitCode> train) : base("train", "Trains a model; without options, a small one on the built-in images.")
    {
        this.train = train;
        config = new ConfigOptions(this);
        Add(folder);
        Add(dryRun);
        Add(printConfig);
    }

    protected override ExitCode Run(ParseResult parsed, CliContext context)
    {
        ResolvedConfig resolved = config.Resolve(parsed, context);
        if (!parsed.GetValue(printConfig)) return train(new TrainRequest(resolved, parsed.GetValue(folder), parsed.GetValue(dryRun)), context);
        context.Terminal.Output.Write(context.Json ? resolved.ToJsonWithOrigins() : resolved.ToTable());
        return ExitCode.Success;
    }
}
