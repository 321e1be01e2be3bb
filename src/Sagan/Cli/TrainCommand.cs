using System.CommandLine;
using System.Text.Json.Nodes;
using Sagan.Native.Configuration;

namespace Sagan.Native.Cli;

/// <summary>A new run. <paramref name="Folder"/> is null for the usual place under runs.</summary>
sealed record TrainRequest(ResolvedConfig Config, string? Folder);

/// <summary><c>sagan train [config]</c>.</summary>
sealed class TrainCommand : Verb
{
    readonly ConfigOptions config;
    readonly Option<string?> folder = new("--out") { Description = "The run folder, new or empty; else one under runs.", HelpName = "folder" };
    readonly Option<bool> dryRun = new("--dry-run") { Description = "Print the configuration, the sizes of the networks and what a run needs, and stop." };
    readonly Option<bool> printConfig = new("--print-config") { Description = "Print every value of the configuration with its origin, and stop." };
    readonly Func<TrainRequest, CliContext, ExitCode> train;
    readonly Func<RunConfig, IReadOnlyList<(string Name, string Value)>> estimate;

    /// <param name="train">Trains.</param>
    /// <param name="estimate">What a run of a configuration needs, for --dry-run: parameters, memory, time.</param>
    public TrainCommand(Func<TrainRequest, CliContext, ExitCode> train, Func<RunConfig, IReadOnlyList<(string Name, string Value)>> estimate)
        : base("train", "Trains a model; without options, a small one on the built-in images.")
    {
        this.train = train;
        this.estimate = estimate;
        config = new ConfigOptions(this);
        Add(folder);
        Add(dryRun);
        Add(printConfig);
    }

    protected override ExitCode Run(ParseResult parsed, CliContext context)
    {
        ResolvedConfig resolved = config.Resolve(parsed, context);
        if (parsed.GetValue(printConfig)) Print(resolved, [], context);
        else if (parsed.GetValue(dryRun)) Print(resolved, estimate(resolved.Config), context);
        else return train(new TrainRequest(resolved, parsed.GetValue(folder)), context);
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
