using System.CommandLine;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;
using Sagan.Native.Data;
using Sagan.Native.Training;

namespace Sagan.Native.Commands;

/// <summary>Write a data set, as a run of this configuration would read it, to one file.</summary>
sealed record DataPackRequest(ResolvedConfig Config, string Out);

/// <summary><c>sagan data pack</c>: a data set as one file of decoded images.</summary>
sealed class DataPackCommand : Verb<DataPackRequest>
{
    readonly DataOptions data = new();
    readonly Option<string> file = new("--out") { Description = "The .safetensors file to write.", HelpName = "file", Required = true };

    public DataPackCommand()
        : base("pack", "Writes a data set, decoded, cropped and resized, as one file that opens at once.")
    {
        data.AddTo(this);
        Add(file);
    }

    internal override DataPackRequest Read(ParseResult parsed, CommandContext context)
    {
        string path = parsed.GetRequiredValue(file);
        if (!path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
            throw new UsageException($"--out {path}: a packed data set is a .safetensors file; name it so, or it is not found to be one.");
        return new DataPackRequest(data.Resolve(parsed), path);
    }

    protected override ExitCode Run(DataPackRequest request, CommandContext context)
    {
        using ImageDataset data = OpenedData.Of(request.Config.Config, context);
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
        context.ResultJson(new JsonObject
        {
            ["file"] = request.Out,
            ["count"] = data.Count,
            ["bytes"] = bytes,
            ["hash"] = data.Report.ContentHash
        });
        return ExitCode.Success;
    }
}
