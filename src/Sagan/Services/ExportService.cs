using System.Text.Json.Nodes;
using Sagan.Native.Cli;
using Sagan.Native.Interchange;
using Sagan.Native.Interchange.Torch;
using Sagan.Native.IO;

namespace Sagan.Native.Services;

/// <summary><c>sagan export</c>: the generator of a run or checkpoint, as a file for other programs.</summary>
static class ExportService
{
    public static ExitCode Run(ExportRequest request, CliContext context)
    {
        ExportFormat format = request.Format ?? FormatOf(request.Out);
        TrainedGenerator trained = TrainedGenerator.Load(request.Source, request.Ema, context);
        Write(request.Out, WriterOf(format, trained));
        long bytes = new FileInfo(request.Out).Length;
        string weights = trained.IsAverage ? "moving average" : "weights themselves";
        context.Result($"{request.Out}: the generator of step {trained.Step}, {weights}, {trained.Generator.ParameterCount:N0} parameters, {bytes:N0} bytes");
        context.ResultJson(new JsonObject { ["out"] = request.Out, ["step"] = trained.Step, ["ema"] = trained.IsAverage, ["bytes"] = bytes });
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

    static Action<string> WriterOf(ExportFormat format, TrainedGenerator trained)
    {
        switch (format)
        {
            case ExportFormat.Pth:
                PthWriter pth = new();
                StateDict.Add(pth, trained.Generator.State());
                return pth.Save;
            case ExportFormat.Npz:
                NpzWriter npz = new();
                StateDict.Add(npz, trained.Generator.State());
                return npz.Save;
            default:
                SafetensorsWriter safetensors = new();
                safetensors.Metadata["format"] = "pt";
                safetensors.Metadata["sagan.step"] = $"{trained.Step}";
                StateDict.Add(safetensors, trained.Generator.State());
                return safetensors.Save;
        }
    }

    static ExportFormat FormatOf(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".pth" or ".pt" => ExportFormat.Pth,
        ".safetensors" => ExportFormat.Safetensors,
        ".npz" => ExportFormat.Npz,
        var ending => throw new UsageException($"--out {path}: the ending '{ending}' names no format; say --format pth, safetensors or npz."),
    };
}
