using System.CommandLine;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;
using Sagan.Native.Data;
using Sagan.Native.Inspection;
using Sagan.Native.Pages;
using Sagan.Native.Training;

namespace Sagan.Native.Commands;

/// <summary>
/// Write the page to a file. Source: a run whose pixel is shown too; null = none, and then nothing else is given. Layer: null = the
/// generator's first. Query: null = the most telling one. Pixel: null = the one over the query. Class: null = the first. Data: where the
/// image is from that the discriminator is shown; null = a generated one.
/// </summary>
sealed record ExplainAttentionRequest(string Out, string? Source = null, string? Layer = null, (int Row, int Column)? Query = null,
    (int Row, int Column)? Pixel = null, int Head = 0, ulong Seed = 1, string? Class = null, string? Data = null);

/// <summary><c>sagan explain attention</c>: attention forwards and backwards, with live numbers, as a page in one file.</summary>
sealed class ExplainAttentionCommand : Verb<ExplainAttentionRequest>
{
    /// <summary>Keys that the page lists.</summary>
    const int Strongest = 8;

    readonly Argument<string?> source = new("run")
    {
        Description = "A run or checkpoint folder: what its networks do at one pixel is shown too.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    readonly Option<string> file = new("--out") { Description = "The .html file to write.", HelpName = "file", Required = true };
    readonly Option<string?> layer = new("--layer")
    {
        Description = "An attention layer: g.attn1 is the generator's first, which is shown without it, d.attn1 the discriminator's.",
        HelpName = "name",
    };
    readonly Option<string?> query = new("--query")
    {
        Description = "Row and column of the pixel that reads, on the layer's map; without it the one whose map is least like the others.",
        HelpName = "r,c",
    };
    readonly Option<string?> pixel = new("--pixel")
    {
        Description = "Row and column of the image's pixel whose gradient is shown; without it the one over the query. Of a layer of the "
            + "discriminator it is the gradient of the score.",
        HelpName = "r,c",
    };
    readonly Option<int?> head = new("--head") { Description = "One of several heads, from 0.", HelpName = "h" };
    readonly Option<ulong?> seed = new("--seed") { Description = "Seed of the image's noise; without it 1.", HelpName = "seed" };
    readonly Option<string?> label = new("--class") { Description = "Name or number of the image's class.", HelpName = "class" };
    readonly Option<string?> data = new("--data")
    {
        Description = "Where a real image to show the discriminator is from; without it, it is a generated one.",
        HelpName = "source",
    };

    public ExplainAttentionCommand()
        : base("attention", "Writes a page that shows attention forwards and backwards: every number, the sum that makes it, its gradient.")
    {
        Add(source);
        foreach (Option o in (Option[])[file, layer, query, pixel, head, seed, label, data]) Add(o);
    }

    internal override ExplainAttentionRequest Read(ParseResult parsed, CommandContext context)
    {
        string path = parsed.GetRequiredValue(file);
        if (!PageOption.IsPage(path))
            throw new UsageException($"--out {path}: a page is a .html file; name it so, or no browser shows it.");
        ExplainAttentionRequest request = new(path, parsed.GetValue(source), parsed.GetValue(layer),
            PointOption.Read(query.Name, parsed.GetValue(query)), PointOption.Read(pixel.Name, parsed.GetValue(pixel)),
            parsed.GetValue(head) ?? 0, parsed.GetValue(seed) ?? 1, parsed.GetValue(label), parsed.GetValue(data));
        Option? Given(params Option[] options) => options.FirstOrDefault(o => parsed.GetResult(o) != null);
        if (request.Source == null && Given(layer, query, pixel, head, seed, label, data) is { } alone)
            throw new UsageException($"{alone.Name}: says what to show of a run, and none is named; put its folder behind `attention`.");
        if (request.Data != null && Given(seed, label) is { } made)
            throw new UsageException($"{made.Name}: is of an image that the generator makes; leave it or {data.Name} out.");
        return request;
    }

    protected override ExitCode Run(ExplainAttentionRequest request, CommandContext context)
    {
        (AttentionQuery? shown, JsonObject? run) = (null, null);
        if (request.Source != null)
        {
            SaganRun model = SaganRun.Load(request.Source, true, null, context.Terminal.Warning);
            shown = Query(request, model, context);
            run = Describe(shown, model);
        }
        PageOption.Write(request.Out, ExplainPage.Html(run));
        string what = shown == null ? "" : $" {shown.Layer.Name}, query {shown.Query / shown.Layer.Size},{shown.Query % shown.Layer.Size}, "
            + $"{(shown.Pixel is { } p ? $"output pixel {p.Row},{p.Column}" : "score")};";
        context.Result($"{request.Out}:{what} open it in a browser; it needs nothing else");
        JsonObject result = new() { ["out"] = request.Out };
        if (run != null)
            foreach (string key in (ReadOnlySpan<string>)["layer", "query", "pixel"]) result[key] = run[key]?.DeepClone();
        context.ResultJson(result);
        return ExitCode.Success;
    }

    static AttentionQuery Query(ExplainAttentionRequest request, SaganRun model, CommandContext context)
    {
        IReadOnlyList<AttentionLayer> all = model.AttentionLayers();
        if (all.Count == 0)
            throw new UsageException($"{request.Source}: the networks have no attention to show; they were trained with "
                + "model.gAttention=none and model.dAttention=none.");
        AttentionLayer layer = request.Layer == null ? all[0] : AttentionLayers.Find(all, request.Layer);
        if (layer.Problem is { } problem) throw new UsageException($"{problem}.");
        if (request.Head < 0 || request.Head >= layer.Heads)
            throw new UsageException($"--head {request.Head}: {layer.Name} has {layer.Heads}; they are counted from 0.");
        if (layer.IsGenerator && request.Data != null)
            throw new UsageException($"--data {request.Data}: {layer.Name} makes its image from noise; leave it out, or name a --layer of "
                + "the discriminator.");
        if (!layer.IsGenerator && request.Pixel is { } p)
            throw new UsageException($"--pixel {p.Row},{p.Column}: {layer.Name} leads to a score, which has no pixel; leave it out.");
        Within("--query", request.Query, layer.Size, $"the map of {layer.Name}");
        Within("--pixel", request.Pixel, model.Config.Model.Size, "the image");
        int? query = request.Query is { } q ? q.Row * layer.Size + q.Column : null;
        if (request.Data == null)
            return model.AttentionAt(layer, query, request.Pixel, request.Head, request.Seed,
                request.Class == null ? null : model.Class(request.Class, context));
        RunConfig config = model.Config with { Data = model.Config.Data with { Source = request.Data } };
        using ImageDataset set = OpenedData.Of(config, context);
        int? label = config.Model.Conditional ? set.SomeLabels(1).First() : null;
        if (label >= config.Model.Classes)
            throw new UsageException($"--data {request.Data}: has more classes than the run, which has {config.Model.Classes}.");
        return model.AttentionAt(layer, query, head: request.Head, label: label, image: set.Some(1)[0]);
    }

    static void Within(string option, (int Row, int Column)? point, int size, string what)
    {
        if (point is { } p && (p.Row >= size || p.Column >= size))
            throw new UsageException($"{option} {p.Row},{p.Column}: {what} is {size}x{size}; row and column are 0 to {size - 1}.");
    }

    /// <summary>What <c>trained.js</c> reads.</summary>
    internal static JsonObject Describe(AttentionQuery shown, SaganRun model)
    {
        AttentionLayer layer = shown.Layer;
        int[] strongest = [.. Enumerable.Range(0, shown.A.Length).OrderByDescending(j => shown.A[j]).ThenBy(j => j).Take(Strongest)];
        int width = shown.Q.Length;
        return new JsonObject
        {
            ["name"] = Path.GetFileName(model.Run ?? model.Checkpoint.Folder),
            ["step"] = model.Step,
            ["layer"] = layer.Name,
            ["form"] = layer.Form,
            ["size"] = layer.Size,
            ["scales"] = Numbers(layer.Scales),
            ["heads"] = layer.Heads,
            ["head"] = shown.Head,
            ["gamma"] = layer.Gamma,
            ["scale"] = shown.Scale,
            ["query"] = Numbers([shown.Query / layer.Size, shown.Query % layer.Size]),
            ["pixel"] = shown.Pixel is { } p ? Numbers([p.Row, p.Column]) : null,
            ["l"] = shown.L,
            ["image"] = new JsonObject
            {
                ["url"] = AttentionJson.Png(shown.Image),
                ["size"] = shown.Image.Width,
            },
            ["q"] = Numbers(shown.Q),
            ["dq"] = Numbers(shown.Dq),
            ["g"] = Numbers(shown.G),
            ["d"] = shown.D,
            ["strongest"] = Numbers(strongest),
            ["k"] = new JsonArray([.. strongest.Select(j => Numbers(shown.K[(j * width)..((j + 1) * width)]))]),
            ["e"] = Numbers(shown.E),
            ["a"] = Numbers(shown.A),
            ["da"] = Numbers(shown.DA),
            ["de"] = Numbers(shown.DE),
        };
    }

    static JsonArray Numbers(IEnumerable<float> x) => new([.. x.Select(v => (JsonNode?)JsonValue.Create(v))]);

    static JsonArray Numbers(IEnumerable<int> x) => new([.. x.Select(v => (JsonNode?)JsonValue.Create(v))]);
}
