using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Inspection;
using Sagan.Native.IO;
using Sagan.Native.Pages;
using Sagan.Native.Training;
using Sagan.Native.Training.Checkpoints;

namespace Sagan.Native.Commands;

/// <summary>Maps of attention. Layers: empty = those of the generator in a picture, all in a page. Queries: empty = chosen for each image.
/// Head: null = the mean. Checkpoint: a step or "best"; null = the newest.</summary>
sealed record AttentionRequest(string Source, IReadOnlyList<string> Layers, IReadOnlyList<(int Row, int Column)> Queries, string Out)
{
    public int? Head { get; init; }

    /// <summary>As of sample; null = all in turn.</summary>
    public string? Classes { get; init; }

    public ulong Seed { get; init; } = 1;

    public int Count { get; init; } = 4;

    public string? Checkpoint { get; init; }

    /// <summary>Real images for the discriminator; null = generated ones, and in a page the run's own too.</summary>
    public string? Data { get; init; }

    public bool Microscope { get; init; }

    public bool History { get; init; }

    public bool IsPage => PageOption.IsPage(Out);
}

/// <summary><c>sagan attention</c>: where the attention of a trained network looks, as a picture, a page or an animation.</summary>
sealed class AttentionCommand : Verb<AttentionRequest>
{
    /// <summary>Points that are chosen of each image where none are given.</summary>
    const int Points = 5;

    readonly Argument<string> source = new("run") { Description = "A run folder or a checkpoint folder." };
    readonly Option<string[]> layer = new("--layer")
    {
        Description = "An attention layer: g.attn1 is the generator's first, d.attn1 the discriminator's. Repeatable; without it those of "
            + "the generator, in a page all.",
        HelpName = "name",
    };
    readonly Option<string[]> query = new("--query")
    {
        Description = "Row and column of a pixel of the layer's map. Repeatable; without it those with the most different maps.",
        HelpName = "r,c",
    };
    readonly Option<int?> head = new("--head") { Description = "One head, from 0; without it the mean of all.", HelpName = "h" };
    readonly Option<string?> classes = new("--class")
    {
        Description = "Names or numbers of the images' classes, separated by commas; without it all in turn.",
        HelpName = "class",
    };
    readonly Option<ulong> seed =
        new("--seed") { Description = "Seed of the latent vectors.", DefaultValueFactory = _ => 1, HelpName = "seed" };
    readonly Option<int> count = new("--count") { Description = "How many images.", DefaultValueFactory = _ => 4, HelpName = "count" };
    readonly Option<string?> checkpoint =
        new("--checkpoint") { Description = "The step of a checkpoint of the run, or best; without it the newest.", HelpName = "step" };
    readonly Option<string?> data = new("--data")
    {
        Description = "Real images to show the discriminator; without it generated ones, in a page also those the run was trained on.",
        HelpName = "source",
    };
    readonly Option<bool> microscope = new("--microscope")
    {
        Description = "In a picture: how much the output depends on each pixel, through attention and through the convolutions. A page "
            + "has that always.",
    };
    readonly Option<bool> history = new("--history")
    {
        Description = "How the maps formed, from those that the run kept (training.attentionEvery): a .gif, or a .png that is animated.",
    };
    readonly Option<string?> file = new("--out")
    {
        Description = "A picture, or a page in one .html file; the default is attention.png, with --history attention.gif "
            + "(attention-2.png, ... where there is one).",
        HelpName = "path",
    };

    public AttentionCommand()
        : base("attention", "Shows where the attention of a trained network looks.")
    {
        Add(source);
        foreach (Option o in (Option[])[layer, query, head, classes, seed, count, checkpoint, data, microscope, history, file]) Add(o);
    }

    internal override AttentionRequest Read(ParseResult parsed, CommandContext context)
    {
        int n = parsed.GetValue(count);
        if (n is < 1 or > AttentionPass.MostSamples) throw new UsageException($"--count {n}: must be 1 to {AttentionPass.MostSamples}.");
        bool past = parsed.GetValue(history);
        return new AttentionRequest(parsed.GetRequiredValue(source), parsed.GetValue(layer) ?? [],
            [.. (parsed.GetValue(query) ?? []).Select(t => PointOption.Point(query.Name, t))], Out(parsed.GetValue(file), past))
        {
            Head = parsed.GetValue(head),
            Classes = parsed.GetValue(classes),
            Seed = parsed.GetValue(seed),
            Count = n,
            Checkpoint = parsed.GetValue(checkpoint),
            Data = parsed.GetValue(data),
            Microscope = parsed.GetValue(microscope),
            History = past,
        };
    }

