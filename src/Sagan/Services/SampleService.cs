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
        bool all = request.Classes == AllClasses && m.Conditional && !model.Classes.Contains(AllClasses), sheet = all && request.Count == null;
        int[]? classes = Classes(request, model, context, all, sheet);
        int count = classes?.Length ?? request.Count ?? DefaultCount;
        RandomSource random = new(request.Seed);
        if (request.Truncation is not null && m.Latent != LatentKind.Normal)
            throw new UsageException("--truncation: the model's noise is uniform and has no far ends to cut.");
        Tensor z = request.Truncation is { } t
            ? Truncation.Normal(random, new Shape(count, m.ZDim), t, request.TruncationKind, model.Device)
            : Sampler.Latent(m, random, count, model.Device);
        Image[] images = Sampler.Images(model.Generator, z, request.Statistics ?? model.Config.Sampling.Statistics, classes);
        KeyValuePair<string, string>[] labels = Labels(model, request.Seed);
        if (request.Npz != null) WriteNpz(request.Npz, images, classes, model);
        if (request.Out is { } file)
            if (PictureOption.IsPicture(file)) Setup.WriteImage(file, ImageGrid.Of(images, request.Columns ?? (sheet ? SheetColumns : 8)), labels);
            else
                for (int i = 0; i < images.Length; i++)
                {
                    string name = classes == null ? $"{i:D5}.png" : Path.Combine(FolderName(model.NameOf(classes[i])), $"{i:D5}.png");
                    Setup.WriteImage(Path.Combine(file, name), images[i], classes == null ? labels : [.. labels, new("sagan.class", model.NameOf(classes[i]))]);
                }
        context.Result($"{images.Length} images of step {model.Checkpoint.Step}: {string.Join(", ", ((string?[])[request.Out, request.Npz]).OfType<string>())}");
        if (sheet)
            context.Result($"rows from the top: {string.Join(", ", model.ClassNames.Take(SheetRows))}"
                + (m.Classes > SheetRows ? $" (the first {SheetRows} of {m.Classes} classes; -n makes all in turn)" : ""));
        else if (classes != null)
        {
            KeyValuePair<int, int>[] counts = [.. classes.CountBy(c => c).OrderBy(c => c.Key)];
            string shown = string.Join(", ", counts.Take(20).Select(c => $"{model.NameOf(c.Key)} {c.Value}"));
            context.Result($"classes: {shown}{(counts.Length > 20 ? ", ..." : "")}");
        }
        JsonObject result = new() { ["images"] = images.Length, ["step"] = model.Checkpoint.Step };
        if (request.Out != null) result["out"] = request.Out;
        if (request.Npz != null) result["npz"] = request.Npz;
        model.AddClasses(result, classes);
        context.ResultJson(result);
        return ExitCode.Success;
    }

    /// <summary>What the evaluation code of BigGAN and of guided diffusion reads: arr_0, bytes [N, H, W, C], and the classes as arr_1; the same as
    /// labels, and their names as class_names, for reading it as a data set.</summary>
    static void WriteNpz(string path, Image[] images, int[]? classes, TrainedModel model)
    {
        NpzWriter npz = new();
        Image first = images[0];
        npz.Add("arr_0", new Shape(images.Length, first.Height, first.Width, first.Channels), () => images.SelectMany(i => i.Pixels).ToArray());
        if (classes != null)
        {
            foreach (string name in (ReadOnlySpan<string>)["arr_1", "labels"]) npz.Add(name, new Shape(classes.Length), () => classes.Select(c => (long)c).ToArray());
            npz.AddText("class_names", [.. model.ClassNames]);
        }
        ExportService.Write(path, npz.Save);
    }

    /// <summary>The word for all classes: in turn where a number of images is given, else a sheet with a row of ten images for each.</summary>
    public const string AllClasses = "all";

    const int SheetColumns = 10, SheetRows = 100, DefaultCount = 64;

    internal static KeyValuePair<string, string>[] Labels(TrainedModel model, ulong seed) =>
    [
        new("sagan.step", model.Checkpoint.Step.ToString(CultureInfo.InvariantCulture)),
        new("sagan.seed", seed.ToString(CultureInfo.InvariantCulture)),
    ];

    // The class of each image: those asked for in turn, a sheet of all, or each of the model's in turn.
    static int[]? Classes(SampleRequest request, TrainedModel model, CliContext context, bool all, bool sheet)
    {
        (int k, int count) = (model.Config.Model.Classes, request.Count ?? DefaultCount);
        if (sheet) return [.. Enumerable.Range(0, Math.Min(k, SheetRows) * SheetColumns).Select(i => i / SheetColumns)];
        int[] chosen = all || request.Classes == null ? [] : model.ClassList(request.Classes, context);
        if (chosen.Length > 0) return [.. Enumerable.Range(0, count).Select(i => chosen[i % chosen.Length])];
        return model.Config.Model.Conditional ? [.. Enumerable.Range(0, count).Select(i => i % k)] : null;
    }

    // A class may be named anything.
    static string FolderName(string name) => string.Concat(name.Select(c => char.IsLetterOrDigit(c) || c is '-' or '_' or ' ' ? c : '_'));
}
