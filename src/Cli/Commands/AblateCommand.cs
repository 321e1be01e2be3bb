using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;
using Sagan.Native.Configuration;
using Sagan.Native.Data;
using Sagan.Native.Kernels;
using Sagan.Native.Metrics;
using Sagan.Native.Models;
using Sagan.Native.Training;
using Sagan.Native.Training.Checkpoints;

namespace Sagan.Native.Commands;

/// <summary>Trainings that differ in where the networks have attention, each with the same seeds: position null = none.</summary>
sealed record AblateRequest(ResolvedConfig Config, IReadOnlyList<IReadOnlyList<int>> Positions, IReadOnlyList<ulong> Seeds, int Images,
    string Folder);

/// <summary>
/// <c>sagan ablate</c>: does attention help, and where? Every variant is trained with every seed for the same number of steps on the same
/// data, and samples of each are measured; what differs by no more than the spread over seeds says nothing. A finished run is not trained
/// again.
/// </summary>
sealed class AblateCommand : Verb<AblateRequest>
{
    readonly ConfigOptions config;
    readonly Option<string> positions = new("--positions")
    {
        Description = "Feature maps with attention, in both networks: none, sizes, and sizes together.",
        HelpName = "none;8;16;8,16",
        DefaultValueFactory = _ => "none;8;16;8,16",
    };
    readonly Option<string> seeds =
        new("--seeds") { Description = "Seeds that each is trained with.", HelpName = "1,2,3", DefaultValueFactory = _ => "1,2,3" };
    readonly Option<int> images = new("--images")
    {
        Description = "Samples that are measured.",
        HelpName = "count",
        DefaultValueFactory = _ => 2048
    };
    readonly Option<string> folder =
        new("--out")
        {
            Description = "A folder for all runs; one that was begun is gone on with.",
            HelpName = "folder",
            DefaultValueFactory = _ => "runs/ablation"
        };

    public AblateCommand()
        : base("ablate", "Trains with and without attention, and with it in different places, under equal seeds and steps, and compares.")
    {
        config = new ConfigOptions(this, "--seed", "--g-attention", "--d-attention");
        foreach (Option o in (Option[])[positions, seeds, images, folder]) Add(o);
    }

    internal override AblateRequest Read(ParseResult parsed, CommandContext context)
    {
        int n = parsed.GetValue(images);
        if (n is < 2 or > 1_000_000) throw new UsageException($"--images {n}: must be 2 to 1000000.");
        IReadOnlyList<IReadOnlyList<int>> places = [.. Parts(parsed, positions, ';')
            .Select(p => p == "none" ? (IReadOnlyList<int>)[] : [.. p.Split(',').Select(Size)])];
        IReadOnlyList<ulong> numbers = [.. Parts(parsed, seeds, ',').Select(Seed)];
        FlagValue[] none = [new("ablate", "model.gAttention", "none"), new("ablate", "model.dAttention", "none")];
        return new AblateRequest(config.Resolve(parsed, context, none), places, numbers, n, parsed.GetRequiredValue(folder));
    }

    static string[] Parts(ParseResult parsed, Option<string> option, char separator)
    {
        string[] parts = parsed.GetRequiredValue(option)
            .Split(separator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return parts.Length > 0 && parts.Distinct().Count() == parts.Length ? parts
            : throw new UsageException($"{option.Name}: must name one or more, none of them twice.");
    }

    static int Size(string s) => int.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n
        : throw new UsageException($"--positions {s}: must be none or sizes of feature maps.");

    static ulong Seed(string s) => ulong.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out ulong n) ? n
        : throw new UsageException($"--seeds {s}: must be whole numbers.");

    sealed record Outcome(string Variant, ulong Seed, double SecondsPerStep, IReadOnlyList<(string Name, double Value)> Measures);

    static bool IsConsistency(RunConfig c) => CreatureConsistency.IsOf(c.Data.Source, c.Model.Channels);

