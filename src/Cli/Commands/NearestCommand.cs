using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Sampling;
using Sagan.Native.Training;

namespace Sagan.Native.Commands;

/// <summary>Samples beside the training images nearest to them. Data null: the run's own. Classes: as of sample.</summary>
sealed record NearestRequest(string Source, string? Data, int Count, int Neighbours, ulong Seed, string Out, string? Classes = null);

/// <summary><c>sagan nearest</c>: samples, each beside the training images most like it.</summary>
sealed class NearestCommand : Verb<NearestRequest>
{
    readonly Argument<string> source = new("run") { Description = "A run folder or a checkpoint folder." };
    readonly Option<string?> data =
        new("--data") { Description = "The images to search; without it those the run was trained on.", HelpName = "source" };
    readonly Option<int> count = new("-n") { Description = "How many samples.", DefaultValueFactory = _ => 8, HelpName = "count" };
    readonly Option<int> neighbours =
        new("-k") { Description = "How many training images beside each.", DefaultValueFactory = _ => 7, HelpName = "count" };
    readonly Option<ulong> seed = new("--seed")
    {
        Description = "Seed of the latent vectors.",
        DefaultValueFactory = _ =>
        1,
        HelpName = "seed"
    };
    readonly Option<string?> classes = new("--class")
    {
        Description = "Names or numbers of the samples' classes, separated by commas; without it all in turn.",
        HelpName = "class",
    };
    readonly Option<string?> file = new("--out")
    {
        Description = "A .png, .jpg, .webp or .bmp file; the default is nearest.png (nearest-2.png, ... where there is one).",
        HelpName = "path",
    };

    public NearestCommand()
        : base("nearest", "Shows samples beside the training images most like them.")
    {
        Add(source);
        foreach (Option o in (Option[])[data, count, neighbours, seed, classes, file]) Add(o);
    }

    string Out(ParseResult parsed) =>
        parsed.GetValue(file) is { } path ? PictureOption.Picture(file.Name, path) : PictureOption.Free("nearest.png");

    internal override NearestRequest Read(ParseResult parsed, CommandContext context)
    {
        (int n, int k) = (parsed.GetValue(count), parsed.GetValue(neighbours));
        if (n is < 1 or > 1000) throw new UsageException($"-n {n}: must be 1 to 1000.");
        if (k is < 1 or > 100) throw new UsageException($"-k {k}: must be 1 to 100.");
        return new NearestRequest(parsed.GetRequiredValue(source), parsed.GetValue(data), n, k, parsed.GetValue(seed), Out(parsed),
            parsed.GetValue(classes));
    }

    protected override ExitCode Run(NearestRequest request, CommandContext context)
    {
        SaganRun model = SaganRun.Load(request.Source, true, null, context.Terminal.Warning);
        Tensor z = Sampler.Latent(model.Config.Model, new RandomSource(request.Seed), request.Count, model.Device);
        int[] chosen = request.Classes == null
            ? [.. Enumerable.Range(0, model.Config.Model.Conditional ? model.Config.Model.Classes : 0)]
            : model.ClassList(request.Classes, context);
        int[]? classes = chosen.Length == 0 ? null : [.. Enumerable.Range(0, request.Count).Select(i => chosen[i % chosen.Length])];
        string source = request.Data ?? model.Config.Data.Source;
        using ImageDataset data = OpenedData.Of(model.Config with { Data = model.Config.Data with { Source = source } }, context);
        Image[] samples = Sampler.Images(model.Generator, z, model.Config.Sampling.Statistics, classes);
        List<Image> grid = [];
        JsonArray rows = [];
        foreach (Image sample in samples)
        {
            (int Index, double Distance)[] nearest = NearestImages.Find(sample, data, request.Neighbours);
            grid.Add(sample);
            grid.AddRange(nearest.Select(n => data.Image(n.Index)));
            context.Result(string.Create(CultureInfo.InvariantCulture, $"{nearest[0].Distance,6:0.0} of 255 to "
                + $"{data.Name(nearest[0].Index)}"));
            rows.Add((JsonNode)new JsonArray([.. nearest
                .Select(n => new JsonObject { ["image"] = data.Name(n.Index), ["distance"] = Math.Round(n.Distance, 3) })]));
        }
        ImageFile.Save(request.Out, ImageGrid.Of([.. grid], 1 + Math.Min(request.Neighbours, data.Count)),
            SampleCommand.Labels(model, request.Seed));
        context.Result($"each row: a sample and the training images nearest to it: {request.Out}");
        JsonObject result = new() { ["out"] = request.Out, ["nearest"] = rows };
        model.AddClasses(result, classes);
        context.ResultJson(result);
        return ExitCode.Success;
    }
}
