using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;
using Sagan.Native.Configuration;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Kernels;
using Sagan.Native.Metrics;
using Sagan.Native.Metrics.Inception;
using Sagan.Native.Sampling;
using Sagan.Native.Training;
using Sagan.Native.Training.Checkpoints;

namespace Sagan.Native.Commands;

/// <summary><c>sagan evaluate</c>: how near a generator's images, or those of a folder, come to the real ones.</summary>
sealed class Evaluator
{
    // Consistency reads whole pictures: more of them change its third digit at most.
    const int ConsistencyImages = 2048;

    readonly EvaluateRequest request;
    readonly CommandContext context;
    readonly JsonObject json = [];
    readonly List<Image> kept = [];
    readonly List<string> smallClasses = [];

    Evaluator(EvaluateRequest request, CommandContext context) => (this.request, this.context) = (request, context);

    public static ExitCode Run(EvaluateRequest request, CommandContext context)
    {
        Evaluator service = new(request, context);
        return request.Images == null ? service.Generated() : service.Folder();
    }

    ExitCode Generated()
    {
        SaganRun model = SaganRun.Load(request.Source!, request.Ema, null, context.Terminal.Warning);
        (Checkpoint checkpoint, RunConfig config) = (model.Checkpoint, model.Config);
        NormStatistics statistics = request.Statistics ?? config.Sampling.Statistics;
        int? label = request.Class == null ? null : model.Class(request.Class, context);
        string source = request.Data ?? config.Data.Source;
        using ImageDataset data = OpenedData.Of(config with { Data = config.Data with { Source = source } }, context);
        json["source"] = request.Source;
        json["step"] = checkpoint.Step;
        json["seed"] = request.Seed;
        json["ema"] = request.Ema && File.Exists(checkpoint.File(TrainingState.EmaFile));
        if (label is { } one) json["class"] = model.NameOf(one);
        json["statistics"] = statistics.ToString().ToLowerInvariant();
        string only = label is { } l ? $", class {model.NameOf(l)}" : "";
        context.Result(string.Create(CultureInfo.InvariantCulture, $"{request.Source}, step {checkpoint.Step}, seed {request.Seed}{only}, "
            + $"against {source}"));
        // Each class from a seed of its own.
        string[] theirs = [.. data.Report.Classes.Select(c => c.Name)];
        // Imported weights know how many classes there are, not which.
        bool sameClasses = config.Model.Conditional
            && (model.Classes.Count == 0 ? theirs.Length == config.Model.Classes : model.Classes.SequenceEqual(theirs));
        if (label != null && !sameClasses)
            throw new UsageException($"--class {request.Class}: the model has {Listed([.. model.ClassNames()])}, the data set "
                + $"{Listed(theirs)}; "
                + "leave it, or give the data set that the model was trained on.");
        return Compare(data, Images(request.Count, label), model.Device, source, sameClasses ? (c, n) => Images(n, c) : null, label);

        static string Listed(string[] names) =>
            $"{names.Length} classes"
            + (names.Length == 0 ? "" : $" ({string.Join(", ", names.Take(5))}{(names.Length > 5 ? ", ..." : "")})");

        ImageSet Images(int count, int? of) =>
            GeneratorImages.Of(model.Generator, count, of is { } c ? request.Seed + 1 + (ulong)c : request.Seed, statistics, request.Batch,
                of);
    }

    ExitCode Folder()
    {
        RunConfig Config(string source) => ResolvedConfig.Resolve(new ConfigSources
        {
            Set = ["model.gAttention=none", "model.dAttention=none"],
            Flags = [new FlagValue("--data", "data.source", source), new FlagValue("--size", "model.size", request.Size)],
        }).Config;
        using ImageDataset images = OpenedData.Of(Config(request.Images!), context), data = OpenedData.Of(Config(request.Data!), context);
        json["source"] = request.Images;
        context.Result($"{request.Images} against {request.Data}, both at {images.Size}x{images.Size}");
        bool sameClasses = images.Report.Classes.Select(c => c.Name).SequenceEqual(data.Report.Classes.Select(c => c.Name));
        return Compare(data, ImageSet.Of(images, request.Count), Device.Cpu, request.Data!, sameClasses ? (c, _) =>
            ImageSet.OfClass(images, c) : null, null);
    }

