using System.Text.Json.Nodes;
using Sagan.Native.Cli;
using Sagan.Native.Images;
using Sagan.Native.Models;
using Sagan.Native.Sampling;

namespace Sagan.Native.Services;

/// <summary><c>sagan interpolate</c>: rows of images on the way from one latent vector, or class, to another.</summary>
static class InterpolateService
{
    public static ExitCode Run(InterpolateRequest request, CliContext context)
    {
        TrainedModel model = TrainedModel.Open(request.Source, context, request.Ema);
        (int rows, int frames, int width) = (request.Rows, request.Frames, model.Config.Model.ZDim);
        float[] from = Sampler.Latent(model.Config.Model, new RandomSource(request.FromSeed), rows, model.Device).ToArray();
        // Only the class moves where both ends have one seed.
        float[] to = Sampler.Latent(model.Config.Model, new RandomSource(request.ToSeed), rows, model.Device).ToArray();
        float[] z = new float[rows * frames * width], share = new float[rows * frames];
        for (int r = 0; r < rows; r++)
            for (int f = 0; f < frames; f++)
            {
                double t = frames == 1 ? 0 : (double)f / (frames - 1);
                share[r * frames + f] = (float)t;
                Interpolation.Between(from.AsSpan(r * width, width), to.AsSpan(r * width, width), t, request.Kind).CopyTo(z, (r * frames + f) * width);
            }
        Func<int, int, Condition?> condition = Classes(request, model, context, share);
        Image[] images = Sampler.Images(model.Generator, Tensor.From(z, new Shape(rows * frames, width), model.Device), model.Config.Sampling.Statistics, condition);
        Setup.WriteImage(request.Out, ImageGrid.Of(images, frames), SampleService.Labels(model, request.FromSeed));
        context.Result($"{rows} rows of {frames} images of step {model.Checkpoint.Step}: {request.Out}");
        context.ResultJson(new JsonObject { ["rows"] = rows, ["frames"] = frames, ["step"] = model.Checkpoint.Step, ["out"] = request.Out });
        return ExitCode.Success;
    }

    static Func<int, int, Condition?> Classes(InterpolateRequest request, TrainedModel model, CliContext context, float[] share)
    {
        if (!model.Config.Model.Conditional)
        {
            if (request.FromClass is { } from) model.Class(from, context, "--from-class");
            if (request.ToClass is { } to) model.Class(to, context, "--to-class");
            return (_, _) => null;
        }
        int first = request.FromClass is { } a ? model.Class(a, context, "--from-class") : 0;
        int second = request.ToClass is { } b ? model.Class(b, context, "--to-class") : first;
        return (start, count) => new Condition(Same(first, count), Same(second, count), Tensor.From(share.AsSpan(start, count), new Shape(count), model.Device));

        IndexTensor Same(int label, int count) => IndexTensor.From([.. Enumerable.Repeat(label, count)], model.Device);
    }
}
