using System.CommandLine;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;
using Sagan.Native.Training;

namespace Sagan.Native.Commands;

/// <summary>A new run.</summary>
/// <param name="Config">All of it.</param>
/// <param name="Folder">Null for the usual place under runs.</param>
/// <param name="From">The networks that it begins with, or null.</param>
/// <param name="Only">What is to be printed instead of training.</param>
/// <param name="View">How the browser shows it; null for not at all.</param>
sealed record TrainRequest(ResolvedConfig Config, string? Folder, StartingPoint? From, TrainQuestion Only = TrainQuestion.None,
    ViewRequest? View = null);

/// <summary>What a user wants to know before a run.</summary>
enum TrainQuestion
{
    /// <summary>Nothing: train.</summary>
    None,

    /// <summary>The configuration.</summary>
    Configuration,

    /// <summary>The configuration, the images, and what a run needs.</summary>
    Needs,
}

/// <summary><c>sagan train [config]</c>.</summary>
sealed class TrainCommand : Verb<TrainRequest>
{
    readonly ConfigOptions config;
    readonly Option<string?> folder =
        new("--out") { Description = "The run folder, new or empty; else one under runs.", HelpName = "folder" };
    readonly Option<string?> from = new("--from")
    {
        Description = "Begin with the networks of a run or one of its checkpoints, at step 0.",
        HelpName = "run",
    };
    readonly Option<bool> noEma = new("--no-ema")
    {
        Description = "With --from: the generator's weights themselves, not their moving "
        + "average."
    };
    readonly Option<bool> freshClasses = new("--fresh-classes")
    {
        Description = "With --from: what belongs to single classes begins anew, for other classes, another number of them, or none before.",
    };
    readonly Option<bool> dryRun = new("--dry-run")
    {
        Description = "Look at the images, print the configuration, the sizes of the networks and what a run needs, and stop.",
    };
    readonly Option<bool> printConfig =
        new("--print-config") { Description = "Print every value of the configuration with its origin, and stop." };
    readonly ViewOptions view;

    public TrainCommand() : base("train", "Trains a model; without options, a small one on the built-in images.")
    {
        config = new ConfigOptions(this) { TakesImages = true };
        foreach (Option o in (Option[])[folder, from, noEma, freshClasses, dryRun, printConfig]) Add(o);
        view = new ViewOptions(this, isOptional: true);
    }

    internal override TrainRequest Read(ParseResult parsed, CommandContext context)
    {
        string? source = parsed.GetValue(from);
        bool raw = parsed.GetValue(noEma), fresh = parsed.GetValue(freshClasses);
        if (raw && source == null)
            throw new UsageException("--no-ema: chooses among the weights of another run; add --from RUN, or leave it.");
        if (fresh && source == null)
            throw new UsageException("--fresh-classes: begins a part of another run's networks anew; add --from RUN, or leave it.");
        StartingPoint? start = source == null ? null : new StartingPoint(source) { Average = !raw, FreshClasses = fresh };
        return new TrainRequest(
            config.Resolve(parsed, context, source == null ? null : StartingWeights.ModelOf(source, context.Terminal.Warning)),
            parsed.GetValue(folder), start,
            parsed.GetValue(printConfig) ? TrainQuestion.Configuration : parsed.GetValue(dryRun) ? TrainQuestion.Needs
                : TrainQuestion.None, view.Read(parsed));
    }

    protected override ExitCode Run(TrainRequest request, CommandContext context)
    {
        switch (request.Only)
        {
            case TrainQuestion.Configuration:
                Print(request.Config, [], context);
                return ExitCode.Success;
            case TrainQuestion.Needs:
                (ResolvedConfig resolved, IReadOnlyList<(string Name, string Value)> facts) = DryRun.Estimate(request, context);
                Print(resolved, facts, context);
                return ExitCode.Success;
            default:
                TrainingRun run = TrainingRun.Create(request.Config with { Warnings = [] }, c =>
                    OpenedData.OfRun(c, context), ownsData: true,
                    request.Folder, request.From);
                context.Terminal.Note(run.Data.Report.ToText().TrimEnd());
                return TrainingLoop.Run(run, context, request.View);
        }
    }

    static void Print(ResolvedConfig config, IReadOnlyList<(string Name, string Value)> facts, CommandContext context)
    {
        JsonObject document = new() { ["config"] = config.ToJsonObject() };
        if (facts.Count > 0) document["estimate"] = new JsonObject(facts.Select(f => KeyValuePair.Create(f.Name, (JsonNode?)f.Value)));
        context.ResultJson(document);
        context.Result(config.ToTable().TrimEnd());
        foreach ((string name, string value) in facts) context.Result($"{name}: {value}");
    }
}