    protected override ExitCode Run(AblateRequest request, CommandContext context)
    {
        foreach (IReadOnlyList<int> positions in request.Positions) Variant(request.Config, positions, 0);
        RunConfig config = request.Config.Config;
        RunDevice.SetThreads(config.Training.Threads);
        // Once for all runs.
        using ImageDataset data = OpenedData.Of(config, context);
        ProxyScore? score = IsConsistency(config) ? null : Score(config, data, context);
        using ShutdownSignal signal = new(context.Terminal.Note);
        List<Outcome> outcomes = [];
        foreach (IReadOnlyList<int> positions in request.Positions)
            foreach (ulong seed in request.Seeds) outcomes.Add(Measure(request, positions, seed, data, score, signal, context));
        string table = Table(outcomes);
        Directory.CreateDirectory(request.Folder);
        File.WriteAllText(Path.Combine(request.Folder, "ablation.md"), Report(request, table));
        context.Result(table.TrimEnd());
        context.Result($"also in {Path.Combine(request.Folder, "ablation.md")}");
        context.ResultJson(Json(outcomes));
        return ExitCode.Success;
    }

    // The measure of images whose making nobody knows.
    static ProxyScore Score(RunConfig config, ImageDataset data, CommandContext context) =>
        ProxyScore.Of(data, Device.Parse(config.Training.Device), new MetricCache(MetricCache.DefaultFolder(), context.Terminal.Warning),
            progress: (step, steps) => context.Terminal.Live($"training the feature network: {step}/{steps}"));

    static Outcome Measure(AblateRequest request, IReadOnlyList<int> positions, ulong seed, ImageDataset data, ProxyScore? score,
        ShutdownSignal signal, CommandContext context)
    {
        string variant = positions.Count == 0 ? "none" : string.Join("+", positions);
        ResolvedConfig config = Variant(request.Config, positions, seed);
        string folder = Path.Combine(request.Folder, $"attention-{variant}-seed-{seed}");
        int steps = config.Config.Training.Steps;
        Stopwatch clock = Stopwatch.StartNew();
        int before = (int)(Finished(folder, config) ?? 0);
        context.Terminal.Note($"attention {variant}, seed {seed}: "
            + $"{(before >= steps ? "there" : before > 0 ? $"from step {before}" : "training")}");
        if (before < steps) Train(folder, config, data, signal, context);
        double seconds = steps > before ? clock.Elapsed.TotalSeconds / (steps - before) : double.NaN;

        SaganRun model = SaganRun.Load(folder, true, null, context.Terminal.Warning);
        if (score != null)
            return new Outcome(variant, seed, seconds,
                [(score.Name, score.Of(model.Generator, request.Images, seed, model.Config.Sampling.Statistics))]);
        CreatureConsistency c = CreatureConsistency.Measure(model.Sample(request.Images, seed));
        return new Outcome(variant, seed, seconds, [("consistency", 100 * c.Overall), .. c.Parts
            .Where(part => part.Name != "combinations").Select(part => (part.Name.Replace('_', ' '), 100 * part.Value))]);
    }

    static void Train(string folder, ResolvedConfig config, ImageDataset data, ShutdownSignal signal, CommandContext context)
    {
        // One that ended before its first checkpoint is begun anew by resume.
        ResumeOptions longer = new() { Flags = [new FlagValue("--steps", "training.steps", $"{config.Config.Training.Steps}")] };
        using TrainingRun run = File.Exists(Path.Combine(folder, RunFolder.Config))
            ? TrainingRun.Resume(folder, longer, _ => data, ownsData: false)
            : TrainingRun.Create(config with { Warnings = [] }, _ => data, ownsData: false, folder, from: null);
        signal.Step = run.Step + 1;
        foreach (TrainingEvent e in run.Train(signal.Token))
        {
            signal.Step = e.Step + 1;
            if (e is Warning warning) context.Terminal.Warning(warning.Text);
            if (e is RolledBack back) context.Terminal.Warning(back.Text);
            if (e is Ended { Reason: EndReason.Cancelled })
                throw new StoppedException("ablate: a training was stopped; say the same command again to go on from there.",
                    signal.ExitCode);
        }
    }

