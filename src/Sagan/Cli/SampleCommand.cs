using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Sagan.Native.Configuration;
using Sagan.Native.Sampling;

namespace Sagan.Native.Cli;

/// <summary>
/// Images from a run folder or a checkpoint; no data set is needed. Out: a picture file for one grid, a folder for one file per image, null for neither.
/// Count: null = 64, or a sheet of all classes. Statistics: null = as the run was configured.
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

/// <summary><c>sagan sample run</c>.</summary>
sealed class SampleCommand : Verb
{
    readonly Argument<string> source = new("run") { Description = "A run folder or a checkpoint folder." };
    readonly Option<int?> count = new("-n") { Description = "How many images; the default is 64, or what fills --grid.", HelpName = "count" };
    readonly Option<ulong> seed = new("--seed") { Description = "Seed of the latent vectors.", DefaultValueFactory = _ => 1, HelpName = "seed" };
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
        Description = "A .npz file for the images as arr_0, bytes [N, H, W, C], and their classes as arr_1 and labels: what evaluation code reads.",
        HelpName = "file",
    };
    readonly Option<bool> noEma = new("--no-ema") { Description = "The weights themselves, not their moving average." };
    readonly Option<NormStatistics?> statistics = new("--statistics") { Description = "Statistics of batch normalisation.", HelpName = "running|batch|standing" };
    readonly Option<string?> classes = new("--class")
    {
        Description = "Names or numbers of classes, separated by commas; all for all in turn, or, without -n, for a row of ten images of each.",
        HelpName = "class",
    };
    readonly Option<float?> truncation = new("--truncation") { Description = "Keep noise within this threshold: less variety, fewer failures.", HelpName = "t" };
    readonly Option<TruncationKind> truncationKind = new("--truncation-kind")
    {
        Description = "What lies beyond is drawn again, or all of it is scaled.",
        HelpName = "resample|scale",
    };
    readonly Func<SampleRequest, CliContext, ExitCode> sample;

    public SampleCommand(Func<SampleRequest, CliContext, ExitCode> sample) : base("sample", "Makes images with a trained model.")
    {
        this.sample = sample;
        Add(source);
        foreach (Option o in (Option[])[count, seed, grid, file, npz, classes, truncation, truncationKind, noEma, statistics]) Add(o);
    }

    protected override ExitCode Run(ParseResult parsed, CliContext context)
    {
        (int Rows, int Columns)? shape = parsed.GetValue(grid);
        int? n = parsed.GetValue(count) ?? shape?.Rows * shape?.Columns;
        if (n is < 1 or > 1_000_000) throw new UsageException($"-n {n}: must be 1 to 1000000.");
        if (shape is { } s && n > s.Rows * s.Columns) throw new UsageException($"-n {n}: a grid of {s.Rows}x{s.Columns} holds {s.Rows * s.Columns} images.");
        return sample(new SampleRequest(parsed.GetRequiredValue(source), n, parsed.GetValue(seed), shape?.Columns,
            Out(parsed), !parsed.GetValue(noEma), parsed.GetValue(statistics))
        {
            Classes = parsed.GetValue(classes),
            Truncation = parsed.GetValue(truncation) is not { } t ? null : t > 0 ? t : throw new UsageException($"--truncation {t}: must be above 0."),
            TruncationKind = parsed.GetValue(truncationKind),
            Npz = parsed.GetValue(npz),
        }, context);
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

        static bool Side(string s, out int n) => int.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out n) && n is >= 1 and <= 1000;
    }
}
