using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;
using Sagan.Native.Interchange;
using Sagan.Native.Interchange.Numpy;
using Sagan.Native.Interchange.Onnx;
using Sagan.Native.Interchange.Torch;
using Sagan.Native.IO;
using Sagan.Native.Models;
using Sagan.Native.Sampling;
using Sagan.Native.Training;
using Sagan.Native.Training.Checkpoints;

namespace Sagan.Native.Commands;

/// <summary>A format that a network is exported to.</summary>
enum ExportFormat
{
    /// <summary>A state dict that torch.load reads.</summary>
    Pth,

    /// <summary>A state dict that any safetensors reader reads.</summary>
    Safetensors,

    /// <summary>A state dict that numpy.load reads.</summary>
    Npz,

    /// <summary>The network itself, for ONNX runtimes.</summary>
    Onnx,
}

/// <summary>A network of a run or checkpoint, as a file. Format: null = what the file's ending says. Out: null = a new file in this
/// folder, named after run and step. Discriminator: that one, in place of the generator.</summary>
sealed record ExportRequest(string Source, ExportFormat? Format, string? Out, bool Ema, bool Discriminator = false);

/// <summary><c>sagan export</c>: a network of a run or checkpoint, as a file for other programs.</summary>
sealed class ExportCommand : Verb<ExportRequest>
{
    readonly Argument<string> source = new("run") { Description = "A run folder or a checkpoint folder." };
    readonly Option<ExportFormat?> format = new("--format")
    {
        Description = "The format; without it, the file's ending says it.",
        HelpName = "pth|safetensors|npz|onnx",
    };
    readonly Option<string?> file = new("--out")
    {
        Description = "The file to write; without it, RUN-step-N.pth (or the format's ending) in this folder, which must not be there yet.",
        HelpName = "file",
    };
    readonly Option<bool> noEma = new("--no-ema") { Description = "The weights themselves, not their moving average." };
    readonly Option<bool> discriminator = new("--discriminator") { Description = "The discriminator, in place of the generator." };

    public ExportCommand()
        : base("export", "Writes a trained network for other programs.")
    {
        Add(source);
        foreach (Option o in (Option[])[format, file, noEma, discriminator]) Add(o);
    }

    internal override ExportRequest Read(ParseResult parsed, CommandContext context) =>
        new ExportRequest(parsed.GetRequiredValue(source), parsed.GetValue(format), parsed.GetValue(file), !parsed.GetValue(noEma),
            parsed.GetValue(discriminator));

    protected override ExitCode Run(ExportRequest request, CommandContext context)
    {
        ExportFormat format = request.Format ?? (request.Out == null
            ? throw new UsageException("export as what? Say --format pth, safetensors, npz or onnx, or --out FILE with one of these "
                + "endings.")
            : FormatOf(request.Out));
        SaganRun model = SaganRun.Load(request.Source, request.Ema, null, context.Terminal.Warning);
        if (!model.Generator.IsComplete)
        {
            string how = model.Run is { } run
                ? $": {ShellCommand.Of("resume", run, "--steps", "STEPS")}"
                : " in the run that this checkpoint is of.";
            throw new UsageException($"{request.Source}: at step {model.Step} the generator is still growing, and a file for other "
                + $"programs needs a complete one, which it is after step {GrowthSchedule.End(model.Config)}; train on{how}");
        }
        string target = request.Out ?? Unused(model, format, request.Discriminator);
        Discriminator? discriminator = request.Discriminator ? model.Discriminator : null;
        NormStatistics statistics = model.Config.Sampling.Statistics;
        if (format == ExportFormat.Onnx && discriminator == null && statistics != NormStatistics.Running)
            context.Terminal.Warning($"the run samples with {statistics.ToString().ToLowerInvariant()} statistics; the ONNX file has the "
                + "running ones, "
                + $"and its images are those of `{ShellCommand.Of("sample", request.Source, "--statistics", "running")}`.");
        Write(target, WriterOf(format, model, discriminator));
        long bytes = new FileInfo(target).Length, step = model.Checkpoint.Step;
        bool average = discriminator == null && model.IsAverage;
        string weights = average ? "moving average" : "weights themselves";
        (string what, IReadOnlyList<Parameter> live) = discriminator == null
            ? ("generator", model.Generator.LiveParameters)
            : ("discriminator", discriminator.LiveParameters);
        context.Result($"{target}: the {what} of step {step}, {weights}, {live.Sum(p => (long)p.Value.Count):N0} parameters, "
            + $"{bytes:N0} bytes");
        context.ResultJson(new JsonObject { ["out"] = target, ["step"] = step, ["ema"] = average, ["bytes"] = bytes });
        return ExitCode.Success;
    }

    /// <summary>Writes a file with this, and makes its folder. Throws <see cref="InterchangeException"/> where that fails.</summary>
    public static void Write(string path, Action<string> save)
    {
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder) Directory.CreateDirectory(folder);
            save(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InterchangeException($"{path}: cannot be written: {e.Message}", e);
        }
    }

    // A name that tells run and step, in the current folder. What is there stays.
    static string Unused(SaganRun model, ExportFormat format, bool discriminator)
    {
        string name = (model.Run is { } run ? $"{Path.GetFileName(run)}-" : "") + Checkpoint.NameOf(model.Step)
            + (discriminator ? "-discriminator" : "") + $".{format.ToString().ToLowerInvariant()}";
        return File.Exists(name) ? throw new UsageException($"{name} is there already; move it away, or say --out FILE (a file named there "
            + "is replaced).") : name;
    }

    static Action<string> WriterOf(ExportFormat format, SaganRun model, Discriminator? discriminator)
    {
        IEnumerable<(string Name, Parameter Parameter)> state = discriminator?.State().Where(s => discriminator.IsLive(s.Parameter))
            ?? model.Generator.CompleteState();
        switch (format)
        {
            case ExportFormat.Pth:
                PthWriter pth = new();
                StateDict.Add(pth, state);
                return pth.Save;
            case ExportFormat.Npz:
                NpzWriter npz = new();
                StateDict.Add(npz, state);
                return npz.Save;
            case ExportFormat.Onnx:
                byte[] onnx = discriminator == null
                    ? OnnxExport.Generator(model.Generator, Metadata(model))
                    : OnnxExport.Discriminator(discriminator, Metadata(model));
                return path => AtomicFile.WriteAllBytes(path, onnx);
            default:
                SafetensorsWriter safetensors = new();
                safetensors.Metadata["format"] = "pt";
                safetensors.Metadata["sagan.step"] = $"{model.Checkpoint.Step}";
                StateDict.Add(safetensors, state);
                return safetensors.Save;
        }
    }

    static Dictionary<string, string> Metadata(SaganRun model) => new()
    {
        ["sagan.step"] = $"{model.Checkpoint.Step}",
        // The model alone: the rest names folders of the machine it was trained on.
        ["sagan.model"] = JsonSerializer.SerializeToNode(model.Config, RunConfigJson.Default.RunConfig)!["model"]!.ToJsonString(),
        ["sagan.classes"] = string.Join(", ", model.Classes),
    };

    static ExportFormat FormatOf(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".pth" or ".pt" => ExportFormat.Pth,
        ".safetensors" => ExportFormat.Safetensors,
        ".npz" => ExportFormat.Npz,
        ".onnx" => ExportFormat.Onnx,
        var ending => throw new UsageException($"--out {path}: the ending '{ending}' names no format; say --format pth, safetensors, npz "
            + "or onnx."),
    };
}