    ExitCode Compare(ImageDataset data, ImageSet fake, Device device, string source, Func<int, int, ImageSet>? ofClass, int? label)
    {
        long start = Stopwatch.GetTimestamp();
        string[] metrics = Metrics(hasLogits: request.Network != null || data.ClassCount > 1, data.ClassCount, ofClass != null);
        bool consistent = CreatureConsistency.IsOf(source, data.Channels);
        // The rows of the reference that are judged against.
        int[] chosen = ImageSet.Chosen(data, request.ReferenceCount);
        int[] rows = [.. Enumerable.Range(0, chosen.Length).Where(i => label == null || data.Label(chosen[i]) == label)];
        (string Metric, string Why)[] left = [.. metrics.Select(m => (m, TooFew(m))).Where(m => m.Item2 != null)
            .Select(m => (m.m, m.Item2!))];
        if (left.Length == metrics.Length)
            throw new MetricException($"nothing can be computed: {string.Join("; ", left.Select(l => $"{l.Metric}: {l.Why}"))}.");
        metrics = [.. metrics.Except(left.Select(l => l.Metric))];
        CheckThresholds(metrics, left, consistent);
        MetricCache cache = new(MetricCache.DefaultFolder(), context.Terminal.Warning);
        FeatureNetwork network = Network(data, device, cache);
        Features real = References.Of(data, network, cache, request.ReferenceCount, request.Batch, Progress("real images"));
        if (label != null) real = real.Choose(rows);
        Features features = network.Extract(consistent ? fake with { Images = Keep(fake.Images) } : fake, request.Batch,
            Progress("images"));
        if (context.Terminal.IsLive) context.Terminal.Live("");
        List<MetricResult> results = [.. Evaluation.Of(metrics, network, real, features, request.Seed)];
        if (metrics.Contains("intra-fid")) results.Add(Intra(data, real, network, fake.Count, ofClass!));

        context.Result($"network: {network.Name}");
        foreach (MetricResult r in results) context.Result(r.ToString());
        foreach ((string metric, string why) in left)
            context.Result($"{network.NameOf(Evaluation.NameOf(metric)),-18} not computed: {why}");
        string[] cautions = [.. Evaluation.Cautions(network, results), .. smallClasses];
        foreach (string caution in cautions) context.Terminal.Warning(caution);
        json["reference"] = source;
        json["reference_hash"] = data.Report.ContentHash;
        json["network"] = network.Name;
        json["proxy"] = network.IsProxy;
        json["metrics"] = new JsonArray([.. results.Select(Json)]);
        json["not_computed"] = new JsonArray([.. left.Select(l => new JsonObject { ["metric"] = l.Metric, ["reason"] = l.Why })]);
        json["warnings"] = new JsonArray([.. cautions.Select(c => JsonValue.Create(c))]);
        List<(string Id, string Name, double Value)> numbers = [.. results.Select(r => (r.Id, r.Name, r.Value))];
        if (consistent) numbers.Add(("consistency", "consistency", Consistency()));
        json["seconds"] = Math.Round(Stopwatch.GetElapsedTime(start).TotalSeconds, 2);
        context.ResultJson(json);
        foreach (Threshold t in request.Thresholds) t.Check(numbers);
        return ExitCode.Success;

        string? TooFew(string metric)
        {
            if (metric != "intra-fid") return Evaluation.TooFew(metric, fake.Count, rows.Length);
            int[] real = new int[data.ClassCount];
            foreach (int i in chosen) real[data.Label(i)]++;
            return Enumerable.Range(0, real.Length)
                .Select(c => Evaluation.TooFew(metric, ofClass!(c, PerClass(fake.Count, real.Length)).Count, real[c]) is { } why
                ? $"class {data.Report.Classes[c].Name}: {why}"
                : null).FirstOrDefault(w => w != null);
        }
    }

    FeatureNetwork Network(ImageDataset data, Device device, MetricCache cache)
    {
        if (request.Network != null) return InceptionNetwork.Open(request.Network, device);
        FeatureNetwork network = ProxyNetwork.Of(data, device, cache, (step, steps) =>
        {
            if (step == 1) context.Terminal.Note($"training the feature network, once for this data set; it is kept in {cache.Folder}");
            context.Terminal.Live($"training the feature network: {step}/{steps}");
        });
        if (context.Terminal.IsLive) context.Terminal.Live("");
        return network;
    }

