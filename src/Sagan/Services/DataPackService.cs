using System.Text.Json.Nodes;
using Sagan.Native.Cli;
using Sagan.Native.Data;

namespace Sagan.Native.Services;

/// <summary><c>sagan data pack</c>: a data set as one file of decoded images.</summary>
static class DataPackService
{
    public static ExitCode Run(DataPackRequest request, CliContext context)
    {
        using ImageDataset data = Setup.OpenData(request.Config.Config, context);
        context.Terminal.Note(data.Report.ToText().TrimEnd());
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(request.Out)) is { } folder) Directory.CreateDirectory(folder);
            DatasetPack.Write(data, request.Out);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunFileException($"{request.Out}: cannot be written: {e.Message}", e);
        }
        long bytes = new FileInfo(request.Out).Length;
        context.Result($"{request.Out}: {data.Count} images of {data.Size}x{data.Size}, {bytes / 1048576.0:0.0} MB");
        context.Result($"next: {ShellCommand.Of("train", "--data", request.Out)}");
        context.ResultJson(new JsonObject { ["file"] = request.Out, ["count"] = data.Count, ["bytes"] = bytes, ["hash"] = data.Report.ContentHash });
        return ExitCode.Success;
    }
}
