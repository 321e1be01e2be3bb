using System.CommandLine;
using Sagan.Native.Commands.Console;
using Sagan.Native.Configuration;
using Sagan.Native.Data;
using Sagan.Native.Metrics;
using Sagan.Native.Sampling;

namespace Sagan.Native.Commands;

/// <summary>
/// Judge the images of a run or checkpoint (Source), or those of a folder (Images), against a data set. Data: null = the run's own.
/// Metrics: empty = all that the network can give. Network: a file of Inception weights; null = the stand-in. Statistics: null = as the run
/// was configured. Class: images of this class alone, against the real ones of it; null = of all.
/// </summary>
sealed record EvaluateRequest(string? Source, string? Images, string? Data, IReadOnlyList<string> Metrics, int Count, int ReferenceCount,
    string? Network,
    ulong Seed, int Batch, string Size, bool Ema, NormStatistics? Statistics, IReadOnlyList<Threshold> Thresholds, string? Class = null);

/// <summary><c>sagan evaluate run</c>.</summary>
sealed class EvaluateCommand : Verb<EvaluateRequest>
{
    readonly Argument<string?> source =
        new("run") { Description = "A run folder or a checkpoint folder.", Arity = ArgumentArity.ZeroOrOne };
    readonly Option<string?> images = new("--images")
    {
        Description = "Judge the images of this folder (or zip, ...) instead, against --data.",
        HelpName = "source",
    };
    readonly Option<string?> data =
        new("--data") { Description = "The real images; the run's own data set unless given.", HelpName = "source" };
    readonly Option<string?> metric = new("--metric")
    {
        Description = $"Any of {string.Join(",", Evaluation.Metrics)}; the default is all but the last.",
        HelpName = "list",
    };
    readonly Option<int> count = new("--n", "-n")
    {
        Description = "How many images to make.",
        DefaultValueFactory = _ =>
        10_000,
        HelpName = "count"
    };
    readonly Option<int> reference = new("--reference-n")
    {
        Description = "At most how many real images.",
        DefaultValueFactory = _ => 50_000,
        HelpName = "count",
    };
    readonly Option<string?> network =
        new("--network") { Description = "Inception weights of 2015 (.pth, .safetensors), for FID itself.", HelpName = "file" };
    readonly Option<ulong> seed = new("--seed")
    {
        Description = "Seed of latent vectors and subsets.",
        DefaultValueFactory = _ =>
        1,
        HelpName = "seed"
    };
    readonly Option<int> batch = new("--batch")
    {
        Description = "Images computed at a time.",
        DefaultValueFactory = _ =>
        64,
        HelpName = "count"
    };
    readonly Option<string> size = new("--size")
    {
        Description = "With --images: the size to bring both sets to.",
        DefaultValueFactory = _ => "64",
        HelpName = "size",
    };
    readonly Option<string?> ofClass =
        new("--class") { Description = "Judge images of this class (name or number) against the real ones of it.", HelpName = "class" };
    readonly Option<NormStatistics?> statistics =
        new("--statistics") { Description = "Statistics of batch normalisation.", HelpName = "running|batch" };
    readonly Option<bool> noEma = new("--no-ema") { Description = "The weights themselves, not their moving average." };
    readonly Option<string[]> failOver = new("--fail-over")
    {
        Description = "Exit code 6 if a metric is above a value: fid=30. Repeatable.",
        HelpName = "metric=value",
    };
    readonly Option<string[]> failUnder = new("--fail-under")
    {
        Description = "Exit code 6 if a metric is below a value: recall=0.4. Repeatable.",
        HelpName = "metric=value",
    };

    public EvaluateCommand()
        : base("evaluate", "Measures how near generated images come to the real ones: FID, KID, IS, precision, recall, density, coverage.")
    {
        Add(source);
        foreach (Option o in (Option[])[images, data, metric, count, reference, network, seed, batch, size, ofClass, statistics, noEma,
            failOver, failUnder]) Add(o);
    }

    internal override EvaluateRequest Read(ParseResult parsed, CommandContext context)
    {
        (string? run, string? folder, string? real) = (parsed.GetValue(source), parsed.GetValue(images), parsed.GetValue(data));
        if (run == null == (folder == null))
            throw new UsageException("evaluate what? "
                + "Give a run or checkpoint folder, or --images with a folder of images: one of the two.");
        if (folder != null && real == null) throw new UsageException($"--images {folder}: against what? It needs --data SOURCE.");
        if (folder != null && parsed.GetValue(ofClass) is { } c)
            throw new UsageException($"--class {c}: chooses what a model is to make; "
                + "of --images and --data give the folders of the class.");
        EvaluateRequest request = new(run, folder, real, Metrics(parsed.GetValue(metric)), Number(parsed, count, 2, 1_000_000),
            Number(parsed, reference, 2, 1_000_000), parsed.GetValue(network), parsed.GetValue(seed), Number(parsed, batch, 1, 4096),
            parsed.GetRequiredValue(size), !parsed.GetValue(noEma), parsed.GetValue(statistics), [.. Thresholds(parsed)],
                parsed.GetValue(ofClass));
        return request;
    }

    static string[] Metrics(string? list)
    {
        if (list == null) return [];
        string[] metrics = [.. list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct()];
        foreach (string m in metrics)
            if (!Evaluation.Metrics.Contains(m))
                throw new UsageException($"--metric {m}: must be of "
                    + $"{string.Join(", ", Evaluation.Metrics)}.{NearestName.Suggestion(m, Evaluation.Metrics)}");
        return metrics.Length > 0 ? metrics
            : throw new UsageException($"--metric {list}: names no metric; choose of {string.Join(", ", Evaluation.Metrics)}.");
    }

    IEnumerable<Threshold> Thresholds(ParseResult parsed) =>
        (parsed.GetValue(failOver) ?? []).Select(t => Threshold.Parse("--fail-over", t, below: false))
            .Concat((parsed.GetValue(failUnder) ?? []).Select(t => Threshold.Parse("--fail-under", t, below: true)));

    static int Number(ParseResult parsed, Option<int> option, int least, int most)
    {
        int n = parsed.GetValue(option);
        return n >= least && n <= most ? n : throw new UsageException($"{option.Name} {n}: must be {least} to {most}.");
    }

    protected override ExitCode Run(EvaluateRequest request, CommandContext context) => Evaluator.Run(request, context);
}
