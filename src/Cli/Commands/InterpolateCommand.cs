using System.CommandLine;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;
using Sagan.Native.Data.Images;
using Sagan.Native.Metrics;
using Sagan.Native.Models;
using Sagan.Native.Sampling;
using Sagan.Native.Training;

namespace Sagan.Native.Commands;

/// <summary>Rows of images on the way from one latent vector, or class, to another. Null classes: the first one.</summary>
sealed record InterpolateRequest(string Source, ulong FromSeed, ulong ToSeed, string? FromClass, string? ToClass, int Rows, int Frames,
    InterpolationKind Kind, string Out, bool Ema);

/// <summary><c>sagan interpolate</c>: rows of images on the way from one latent vector, or class, to another.</summary>
sealed class InterpolateCommand : Verb<InterpolateRequest>
{
    readonly Argument<string> source = new("run") { Description = "A run folder or a checkpoint folder." };
    readonly Option<ulong> fromSeed =
        new("--from-seed") { Description = "Seed of the latent vectors on the left.", DefaultValueFactory = _ => 1, HelpName = "seed" };
    readonly Option<ulong> toSeed =
        new("--to-seed")
        {
            Description = "Seed of those on the right; the same one to change only the class.",
            DefaultValueFactory = _ =>
            2,
            HelpName = "seed"
        };
    readonly Option<string?> fromClass =
        new("--from-class") { Description = "Class on the left, in a conditional model.", HelpName = "class" };
    readonly Option<string?> toClass =
        new("--to-class") { Description = "Class on the right; without it the left one.", HelpName = "class" };
    readonly Option<int> rows = new("--rows")
    {
        Description = "Pairs of latent vectors.",
        DefaultValueFactory = _ =>
        8,
        HelpName = "count"
    };
    readonly Option<int> frames = new("--frames")
    {
        Description = "Images in a row, both ends included.",
        DefaultValueFactory = _ =>
        10,
        HelpName = "count"
    };
    readonly Option<InterpolationKind> kind =
        new("--kind") { Description = "Along the sphere or the straight line.", HelpName = "spherical|linear" };
    readonly Option<string?> file = new("--out")
    {
        Description = "A .png, .jpg, .webp or .bmp file; the default is interpolation.png (interpolation-2.png, ... where there is one).",
        HelpName = "path",
    };
    readonly Option<bool> noEma = new("--no-ema") { Description = "The weights themselves, not their moving average." };

    public InterpolateCommand()
        : base("interpolate", "Makes images on the way from one to another.")
    {
        Add(source);
        foreach (Option o in (Option[])[fromSeed, toSeed, fromClass, toClass, rows, frames, kind, file, noEma]) Add(o);
    }

    string Out(ParseResult parsed) =>
        parsed.GetValue(file) is { } path ? PictureOption.Picture(file.Name, path) : PictureOption.Free("interpolation.png");

    internal override InterpolateRequest Read(ParseResult parsed, CommandContext context)
    {
        (int r, int f) = (parsed.GetValue(rows), parsed.GetValue(frames));
        if (r is < 1 or > 1000) throw new UsageException($"--rows {r}: must be 1 to 1000.");
        if (f is < 2 or > 1000) throw new UsageException($"--frames {f}: must be 2 to 1000.");
        return new InterpolateRequest(parsed.GetRequiredValue(source), parsed.GetValue(fromSeed), parsed.GetValue(toSeed),
            parsed.GetValue(fromClass),
            parsed.GetValue(toClass), r, f, parsed.GetValue(kind), Out(parsed), !parsed.GetValue(noEma));
    }

    protected override ExitCode Run(InterpolateRequest request, CommandContext context)
    {
        SaganRun model = SaganRun.Load(request.Source, request.Ema, null, context.Terminal.Warning);
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
                Interpolation.Between(from.AsSpan(r * width, width), to.AsSpan(r * width, width), t, request.Kind)
                    .CopyTo(z, (r * frames + f) * width);
            }
        Func<int, int, Condition?> condition = Classes(request, model, context, share);
        Image[] images = Sampler.Images(model.Generator, Tensor.From(z, new Shape(rows * frames, width), model.Device),
            model.Config.Sampling.Statistics, condition);
        ImageFile.Save(request.Out, ImageGrid.Of(images, frames), SampleCommand.Labels(model, request.FromSeed));
        context.Result($"{rows} rows of {frames} images of step {model.Checkpoint.Step}: {request.Out}");
        context.ResultJson(new JsonObject
        {
            ["rows"] = rows,
            ["frames"] = frames,
            ["step"] = model.Checkpoint.Step,
            ["out"] = request.Out
        });
        return ExitCode.Success;
    }

    static Func<int, int, Condition?> Classes(InterpolateRequest request, SaganRun model, CommandContext context, float[] share)
    {
        if (!model.Config.Model.Conditional)
        {
            if (request.FromClass is { } from) model.Class(from, context, "--from-class");
            if (request.ToClass is { } to) model.Class(to, context, "--to-class");
            return (_, _) => null;
        }
        int first = request.FromClass is { } a ? model.Class(a, context, "--from-class") : 0;
        int second = request.ToClass is { } b ? model.Class(b, context, "--to-class") : first;
        return (start, count) => new Condition(Same(first, count), Same(second, count),
            Tensor.From(share.AsSpan(start, count), new Shape(count), model.Device));

        IndexTensor Same(int label, int count) => IndexTensor.From([.. Enumerable.Repeat(label, count)], model.Device);
    }
}
