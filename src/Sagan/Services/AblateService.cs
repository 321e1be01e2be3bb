using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sagan.Native.Cli;
using Sagan.Native.Configuration;
using Sagan.Native.Data;
using Sagan.Native.Images;
using Sagan.Native.Kernels;
using Sagan.Native.Metrics;
using Sagan.Native.Models;
using Sagan.Native.Sampling;
using Sagan.Native.Training;

namespace Sagan.Native.Services;

/// <summary>
/// <c>sagan ablate</c>: does attention help, and where? Every variant is trained with every seed for the same number of steps on the same data, and samples of
/// each are measured; what differs by no more than the spread over seeds says nothing. A finished run is not trained again.
/// </summary>
static class AblateService
{
    sealed record Outcome(string Variant, ulong Seed, double SecondsPerStep, IReadOnlyList<(string Name, double Value)> Measures);

    static bool IsConsistency(RunConfig c) => c.Data.Source == Dataset.Creatures && c.Model.Channels == 3;

    public static ExitCode Run(AblateRequest request, CliContext context)
    {
        foreach (IReadOnlyList<int> positions in request.Positions) Variant(request.Config, positions, 0);
        ProxyScore? score = IsConsistency(request.Config.Config) ? null : Score(request.Config.Config, context);
        List<Outcome> outcomes = [];
        foreach (IReadOnlyList<int> positions in request.Positions)
            foreach (ulong seed in request.Seeds) outcomes.Add(Measure(request, positions, seed, score, context));
        string table = Table(outcomes);
        Directory.CreateDirectory(request.Folder);
        File.WriteAllText(Path.Combine(request.Folder, "ablation.md"), Report(request, table));
        context.Result(table.TrimEnd());
        context.Result($"also in {Path.Combine(request.Folder, "ablation.md")}");
        context.ResultJson(Json(outcomes));
        return ExitCode.Success;
    }

    // The measure of images whose making nobody knows.
    static ProxyScore Score(RunConfig config, CliContext context)
    {
        Setup.Threads(config.Training.Threads);
        using ImageDataset data = Setup.OpenData(config, context);
        return ProxyScore.Of(data, Device.Parse(config.Training.Device), new MetricCache(MetricCache.DefaultFolder(), context.Terminal.Warning),
            progress: (step, steps) => context.Terminal.Live($"training the feature network: {step}/{steps}"));
    }

    static Outcome Measure(AblateRequest request, IReadOnlyList<int> positions, ulong seed, ProxyScore? score, CliContext context)
    {
        string variant = positions.Count == 0 ? "none" : string.Join("+", positions);
        ResolvedConfig config = Variant(request.Config, positions, seed);
        string run = Path.Combine(request.Folder, $"attention-{variant}-seed-{seed}");
        int steps = config.Config.Training.Steps;
        Stopwatch clock = Stopwatch.StartNew();
        int before = (int)(Finished(run, config) ?? 0);
        CliContext quiet = context with { Terminal = context.Terminal.Quiet(), Json = false };
        context.Terminal.Note($"attention {variant}, seed {seed}: {(before >= steps ? "there" : before > 0 ? $"from step {before}" : "training")}");
        // One that ended before its first checkpoint is begun anew by resume.
        if (!File.Exists(Path.Combine(run, "config.json"))) Check(TrainingSession.Train(new TrainRequest(config, run), quiet));
        else if (before < steps)
            Check(TrainingSession.Resume(new ResumeRequest(run) { Flags = [new FlagValue("--steps", "training.steps", $"{steps}")] }, quiet));
        double seconds = steps > before ? clock.Elapsed.TotalSeconds / (steps - before) : double.NaN;

        TrainedModel model = TrainedModel.Open(run, context);
        if (score != null) return new Outcome(variant, seed, seconds, [(score.Name, score.Of(model.Generator, request.Images, seed, model.Config.Sampling.Statistics))]);
        Tensor z = Sampler.Latent(model.Config.Model, new RandomSource(seed), request.Images, model.Device);
        Image[] images = Sampler.Images(model.Generator, z, model.Config.Sampling.Statistics,
            model.Config.Model.Conditional ? [.. Enumerable.Range(0, request.Images).Select(i => i % model.Config.Model.Classes)] : null);
        CreatureConsistency c = CreatureConsistency.Measure(images);
        return new Outcome(variant, seed, seconds, [("consistency", 100 * c.Overall), .. c.Parts
            .Where(part => part.Name != "combinations").Select(part => (part.Name.Replace('_', ' '), 100 * part.Value))]);

        static void Check(ExitCode code)
        {
            if (code != ExitCode.Success) throw new StoppedException(code);
        }
    }

