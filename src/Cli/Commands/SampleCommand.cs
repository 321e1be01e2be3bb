using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;
using Sagan.Native.Data.Images;
using Sagan.Native.Interchange.Numpy;
using Sagan.Native.Metrics;
using Sagan.Native.Models;
using Sagan.Native.Sampling;
using Sagan.Native.Training;

namespace Sagan.Native.Commands;

/// <summary>
/// Images from a run folder or a checkpoint; no data set is needed. Out: a picture file for one grid, a folder for one file per image, null
/// for neither. Count: null = 64, or a sheet of all classes. Statistics: null = as the run was configured.
/// </summary>
sealed record SampleRequest(string Source, int? Count, ulong Seed, int? Columns, string? Out, bool Ema, NormStatistics? Statistics)
{
    /// <summary>Names or numbers of classes, separated by commas, for the images in turn; "all" for all; null = all in turn.</summary>
    public string? Classes { get; init; }

    /// <summary>Null for none.</summary>
    public float? Truncation { get; init; }

    public TruncationKind TruncationKind { get; init; }

    /// <summary>A file for all images as arrays; null for none.</summary>
    public string? Npz { get; init; }
}

/// <summary><c>sagan sample</c>: images from a run or one of its checkpoints alone; no data set is read.</summary>
sealed class SampleCommand : Verb<SampleRequest>
{
    readonly Argument<string> source = new("run") { Description = "A run folder or a checkpoint folder." };
    readonly Option<int?> count = new("-n")
    {
        Description = "How many images; the default is 64, or what fills --grid.",
        HelpName = "count"
    };
    readonly Option<ulong> seed = new("--seed")
    {
        Description = "Seed of the latent vectors.",
        DefaultValueFactory = _ =>
        1,
        HelpName = "seed"
    };
    readonly Option<(int Rows, int Columns)?> grid = new("--grid")
    {
        Description = "Rows and columns of the grid, such as 4x8.",
        HelpName = "RxC",
        CustomParser = ParseGrid,
    };
    readonly Option<string?> file = new("--out")
    {
        Description = "A .png, .jpg, .webp or .bmp file for a grid, or a folder for one file per image; "
            + "the default is samples.png (samples-2.png, ... where there is one), or none with --npz.",
        HelpName = "path",
    };
    readonly Option<string?> npz = new("--npz")
    {
        Description = "A .npz file for the images as arr_0, bytes [N, H, W, C], and their classes as arr_1 and labels: what evaluation "
            + "code reads.",
        HelpName = "file",
    };
    readonly Option<bool> noEma = new("--no-ema") { Description = "The weights themselves, not their moving average." };
    readonly Option<NormStatistics?> statistics =
        new("--statistics") { Description = "Statistics of batch normalisation.", HelpName = "running|batch|standing" };
    readonly Option<string?> classes = new("--class")
    {
        Description = "Names or numbers of classes, separated by commas; all for all in turn, or, without -n, for a row of ten images "
            + "of each.",
        HelpName = "class",
    };
    readonly Option<float?> truncation =
        new("--truncation") { Description = "Keep noise within this threshold: less variety, fewer failures.", HelpName = "t" };
    readonly Option<TruncationKind> truncationKind = new("--truncation-kind")
    {
        Description = "What lies beyond is drawn again, or all of it is scaled.",
        HelpName = "resample|scale",
    };

    public SampleCommand()
        : base("sample", "Makes images with a trained model.")
    {
        Add(source);
        foreach (Option o in (Option[])[count, seed, grid, file, npz, classes, truncation, truncationKind, noEma, statistics]) Add(o);
    }

    internal override SampleRequest Read(ParseResult parsed, CommandContext context)
    {
        (int Rows, int Columns)? shape = parsed.GetValue(grid);
        int? n = parsed.GetValue(count) ?? shape?.Rows * shape?.Columns;
        if (n is < 1 or > 1_000_000) throw new UsageException($"-n {n}: must be 1 to 1000000.");
        if (shape is { } s && n > s.Rows * s.Columns)
            throw new UsageException($"-n {n}: a grid of {s.Rows}x{s.Columns} holds {s.Rows * s.Columns} images.");
        return new SampleRequest(parsed.GetRequiredValue(source), n, parsed.GetValue(seed), shape?.Columns,
            Out(parsed), !parsed.GetValue(noEma), parsed.GetValue(statistics))
        {
            Classes = parsed.GetValue(classes),
            Truncation = parsed.GetValue(truncation) is not { } t ? null : t > 0 ? t
                : throw new UsageException($"--truncation {t}: must be above 0."),
            TruncationKind = parsed.GetValue(truncationKind),
            Npz = parsed.GetValue(npz),
        };
    }