    // Attention at these sizes in both networks, as far as they have such feature maps.
    static ResolvedConfig Variant(ResolvedConfig config, IReadOnlyList<int> positions, ulong seed)
    {
        ModelConfig m = config.Config.Model;
        string In(IReadOnlyList<FeatureMap> maps, string flag)
        {
            int[] sizes = [.. positions.Where(p => maps.Any(f => f.Size == p))];
            return $"{flag}={(sizes.Length == 0 ? "none" : string.Join(",", sizes))}";
        }
        if (positions.FirstOrDefault(p => NetworkPlan.Generator(m).Concat(NetworkPlan.Discriminator(m)).All(f => f.Size != p), -1) is >= 0
            and int strange)
            throw new UsageException($"--positions {strange}: neither network has a feature map of this size.");
        return config.With(In(NetworkPlan.Generator(m), "model.gAttention"), In(NetworkPlan.Discriminator(m), "model.dAttention"),
            $"training.seed={seed}");
    }

    // The steps that a run in this folder has, if there is one; it must be the run that is wanted.
    static long? Finished(string run, ResolvedConfig config)
    {
        if (!File.Exists(Path.Combine(run, "config.json"))) return null;
        RunConfig there =
            ResolvedConfig.Resolve(new ConfigSources { File = Path.Combine(run, "config.json"), FileIsComplete = true }).Config;
        // A run has as many classes as its images, where none were asked for.
        RunConfig wanted = config.Config;
        if (wanted.Model.Classes == 0) wanted = wanted with { Model = wanted.Model with { Classes = there.Model.Classes } };
        ResumeRules.Check(there, wanted, allowChange: false);
        return CheckpointStore.ForReading(Path.Combine(run, "checkpoints")).FindNewest(out _)?.Step;
    }

    static string Table(IReadOnlyList<Outcome> outcomes)
    {
        StringBuilder s = new();
        string[] names = [.. outcomes[0].Measures.Select(m => m.Name)];
        s.Append(CultureInfo.InvariantCulture, $"| attention | {string.Join(" | ", names)} "
            + $"|\n|---|{string.Concat(names.Select(_ => "---|"))}\n");
        foreach (IGrouping<string, Outcome> v in outcomes.GroupBy(o => o.Variant))
        {
            s.Append(CultureInfo.InvariantCulture, $"| {v.Key} |");
            for (int i = 0; i < names.Length; i++)
            {
                double[] x = [.. v.Select(o => o.Measures[i].Value)];
                double mean = x.Average(), spread = x.Length < 2 ? 0 : Math.Sqrt(x.Sum(a => (a - mean) * (a - mean)) / (x.Length - 1));
                s.Append(CultureInfo.InvariantCulture,
                    $" {(mean < 10 ? $"{mean:0.00} +- {spread:0.00}" : $"{mean:0.0} +- {spread:0.0}")} |");
            }
            s.Append('\n');
        }
        return s.ToString();
    }

    static string Report(AblateRequest request, string table)
    {
        RunConfig c = request.Config.Config;
        string about = IsConsistency(c)
            ? "Percent, mean over the seeds +- standard deviation. Real images have nearly 100 in every column: see docs/metrics.md."
            : "Mean over the seeds +- standard deviation; low is good. A proxy-FID is no FID: see docs/metrics.md.";
        string seeds = string.Join(", ", request.Seeds);
        string what = string.Create(CultureInfo.InvariantCulture, $"{c.Data.Source}, {c.Model.Size}x{c.Model.Size}, {c.Training.Steps} "
            + $"steps of "
            + $"{c.Training.Batch} images, seeds {seeds}; {request.Images} samples of each are measured.");
        return $"""
            # Attention, with and without, by position

            {what}
            {about}

            {table}
            """;
    }

    static JsonObject Json(IReadOnlyList<Outcome> outcomes) => new()
    {
        ["runs"] = new JsonArray([.. outcomes.Select(o => new JsonObject(
        [
            KeyValuePair.Create("attention", (JsonNode?)o.Variant),
            KeyValuePair.Create("seed", (JsonNode?)o.Seed),
            KeyValuePair.Create("seconds_per_step", (JsonNode?)(double.IsNaN(o.SecondsPerStep) ? null : Math.Round(o.SecondsPerStep, 5))),
            .. o.Measures.Select(m => KeyValuePair.Create(KeyOf(m.Name), (JsonNode?)Math.Round(m.Value, 5))),
        ]))]),
    };

    static string KeyOf(string measure) => measure.Split(" (")[0].Replace(' ', '_').Replace('-', '_').ToLowerInvariant();
}
