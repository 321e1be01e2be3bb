using System.CommandLine;
using Sagan.Native.Sampling;

namespace Sagan.Native.Cli;

/// <summary>Rows of images on the way from one latent vector, or class, to another. Null classes: the first one.</summary>
sealed record InterpolateRequest(string Source, ulong FromSeed, ulong ToSeed, string? FromClass, string? ToClass, int Rows, int Frames, InterpolationKind Kind, string Out, bool Ema);

/// <summary><c>sagan interpolate run</c>.</summary>
sealed class InterpolateCommand : Verb
{
    readonly Argument<string> source = new("run") { Description = "A run folder or a checkpoint folder." };
    readonly Option<ulong> fromSeed = new("--from-seed") { Description = "Seed of the latent vectors on the left.", DefaultValueFactory = _ => 1, HelpName = "seed" };
    readonly Option<ulong> toSeed = new("--to-seed") { Description = "Seed of those on the right; the same one to change only the class.", DefaultValueFactory = _ => 2, HelpName = "seed" };
    readonly Option<string?> fromClass = new("--from-class") { Description = "Class on the left, in a conditional model.", HelpName = "class" };
    readonly Option<string?> toClass = new("--to-class") { Description = "Class on the right; without it the left one.", HelpName = "class" };
    readonly Option<int> rows = new("--rows") { Description = "Pairs of latent vectors.", DefaultValueFactory = _ => 8, HelpName = "count" };
    readonly Option<int> frames = new("--frames") { Description = "Images in a row, both ends included.", DefaultValueFactory = _ => 10, HelpName = "count" };
    readonly Option<InterpolationKind> kind = new("--kind") { Description = "Along the sphere or the straight line.", HelpName = "spherical|linear" };
    readonly Option<string?> file = new("--out")
    {
        Description = "A .png, .jpg, .webp or .bmp file; the default is interpolation.png (interpolation-2.png, ... where there is one).",
        HelpName = "path",
    };
    readonly Option<bool> noEma = new("--no-ema") { Description = "The weights themselves, not their moving average." };
    readonly Func<InterpolateRequest, CliContext, ExitCode> interpolate;

    public InterpolateCommand(Func<InterpolateRequest, CliContext, ExitCode> interpolate) : base("interpolate", "Makes images on the way from one to another.")
    {
        this.interpolate = interpolate;
        Add(source);
        foreach (Option o in (Option[])[fromSeed, toSeed, fromClass, toClass, rows, frames, kind, file, noEma]) Add(o);
    }

    string Out(ParseResult parsed) => parsed.GetValue(file) is { } path ? PictureOption.Picture(file.Name, path) : PictureOption.Free("interpolation.png");

    protected override ExitCode Run(ParseResult parsed, CliContext context)
    {
        (int r, int f) = (parsed.GetValue(rows), parsed.GetValue(frames));
        if (r is < 1 or > 1000) throw new UsageException($"--rows {r}: must be 1 to 1000.");
        if (f is < 2 or > 1000) throw new UsageException($"--frames {f}: must be 2 to 1000.");
        return interpolate(new InterpolateRequest(parsed.GetRequiredValue(source), parsed.GetValue(fromSeed), parsed.GetValue(toSeed), parsed.GetValue(fromClass),
            parsed.GetValue(toClass), r, f, parsed.GetValue(kind), Out(parsed), !parsed.GetValue(noEma)), context);
    }
}
