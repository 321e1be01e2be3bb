using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Cli;
using Sagan.Native.Configuration;
using Sagan.Native.Images;
using Sagan.Native.Interchange;
using Sagan.Native.Kernels;
using Sagan.Native.Sampling;

namespace Sagan.Native.Services;

/// <summary><c>sagan sample</c>: images from a run or one of its checkpoints alone; no data set is read.</summary>
static class SampleService
{
    public static ExitCode Run(SampleRequest request, CliContext context)
    {
        TrainedGenerator trained = TrainedGenerator.Load(request.Source, request.Ema, context);
        RunConfig config = trained.Config;
        Tensor z = new RandomSource(request.Seed).Normal(new Shape(request.Count, config.Model.ZDim), Device.Parse(config.Training.Device));
        NormStatistics statistics = request.Statistics ?? config.Sampling.Statistics;
        Image[] images = Sampler.Images(trained.Generator, z, statistics);
        KeyValuePair<string, string>[] labels =
        [
            new("sagan.step", trained.Step.ToString(CultureInfo.InvariantCulture)),
            new("sagan.seed", request.Seed.ToString(CultureInfo.InvariantCulture)),
        ];
        if (request.Npz != null) WriteNpz(request.Npz, images);
        if (request.Out is { } file)
            if (file.EndsWith(".png", StringComparison.OrdinalIgnoreCase)) Setup.WritePng(file, ImageGrid.Of(images, request.Columns ?? 8), labels);
            else
                for (int i = 0; i < images.Length; i++) Setup.WritePng(Path.Combine(file, $"{i:D5}.png"), images[i], labels);
        context.Result($"{images.Length} images of step {trained.Step}: {string.Join(", ", ((string?[])[request.Out, request.Npz]).OfType<string>())}");
        JsonObject result = new() { ["images"] = images.Length, ["step"] = trained.Step };
        if (request.Out != null) result["out"] = request.Out;
        if (request.Npz != null) result["npz"] = request.Npz;
        context.ResultJson(result);
        return ExitCode.Success;
    }

    /// <summary>What the evaluation code of BigGAN and of guided diffusion reads: arr_0, bytes [N, H, W, C].</summary>
    static void WriteNpz(string path, Image[] images)
    {
        NpzWriter npz = new();
        Image first = images[0];
        npz.Add("arr_0", new Shape(images.Length, first.Height, first.Width, first.Channels), () => images.SelectMany(i => i.Pixels).ToArray());
        ExportService.Write(path, npz.Save);
    }
}
