using System.Text.Json;
using System.Text.Json.Nodes;
using Sagan.Native.Cli;
using Sagan.Native.Configuration;
using Sagan.Native.Interchange;
using Sagan.Native.Interchange.Onnx;
using Sagan.Native.Interchange.Torch;
using Sagan.Native.IO;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using Sagan.Native.Training;

namespace Sagan.Native.Services;

/// <summary><c>sagan export</c>: a network of a run or checkpoint, as a file for other programs.</summary>
static class ExportService
{
    public static ExitCode Run(ExportRequest request, CliContext context)
    {
        ExportFormat format = request.Format ?? (request.Out == null
            ? throw new UsageException("export as what? Say --format pth, safetensors, npz or onnx, or --out FILE with one of these endings.")
            : FormatOf(request.Out));
        TrainedModel model = TrainedModel.Open(request.Source, context, request.Ema);
        if (!model.Generator.IsComplete)
            throw new UsageException($"{request.Source}: at step {model.Checkpoint.Step} the generator is still growing, and a file for other programs needs a complete one, which it is after step "
                + $"{GrowthSchedule.End(model.Config)}; train on{(model.Run is { } run ? $": {ShellCommand.Of("resume", run, "--steps", "STEPS")}" : " in the run that this checkpoint is of.")}");
        string target = request.Out ?? Unused(model, format, request.Discriminator);
        Discriminator? discriminator = request.Discriminator ? DiscriminatorOf(model) : null;
        NormStatistics statistics = model.Config.Sampling.Statistics;
        if (format == ExportFormat.Onnx && discriminator == null && statistics != NormStatistics.Running)
            context.Terminal.Warning($"the run samples with {statistics.ToString().ToLowerInvariant()} statistics; the ONNX file has the running ones, "
                + $"and its images are those of `{ShellCommand.Of("sample", request.Source, "--statistics", "running")}`.");
        Write(target, WriterOf(format, model, discriminator));
        long bytes = new FileInfo(target).Length, step = model.Checkpoint.Step;
        bool average = discriminator == null && request.Ema && File.Exists(model.Checkpoint.File(TrainingState.EmaFile));
        string weights = average ? "moving average" : "weights themselves";
        (string what, IReadOnlyList<Parameter> live) = discriminator == null
            ? ("generator", model.Generator.LiveParameters)
            : ("discriminator", discriminator.LiveParameters);
        context.Result($"{target}: the {what} of step {step}, {weights}, {live.Sum(p => (long)p.Value.Count):N0} parameters, {bytes:N0} bytes");
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
    static string Unused(TrainedModel model, ExportFormat format, bool discriminator)
    {
        string step = Checkpoint.NameOf(model.Checkpoint.Step);
        string name = $"{(model.Run is { } run ? $"{Path.GetFileName(run)}-" : "")}{step}{(discriminator ? "-discriminator" : "")}.{format.ToString().ToLowerInvariant()}";
        return File.Exists(name) ? throw new UsageException($"{name} is there already; move it away, or say --out FILE (a file named there is replaced).") : name;
    }

    // Its weights themselves, since it has no moving average.
    static Discriminator DiscriminatorOf(TrainedModel model)
    {
        Discriminator d = Discriminator.Create(model.Config.Model, new Initializer(new RandomSource(0), device: model.Device));
        using SafetensorsReader file = new(model.Checkpoint.File(TrainingState.ModelFile));
        StateDict.Load(file, d.State(), "d.");
        return d;
    }

    static Action<string> WriterOf(ExportFormat format, TrainedModel model, Discriminator? discriminator)
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
                return path => AtomicFile.Write(path, s => s.Write(onnx));
            default:
                SafetensorsWriter safetensors = new();
                safetensors.Metadata["format"] = "pt";
                safetensors.Metadata["sagan.step"] = $"{model.Checkpoint.Step}";
                StateDict.Add(safetensors, state);
                return safetensors.Save;
        }
    }

    static Dictionary<string, string> Metadata(TrainedModel model) => new()
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
        var ending => throw new UsageException($"--out {path}: the ending '{ending}' names no format; say --format pth, safetensors, npz or onnx."),
    };
}