    string? Out(ParseResult parsed) => parsed.GetValue(file) is { } path ? PictureOption.PictureOrFolder(file.Name, path)
        : parsed.GetValue(npz) == null ? PictureOption.Free("samples.png") : null;

    static (int Rows, int Columns)? ParseGrid(ArgumentResult result)
    {
        string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        string[] parts = text.Split('x', 'X');
        if (parts.Length == 2 && Side(parts[0], out int rows) && Side(parts[1], out int columns)) return (rows, columns);
        result.AddError($"--grid {text}: must be rows x columns, each 1 to 1000, such as 4x8.");
        return null;

        static bool Side(string s, out int n) =>
            int.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out n) && n is >= 1 and <= 1000;
    }

    protected override ExitCode Run(SampleRequest request, CommandContext context)
    {
        SaganRun model = SaganRun.Load(request.Source, request.Ema, null, context.Terminal.Warning);
        ModelConfig m = model.Config.Model;
        bool all = request.Classes == AllClasses && m.Conditional && !model.Classes.Contains(AllClasses),
            sheet = all && request.Count == null;
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
            if (PictureOption.IsPicture(file))
                ImageFile.Save(file, ImageGrid.Of(images, request.Columns ?? (sheet ? SheetColumns : 8)), labels);
            else
                for (int i = 0; i < images.Length; i++)
                {
                    string name = classes == null ? $"{i:D5}.png" : Path.Combine(FolderName(model.NameOf(classes[i])), $"{i:D5}.png");
                    ImageFile.Save(Path.Combine(file, name), images[i],
                        classes == null ? labels : [.. labels, new("sagan.class", model.NameOf(classes[i]))]);
                }
        context.Result($"{images.Length} images of step {model.Checkpoint.Step}: "
            + $"{string.Join(", ", ((string?[])[request.Out, request.Npz]).OfType<string>())}");
        if (sheet)
            context.Result($"rows from the top: {string.Join(", ", model.ClassNames().Take(SheetRows))}"
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

    /// <summary>What the evaluation code of BigGAN and of guided diffusion reads: arr_0, bytes [N, H, W, C], and the classes as arr_1; the
    /// same as labels, and their names as class_names, for reading it as a data set.</summary>
    static void WriteNpz(string path, Image[] images, int[]? classes, SaganRun model)
    {
        NpzWriter npz = new();
        Image first = images[0];
        npz.Add("arr_0", new Shape(images.Length, first.Height, first.Width, first.Channels), () =>
            images.SelectMany(i => i.Pixels).ToArray());
        if (classes != null)
        {
            foreach (string name in (ReadOnlySpan<string>)["arr_1", "labels"])
                npz.Add(name, new Shape(classes.Length), () => classes.Select(c => (long)c).ToArray());
            npz.AddText("class_names", [.. model.ClassNames()]);
        }
        ExportCommand.Write(path, npz.Save);
    }

    /// <summary>
    /// The word for all classes: in turn where a number of images is given, else a sheet with a row of ten images for each.
    /// </summary>
    public const string AllClasses = "all";

    const int SheetColumns = 10, SheetRows = 100, DefaultCount = 64;

    internal static KeyValuePair<string, string>[] Labels(SaganRun model, ulong seed) =>
    [
        new("sagan.step", model.Checkpoint.Step.ToString(CultureInfo.InvariantCulture)),
        new("sagan.seed", seed.ToString(CultureInfo.InvariantCulture)),
    ];

    // The class of each image: those asked for in turn, a sheet of all, or each of the model's in turn.
    static int[]? Classes(SampleRequest request, SaganRun model, CommandContext context, bool all, bool sheet)
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
