using System.CommandLine;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;
using Sagan.Native.Data.Images;
using Sagan.Native.Inspection;
using Sagan.Native.Pages;
using Sagan.Native.Training;

namespace Sagan.Native.Commands;

/// <summary>
/// Write the page to a file. Source: a run whose pixel is shown too; null = none, and then nothing else is given. Layer: null = the
/// generator's first. Query: null = the most telling one. Pixel: null = the one over the query. Class: null = the first.
/// </summary>
sealed record ExplainAttentionRequest(string Out, string? Source = null, string? Layer = null, (int Row, int Column)? Query = null,
    (int Row, int Column)? Pixel = null, int Head = 0, ulong Seed = 1, string? Class = null);

/// <summary><c>sagan explain attention</c>: attention forwards and backwards, with live numbers, as a page in one file.</summary>
sealed class ExplainAttentionCommand : Verb<ExplainAttentionRequest>
{
    /// <summary>Keys that the page lists.</summary>
    const int Strongest = 8;

    readonly Argument<string?> source = new("run")
    {
        Description = "A run or checkpoint folder: what its generator does at one pixel is shown too.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    readonly Option<string> file = new("--out") { Description = "The .html file to write.", HelpName = "file", Required = true };
    readonly Option<string?> layer = new("--layer")
    {
        Description = "An attention layer of the generator; without it g.attn1, the first.",
        HelpName = "name",
    };
    readonly Option<string?> query = new("--query")
    {
        Description = "Row and column of the pixel that reads, on the layer's map; without it the one whose map is least like the others.",
        HelpName = "r,c",
    };
    readonly Option<string?> pixel = new("--pixel")
    {
        Description = "Row and column of the image's pixel whose gradient is shown; without it the one over the query.",
        HelpName = "r,c",
    };
    readonly Option<int?> head = new("--head") { Description = "One of several heads, from 0.", HelpName = "h" };
    readonly Option<ulong?> seed = new("--seed") { Description = "Seed of the image's noise; without it 1.", HelpName = "seed" };
    readonly Option<string?> label = new("--class") { Description = "Name or number of the image's class.", HelpName = "class" };

    public ExplainAttentionCommand()
        : base("attention", "Writes a page that shows attention forwards and backwards: every number, the sum that makes it, its gradient.")
    {
        Add(source);
        foreach (Option o in (Option[])[file, layer, query, pixel, head, seed, label]) Add(o);
    }

    internal override ExplainAttentionRequest Read(ParseResult parsed, CommandContext context)
    {
        string path = parsed.GetRequiredValue(file);
        if (!PageOption.IsPage(path))
            throw new UsageException($"--out {path}: a page is a .html file; name it so, or no browser shows it.");
        ExplainAttentionRequest request = new(path, parsed.GetValue(source), parsed.GetValue(layer),
            PointOption.Read(query.Name, parsed.GetValue(query)), PointOption.Read(pixel.Name, parsed.GetValue(pixel)),
            parsed.GetValue(head) ?? 0, parsed.GetValue(seed) ?? 1, parsed.GetValue(label));
        if (request.Source == null && ((Option[])[layer, query, pixel, head, seed, label]).FirstOrDefault(o => parsed.GetResult(o) != null)
            is { } alone)
            throw new UsageException($"{alone.Name}: says what to show of a run, and none is named; put its folder behind `attention`.");
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
            + $"output pixel {shown.Pixel.Row},{shown.Pixel.Column};";
        context.Result($"{request.Out}:{what} open it in a browser; it needs nothing else");
        JsonObject result = new() { ["out"] = request.Out };
        if (run != null)
            foreach (string key in (ReadOnlySpan<string>)["layer", "query", "pixel"]) result[key] = run[key]!.DeepClone();
        context.ResultJson(result);
        return ExitCode.Success;
    }

    static AttentionQuery Query(ExplainAttentionRequest request, SaganRun model, CommandContext context)
    {
        IReadOnlyList<AttentionLayer> all = AttentionLayers.Of(model.Generator);
        if (all.Count == 0 && request.Layer == null)
            throw new UsageException($"{request.Source}: the generator has no attention to show; it was trained with "
                + "model.gAttention=none.");
        AttentionLayer layer = request.Layer == null ? all[0] : AttentionLayers.Find(model.AttentionLayers(), request.Layer);
        if (!layer.IsGenerator)
            throw new UsageException($"--layer {request.Layer}: the page follows a pixel of the image back into the generator; layers of "
                + $"that are {string.Join(", ", all.Select(l => l.Name))}.");
        if (layer.Problem is { } problem) throw new UsageException($"{problem}.");
        if (request.Head < 0 || request.Head >= layer.Heads)
            throw new UsageException($"--head {request.Head}: {layer.Name} has {layer.Heads}; they are counted from 0.");
        Within("--query", request.Query, layer.Size, $"the map of {layer.Name}");
        Within("--pixel", request.Pixel, model.Config.Model.Size, "the image");
        return model.AttentionAt(layer, request.Query is { } q ? q.Row * layer.Size + q.Column : null, request.Pixel, request.Head,
            request.Seed, request.Class == null ? null : model.Class(request.Class, context));
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
            ["pixel"] = Numbers([shown.Pixel.Row, shown.Pixel.Column]),
            ["image"] = new JsonObject
            {
                ["url"] = $"data:image/png;base64,{Convert.ToBase64String(ImageEncoder.Encode(shown.Image, ".png"))}",
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
