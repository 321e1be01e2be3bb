using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Cli;
using Sagan.Native.Data;
using Sagan.Native.Images;
using Sagan.Native.Sampling;

namespace Sagan.Native.Services;

/// <summary><c>sagan nearest</c>: samples, each beside the training images most like it.</summary>
static class NearestService
{
    public static ExitCode Run(NearestRequest request, CliContext context)
    {
        TrainedModel model = TrainedModel.Open(request.Source, context);
        Tensor z = Sampler.Latent(model.Config.Model, new RandomSource(request.Seed), request.Count, model.Device);
        int[] chosen = request.Classes == null
            ? [.. Enumerable.Range(0, model.Config.Model.Conditional ? model.Config.Model.Classes : 0)]
            : model.ClassList(request.Classes, context);
        int[]? classes = chosen.Length == 0 ? null : [.. Enumerable.Range(0, request.Count).Select(i => chosen[i % chosen.Length])];
        using ImageDataset data = Setup.OpenData(model.Config with { Data = model.Config.Data with { Source = request.Data ?? model.Config.Data.Source } }, context);
        Image[] samples = Sampler.Images(model.Generator, z, model.Config.Sampling.Statistics, classes);
        List<Image> grid = [];
        JsonArray rows = [];
        foreach (Image sample in samples)
        {
            (int Index, double Distance)[] nearest = NearestImages.Find(sample, data, request.Neighbours);
            grid.Add(sample);
            grid.AddRange(nearest.Select(n => data.Image(n.Index)));
            context.Result(string.Create(CultureInfo.InvariantCulture, $"{nearest[0].Distance,6:0.0} of 255 to {data.Name(nearest[0].Index)}"));
            rows.Add(new JsonArray([.. nearest.Select(n => new JsonObject { ["image"] = data.Name(n.Index), ["distance"] = Math.Round(n.Distance, 3) })]));
        }
        Setup.WriteImage(request.Out, ImageGrid.Of([.. grid], 1 + Math.Min(request.Neighbours, data.Count)), SampleService.Labels(model, request.Seed));
        context.Result($"each row: a sample and the training images nearest to it: {request.Out}");
        JsonObject result = new() { ["out"] = request.Out, ["nearest"] = rows };
        model.AddClasses(result, classes);
        context.ResultJson(result);
        return ExitCode.Success;
    }
}