    string Out(string? path, bool past)
    {
        if (path == null) return PictureOption.Free(past ? "attention.gif" : "attention.png");
        if (past)
            return ImageAnimation.Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase) ? path
                : throw new UsageException($"{file.Name} {path}: an animation is written as "
                    + $"{string.Join(" or ", ImageAnimation.Extensions)}; end the name with one of them.");
        return PageOption.IsPage(path) || PictureOption.IsPicture(path) ? path
            : throw new UsageException($"{file.Name} {path}: maps are written as a picture "
                + $"({string.Join(", ", ImageEncoder.Extensions)}) or a page (.html); end the name with one of them.");
    }

    protected override ExitCode Run(AttentionRequest request, CommandContext context)
    {
        SaganRun run = SaganRun.Load(PathOf(request), true, null, context.Terminal.Warning);
        IReadOnlyList<AttentionLayer> layers = Chosen(request, run);
        return request.History ? History(request, run, layers, context) : Maps(request, run, layers, context);
    }

    static ExitCode Maps(AttentionRequest request, SaganRun run, IReadOnlyList<AttentionLayer> layers, CommandContext context)
    {
        int[]? classes = ClassesOf(request, run, context);
        AttentionPass generated = run.Attention(request.Count, request.Seed, classes);
        AttentionPass? scored = layers.Any(l => !l.IsGenerator) ? Scored(request, run, generated, context) : null;
        List<MapsOf> maps = [.. layers.Select(l => Of(request, l.IsGenerator ? generated : scored!, l.Name))];
        JsonObject result = new() { ["step"] = run.Step, ["out"] = request.Out, ["maps"] = new JsonArray([.. maps.SelectMany(Json)]) };
        if (request.IsPage)
        {
            string html = MapsPage.Html(run, maps, request.Seed, generated.Images.Count, request.Head);
            int bytes = PageOption.Write(request.Out, html);
            result["bytes"] = bytes;
            context.Result(string.Create(CultureInfo.InvariantCulture,
                $"maps of step {run.Step} ({Names(layers)}), {bytes / 1e6:0.0} MB: {request.Out}"));
        }
        else
        {
            Image figure = AttentionFigure.Draw([.. maps.SelectMany(m => m.Pass.Images.Select((image, i) =>
                new FigureRow(image, m.Captured, i, m.Points[i], request.Head)
                {
                    Label = m.Pass.Classes is { } c ? run.NameOf(c[i]) : "",
                    Microscope = request.Microscope ? [.. m.Points[i].Select(q => m.Pass.Microscope(m.Captured.Layer.Name, i, q))] : [],
                }))]);
            ImageFile.Save(request.Out, figure, SampleCommand.Labels(run, request.Seed));
            context.Result($"maps of step {run.Step} ({Names(layers)}), {request.Count} images: {request.Out}");
        }
        context.ResultJson(result);
        return ExitCode.Success;
    }

    static ExitCode History(AttentionRequest request, SaganRun run, IReadOnlyList<AttentionLayer> layers, CommandContext context)
    {
        AttentionRecord[] records = [.. run.AttentionHistory()];
        if (records.Length == 0)
            throw new UsageException($"--history: {request.Source} has no maps of earlier steps; train with "
                + "--set training.attentionEvery=100 to keep some.");
        // The points are those of the last maps: where they will have come to is what one wants to see forming.
        AttentionLayer layer = layers[0];
        CapturedAttention Of(AttentionRecord r) => r.Layers.First(l => l.Layer.Name == layer.Name);
        AttentionRecord[] with = [.. records.Where(r => r.Layers.Any(l => l.Layer.Name == layer.Name))];
        if (with.Length == 0)
            throw new UsageException($"--layer {layer.Name}: the run kept no maps of it; it keeps those of the generator.");
        int samples = Math.Min(request.Count, with[^1].Images.Count);
        int[][] points = [.. Enumerable.Range(0, samples).Select(i => PointsOf(request, Of(with[^1]), i))];
        Image[] frames = [.. with.Select(r => AttentionFigure.Draw([.. Enumerable.Range(0, samples)
            .Select(i => new FigureRow(r.Images[i], Of(r), i, points[i], request.Head))], $"step {r.Step}"))];
        ImageAnimation.Save(request.Out, frames);
        context.Result($"maps of {layer.Name} at {frames.Length} steps, {with[0].Step} to {with[^1].Step}: {request.Out}");
        context.ResultJson(new JsonObject
        {
            ["out"] = request.Out,
            ["layer"] = layer.Name,
            ["steps"] = new JsonArray([.. with.Select(r => JsonValue.Create(r.Step))]),
        });
        return ExitCode.Success;
    }

    static string Names(IEnumerable<AttentionLayer> layers) => string.Join(", ", layers.Select(l => l.Name));

    // A checkpoint that is named, of a run.
    static string PathOf(AttentionRequest request)
    {
        if (request.Checkpoint is not { } wanted) return request.Source;
        string folder = Path.Combine(request.Source, RunFolder.Checkpoints);
        CheckpointStore store = CheckpointStore.ForReading(folder);
        long? step = wanted == "best" ? store.Best
            : long.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out long n) ? n : null;
        if (step is { } s && store.Steps.Contains(s)) return Path.Combine(folder, Training.Checkpoints.Checkpoint.NameOf(s));
        string known = store.Steps.Count == 0 ? "no checkpoints" : string.Join(", ", store.Steps);
        throw new UsageException($"--checkpoint {wanted}: {request.Source} has no such checkpoint; there are {known}"
            + $"{(store.Best is { } b ? $", and best is {b}" : "")}.");
    }

    static IReadOnlyList<AttentionLayer> Chosen(AttentionRequest request, SaganRun run)
    {
        IReadOnlyList<AttentionLayer> all = run.AttentionLayers();
        if (all.Count == 0)
            throw new UsageException($"{request.Source}: the networks have no attention; they were trained with model.gAttention=none and "
                + "model.dAttention=none, and there are no maps.");
        List<AttentionLayer> chosen = [.. request.Layers.Select(name => AttentionLayers.Find(all, name)).Distinct()];
        if (chosen.Count == 0)
        {
            chosen = [.. all.Where(l => l.Problem == null)];
            if (!request.IsPage && chosen.Any(l => l.IsGenerator)) chosen.RemoveAll(l => !l.IsGenerator);
            if (chosen.Count == 0) chosen = [all[0]];
        }
        foreach (AttentionLayer l in chosen)
        {
            if (l.Problem is { } problem) throw new UsageException($"{problem}.");
            if (request.Head is { } h && (h < 0 || h >= l.Heads))
                throw new UsageException($"--head {h}: {l.Name} has {l.Heads} "
                    + $"{(l.Heads == 1 ? "head, number 0" : $"heads, 0 to {l.Heads - 1}")}.");
            foreach ((int r, int c) in request.Queries)
                if (r >= l.Size || c >= l.Size)
                    throw new UsageException($"--query {r},{c}: the map of {l.Name} is {l.Size}x{l.Size}: row and column are 0 to "
                        + $"{l.Size - 1}; to leave layers out, name one with --layer.");
        }
        return chosen;
    }

    static int[]? ClassesOf(AttentionRequest request, SaganRun run, CommandContext context)
    {
        if (request.Classes == null) return null;
        int[] chosen = run.ClassList(request.Classes, context);
        if (chosen.Length == 0) throw new UsageException($"--class {request.Classes}: names no class.");
        return [.. Enumerable.Range(0, request.Count).Select(i => chosen[i % chosen.Length])];
    }

    // The discriminator sees the images that were made, unless real ones are named, and in a page both.
    static AttentionPass Scored(AttentionRequest request, SaganRun run, AttentionPass generated, CommandContext context)
    {
        List<Image> images = request.Data == null || request.IsPage ? [.. generated.Images] : [];
        List<int> classes = images.Count > 0 ? [.. generated.Classes ?? []] : [];
        if (request.Data != null || request.IsPage)
            try
            {
                RunConfig config = run.Config;
                if (request.Data is { } other) config = config with { Data = config.Data with { Source = other } };
                using ImageDataset set = OpenedData.Of(config, context);
                int room = Math.Min(Math.Min(request.Count, set.Count), AttentionPass.MostSamples - images.Count);
                images.AddRange(set.Some(room));
                if (config.Model.Conditional) classes.AddRange(set.SomeLabels(room));
            }
            catch (DataException e) when (request.Data == null)
            {
                context.Terminal.Warning($"without real images for the discriminator: {e.Message}");
            }
        if (classes.Any(c => c >= run.Config.Model.Classes))
            throw new UsageException($"--data {request.Data}: has more classes than the run, which has {run.Config.Model.Classes}.");
        return run.Attention(images, run.Config.Model.Conditional ? classes : null);
    }

    static MapsOf Of(AttentionRequest request, AttentionPass pass, string name)
    {
        CapturedAttention captured = pass[name];
        return new MapsOf(pass, captured, [.. Enumerable.Range(0, pass.Images.Count).Select(i => PointsOf(request, captured, i))]);
    }

    static int[] PointsOf(AttentionRequest request, CapturedAttention captured, int sample) => request.Queries.Count > 0
        ? [.. request.Queries.Select(q => q.Row * captured.Layer.Size + q.Column)]
        : QueryPoints.MostDifferent(captured, sample, Points, request.Head);

    static IEnumerable<JsonNode> Json(MapsOf m) => m.Points.SelectMany((points, i) => points.Select(q => (JsonNode)new JsonObject
    {
        ["layer"] = m.Captured.Layer.Name,
        ["image"] = i,
        ["row"] = q / m.Captured.Layer.Size,
        ["column"] = q % m.Captured.Layer.Size,
    }));
}
