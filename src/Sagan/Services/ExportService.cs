using System.Text.Json;
using System.Text.Json.Nodes;
using Sagan.Native.Cli;
using Sagan.Native.Configuration;
using Sagan.Native.Interchange;
using Sagan.Native.Interchange.Onnx;
using Sagan.Native.Interchange.Torch;
using Sagan.Native.IO;
using Sagan.Native.Training;

namespace Sagan.Native.Services;

/// <summary><c>sagan export</c>: the generator of a run or checkpoint, as a file for other programs.</summary>
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
        string target = request.Out ?? Unused(model, format);
        NormStatistics statistics = model.Config.Sampling.Statistics;
        if (format == ExportFormat.Onnx && statistics != NormStatistics.Running)
            context.Terminal.Warning($"the run samples with {statistics.ToString().ToLowerInvariant()} statistics; the ONNX file has the running ones, "
                + $"and its images are those of `{ShellCommand.Of("sample", request.Source, "--statistics", "running")}`.");
        Write(target, WriterOf(format, model));
        long bytes = new FileInfo(target).Length, step = model.Checkpoint.Step;
        bool average = request.Ema && File.Exists(model.Checkpoint.File(TrainingState.EmaFile));
        string weights = average ? "moving average" : "weights themselves";
        context.Result($"{target}: the generator of step {step}, {weights}, {model.Generator.LiveParameters.Sum(p => (long)p.Value.Count):N0} parameters, {bytes:N0} bytes");
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
    static string Unused(TrainedModel model, ExportFormat format)
    {
        string step = Checkpoint.NameOf(model.Checkpoint.Step);
        string name = $"{(model.Run is { } run ? $"{Path.GetFileName(run)}-" : "")}{step}.{format.ToString().ToLowerInvariant()}";
        return File.Exists(name) ? throw new UsageException($"{name} is there already; move it away, or say --out FILE (a file named there is replaced).") : name;
    }

    static Action<string> WriterOf(ExportFormat format, TrainedModel model)
    {
        switch (format)
        {
            case ExportFormat.Pth:
                PthWriter pth = new();
                StateDict.Add(pth, model.Generator.CompleteState());
                return pth.Save;
            case ExportFormat.Npz:
                NpzWriter npz = new();
                StateDict.Add(npz, model.Generator.CompleteState());
                return npz.Save;
            case ExportFormat.Onnx:
                byte[] onnx = OnnxExport.Generator(model.Generator, Metadata(model));
                return path => AtomicFile.Write(path, s => s.Write(onnx));
            default:
                SafetensorsWriter safetensors = new();
                safetensors.Metadata["format"] = "pt";
                safetensors.Metadata["sagan.step"] = $"{model.Checkpoint.Step}";
                StateDict.Add(safetensors, model.Generator.CompleteState());
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
