using System.CommandLine;
using System.Text.Json.Nodes;
using Sagan.Native.Configuration;

namespace Sagan.Native.Cli;

/// <summary>
/// A new run. Folder: null for the usual place under runs. From: a run or checkpoint whose networks it begins with; Ema: with the generator's moving average;
/// FreshClasses: with new parameters for the classes.
/// </summary>
sealed record TrainRequest(ResolvedConfig Config, string? Folder, string? From = null, bool Ema = true, bool FreshClasses = false);

/// <summary>What a run needs, in words, and its configuration with what its images decide.</summary>
sealed record DryRunResult(ResolvedConfig Config, IReadOnlyList<(string Name, string Value)> Facts);

/// <summary><c>sagan train [config]</c>.</summary>
sealed class TrainCommand : Verb
{
    readonly ConfigOptions config;
    readonly Option<string?> folder = new("--out") { Description = "The run folder, new or empty; else one under runs.", HelpName = "folder" };
    readonly Option<string?> from = new("--from") { Description = "Begin with the networks of a run or one of its checkpoints, at step 0.", HelpName = "run" };
    readonly Option<bool> noEma = new("--no-ema") { Description = "With --from: the generator's weights themselves, not their moving average." };
    readonly Option<bool> freshClasses = new("--fresh-classes")
    {
        Description = "With --from: what belongs to single classes begins anew, for other classes, another number of them, or none before.",
    };
    readonly Option<bool> dryRun = new("--dry-run") { Description = "Look at the images, print the configuration, the sizes of the networks and what a run needs, and stop." };
    readonly Option<bool> printConfig = new("--print-config") { Description = "Print every value of the configuration with its origin, and stop." };
    readonly Func<TrainRequest, CliContext, ExitCode> train;
    readonly Func<TrainRequest, CliContext, DryRunResult> estimate;
    readonly Func<string, CliContext, IReadOnlyList<FlagValue>> modelOf;

    /// <param name="train">Trains.</param>
    /// <param name="estimate">What a run needs, for --dry-run: images, parameters, memory, time.</param>
    /// <param name="modelOf">The model that a run has: the configuration under everything that the user says.</param>
    public TrainCommand(Func<TrainRequest, CliContext, ExitCode> train, Func<TrainRequest, CliContext, DryRunResult> estimate,
        Func<string, CliContext, IReadOnlyList<FlagValue>> modelOf)
        : base("train", "Trains a model; without options, a small one on the built-in images.")
    {
        this.train = train;
        this.estimate = estimate;
        this.modelOf = modelOf;
        config = new ConfigOptions(this) { TakesImages = true };
        Add(folder);
        Add(from);
        Add(noEma);
        Add(freshClasses);
        Add(dryRun);
        Add(printConfig);
    }

    protected override ExitCode Run(ParseResult parsed, CliContext context)
    {
        string? source = parsed.GetValue(from);
        bool raw = parsed.GetValue(noEma);
        if (raw && source == null) throw new UsageException("--no-ema: chooses among the weights of another run; add --from RUN, or leave it.");
        bool fresh = parsed.GetValue(freshClasses);
        if (fresh && source == null) throw new UsageException("--fresh-classes: begins a part of another run's networks anew; add --from RUN, or leave it.");
        ResolvedConfig resolved = this.config.Resolve(parsed, context, source == null ? null : modelOf(source, context));
        if (parsed.GetValue(printConfig)) Print(resolved, [], context);
        else
        {
            TrainRequest request = new(resolved, parsed.GetValue(folder), source, !raw, fresh);
            if (!parsed.GetValue(dryRun)) return train(request, context);
            (ResolvedConfig config, IReadOnlyList<(string Name, string Value)> facts) = estimate(request, context);
            Print(config, facts, context);
        }
        return ExitCode.Success;
    }

    static void Print(ResolvedConfig config, IReadOnlyList<(string Name, string Value)> facts, CliContext context)
    {
        JsonObject document = new() { ["config"] = config.ToJsonObject() };
        if (facts.Count > 0) document["estimate"] = new JsonObject(facts.Select(f => KeyValuePair.Create(f.Name, (JsonNode?)f.Value)));
        context.ResultJson(document);
        context.Result(config.ToTable().TrimEnd());
        foreach ((string name, string value) in facts) context.Result($"{name}: {value}");
    }
}