    // A training was interrupted: so is the whole, with the same exit code.
    sealed class StoppedException(ExitCode code) : SaganException("ablate: a training was stopped; say the same command again to go on from there.")
    {
        public override ExitCode ExitCode => code;
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
        if (positions.FirstOrDefault(p => NetworkPlan.Generator(m).Concat(NetworkPlan.Discriminator(m)).All(f => f.Size != p), -1) is >= 0 and int strange)
            throw new UsageException($"--positions {strange}: neither network has a feature map of this size.");
        return config.With(In(NetworkPlan.Generator(m), "model.gAttention"), In(NetworkPlan.Discriminator(m), "model.dAttention"), $"training.seed={seed}");
    }

    // The steps that a run in this folder has, if there is one; it must be the run that is wanted.
    static long? Finished(string run, ResolvedConfig config)
    {
        if (!File.Exists(Path.Combine(run, "config.json"))) return null;
        RunConfig there = ConfigResolver.Resolve(new ConfigSources { File = Path.Combine(run, "config.json"), FileIsComplete = true }).Config;
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
        s.Append(CultureInfo.InvariantCulture, $"| attention | {string.Join(" | ", names)} |\n|---|{string.Concat(names.Select(_ => "---|"))}\n");
        foreach (IGrouping<string, Outcome> v in outcomes.GroupBy(o => o.Variant))
        {
            s.Append(CultureInfo.InvariantCulture, $"| {v.Key} |");
            for (int i = 0; i < names.Length; i++)
            {
                double[] x = [.. v.Select(o => o.Measures[i].Value)];
                double mean = x.Average(), spread = x.Length < 2 ? 0 : Math.Sqrt(x.Sum(a => (a - mean) * (a - mean)) / (x.Length - 1));
                s.Append(CultureInfo.InvariantCulture, $" {(mean < 10 ? $"{mean:0.00} +- {spread:0.00}" : $"{mean:0.0} +- {spread:0.0}")} |");
            }
            s.Append('\n');
        }
        return s.ToString();
    }

    static string Report(AblateRequest request, string table)
    {
        RunConfig c = request.Config.Config;
        return string.Create(CultureInfo.InvariantCulture,
            $"""
            # Attention, with and without, by position

            {c.Data.Source}, {c.Model.Size}x{c.Model.Size}, {c.Training.Steps} steps of {c.Training.Batch} images, seeds {string.Join(", ", request.Seeds)}; {request.Images} samples of each are measured.
            {(IsConsistency(c)
                ? "Percent, mean over the seeds +- standard deviation. Real images have nearly 100 in every column: see docs/metrics.md."
                : "Mean over the seeds +- standard deviation; low is good. A proxy-FID is no FID: see docs/metrics.md.")}

            {table}
            """);
    }

    static JsonObject Json(IReadOnlyList<Outcome> outcomes) => new()
    {
        ["runs"] = new JsonArray([.. outcomes.Select(o => new JsonObject(
        [
            KeyValuePair.Create("attention", (JsonNode?)o.Variant),
            KeyValuePair.Create("seed", (JsonNode?)o.Seed),
            KeyValuePair.Create("seconds_per_step", (JsonNode?)(double.IsNaN(o.SecondsPerStep) ? null : Math.Round(o.SecondsPerStep, 5))),
            .. o.Measures.Select(m => KeyValuePair.Create(m.Name.Split(" (")[0].Replace(' ', '_').Replace('-', '_').ToLowerInvariant(), (JsonNode?)Math.Round(m.Value, 5))),
        ]))]),
    };
}
