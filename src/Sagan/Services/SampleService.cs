using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Cli;
using Sagan.Native.Configuration;
using Sagan.Native.Images;
using Sagan.Native.Interchange;
using Sagan.Native.Sampling;

namespace Sagan.Native.Services;

/// <summary><c>sagan sample</c>: images from a run or one of its checkpoints alone; no data set is read.</summary>
static class SampleService
{
    public static ExitCode Run(SampleRequest request, CliContext context)
    {
        TrainedModel model = TrainedModel.Open(request.Source, context, request.Ema);
        ModelConfig m = model.Config.Model;
        int[]? classes = Classes(request, model);
        int count = classes?.Length ?? request.Count;
        RandomSource random = new(request.Seed);
        if (request.Truncation is not null && m.Latent != LatentKind.Normal)
            throw new UsageException("--truncation: the model's noise is uniform and has no far ends to cut.");
        Tensor z = request.Truncation is { } t
            ? Truncation.Normal(random, new Shape(count, m.ZDim), t, request.TruncationKind, model.Device)
            : Sampler.Latent(m, random, count, model.Device);
        Image[] images = Sampler.Images(model.Generator, z, request.Statistics ?? model.Config.Sampling.Statistics, classes);
        KeyValuePair<string, string>[] labels = Labels(model, request.Seed);
        bool sheet = request.Classes is [AllClasses];
        if (request.Npz != null) WriteNpz(request.Npz, images, classes);
        if (request.Out is { } file)
            if (PictureOption.IsPicture(file)) Setup.WriteImage(file, ImageGrid.Of(images, request.Columns ?? (sheet ? SheetColumns : 8)), labels);
            else
                for (int i = 0; i < images.Length; i++)
                {
                    string name = classes == null ? $"{i:D5}.png" : Path.Combine(FolderName(model.NameOf(classes[i])), $"{i:D5}.png");
                    Setup.WriteImage(Path.Combine(file, name), images[i], labels);
                }
        context.Result($"{images.Length} images of step {model.Checkpoint.Step}: {string.Join(", ", ((string?[])[request.Out, request.Npz]).OfType<string>())}");
        if (sheet) context.Result($"rows from the top: {string.Join(", ", Enumerable.Range(0, Math.Min(m.Classes, SheetRows)).Select(model.NameOf))}");
        JsonObject result = new() { ["images"] = images.Length, ["step"] = model.Checkpoint.Step };
        if (request.Out != null) result["out"] = request.Out;
        if (request.Npz != null) result["npz"] = request.Npz;
        context.ResultJson(result);
        return ExitCode.Success;
    }

    /// <summary>What the evaluation code of BigGAN and of guided diffusion reads: arr_0, bytes [N, H, W, C], and the classes as arr_1.</summary>
    static void WriteNpz(string path, Image[] images, int[]? classes)
    {
        NpzWriter npz = new();
        Image first = images[0];
        npz.Add("arr_0", new Shape(images.Length, first.Height, first.Width, first.Channels), () => images.SelectMany(i => i.Pixels).ToArray());
        if (classes != null) npz.Add("arr_1", new Shape(classes.Length), () => classes.Select(c => (long)c).ToArray());
        ExportService.Write(path, npz.Save);
    }

    /// <summary>The word for a class sheet: a row of ten images for each class.</summary>
    public const string AllClasses = "all";

    const int SheetColumns = 10, SheetRows = 100;

    internal static KeyValuePair<string, string>[] Labels(TrainedModel model, ulong seed) =>
    [
        new("sagan.step", model.Checkpoint.Step.ToString(CultureInfo.InvariantCulture)),
        new("sagan.seed", seed.ToString(CultureInfo.InvariantCulture)),
    ];

    // The class of each image: those asked for in turn, a sheet of all, or each of the model's in turn.
    static int[]? Classes(SampleRequest request, TrainedModel model)
    {
        int k = model.Config.Model.Classes;
        if (request.Classes is [AllClasses] && model.Config.Model.Conditional)
            return [.. Enumerable.Range(0, Math.Min(k, SheetRows) * SheetColumns).Select(i => i / SheetColumns)];
        int[] chosen = [.. request.Classes.Select(model.Class)];
        if (chosen.Length > 0) return [.. Enumerable.Range(0, request.Count).Select(i => chosen[i % chosen.Length])];
        return model.Config.Model.Conditional ? [.. Enumerable.Range(0, request.Count).Select(i => i % k)] : null;
    }

    // A class may be named anything.
    static string FolderName(string name) => string.Concat(name.Select(c => char.IsLetterOrDigit(c) || c is '-' or '_' or ' ' ? c : '_'));
}