    // Before anything is computed: what was asked for must be possible.
    string[] Metrics(bool hasLogits, int classes, bool fakesHaveClasses)
    {
        if (request.Class != null && request.Metrics.Contains("intra-fid"))
            throw new UsageException($"--class {request.Class}: intra-fid is over all classes; leave one of the two.");
        if (request.Metrics.Count == 0) return hasLogits ? ["fid", "kid", "is", "prdc"] : ["fid", "kid", "prdc"];
        if (request.Metrics.Contains("is") && !hasLogits)
            throw new UsageException("--metric is: the stand-in network has no classes, because the data set has none; "
                + "give --network the Inception weights, or leave it out.");
        if (request.Metrics.Contains("intra-fid") && classes < 2)
            throw new UsageException("--metric intra-fid: the data set has no classes; leave it out.");
        if (request.Metrics.Contains("intra-fid") && !fakesHaveClasses)
            throw new UsageException("--metric intra-fid: the images that are judged have not the classes of the data set; leave it out.");
        return [.. request.Metrics];
    }

    void CheckThresholds(string[] metrics, (string Metric, string Why)[] left, bool consistent)
    {
        foreach (Threshold t in request.Thresholds)
            if (left.FirstOrDefault(l => l.Metric ==
                (t.Metric is "precision" or "recall" or "density" or "coverage" ? "prdc" : t.Metric)) is { Why: { } why })
                throw new MetricException($"{t}: {t.Metric} cannot be computed: {why}.");
            else if (!Has(t.Metric))
                throw new UsageException($"{t}: {t.Metric} is not among the metrics that are computed here; add it with --metric.");

        bool Has(string number) => number switch
        {
            "precision" or "recall" or "density" or "coverage" => metrics.Contains("prdc"),
            "consistency" => consistent,
            _ => metrics.Contains(number),
        };
    }

    MetricResult Intra(ImageDataset data, Features reference, FeatureNetwork network, int count, Func<int, int, ImageSet> ofClass)
    {
        int[] labels = [.. ImageSet.Chosen(data, request.ReferenceCount).Select(data.Label)];
        int classes = data.ClassCount, images = 0, fewest = int.MaxValue;
        (double mean, double[] all) = IntraFrechetDistance.Of(Real, Fake, classes, c => data.Report.Classes[c].Name);
        if (fewest < FrechetDistance.FewImages)
            smallClasses.Add($"{network.NameOf("intra-FID")}: the smallest class has {Features.Images(fewest)}; "
                + $"with fewer than {FrechetDistance.FewImages} it is biased upwards.");
        json["classes"] = new JsonArray(
            [.. all.Select((d, c) => new JsonObject { ["name"] = data.Report.Classes[c].Name, ["value"] = d })]);
        return new MetricResult("intra-fid", network.NameOf("intra-FID"), mean, null, images, reference.Count);

        Features Real(int c)
        {
            Features f = reference.Choose([.. Enumerable.Range(0, labels.Length).Where(i => labels[i] == c)]);
            fewest = Math.Min(fewest, f.Count);
            return f;
        }

        Features Fake(int c)
        {
            Features f = network.Extract(ofClass(c, PerClass(count, classes)), request.Batch);
            (images, fewest) = (images + f.Count, Math.Min(fewest, f.Count));
            return f;
        }
    }

    static int PerClass(int count, int classes) => Math.Max(2, count / classes);

    double Consistency()
    {
        CreatureConsistency c = CreatureConsistency.Measure(kept);
        context.Result(string.Create(CultureInfo.InvariantCulture, $"{"consistency",-18} {c.Overall:P1} of {c.Images} images ({c})"));
        json["consistency"] = new JsonObject
        {
            ["overall"] = c.Overall,
            ["images"] = c.Images,
        };
        foreach ((string name, double value) in c.Parts) json["consistency"]![name] = value;
        return c.Overall;
    }

    IEnumerable<Image> Keep(IEnumerable<Image> images)
    {
        foreach (Image image in images)
        {
            if (kept.Count < ConsistencyImages) kept.Add(image);
            yield return image;
        }
    }

    Action<int>? Progress(string what) => context.Terminal.IsLive ? n => context.Terminal.Live($"features of {what}: {n}") : null;

    static JsonNode Json(MetricResult r)
    {
        JsonObject o = new()
        {
            ["metric"] = r.Id,
            ["name"] = r.Name,
            ["value"] = double.IsFinite(r.Value) ? r.Value : null,
            ["images"] = r.Images
        };
        if (r.Deviation != null) o["std"] = r.Deviation;
        if (r.ReferenceImages != null) o["reference_images"] = r.ReferenceImages;
        return o;
    }
}
