using System.Text.Json;
using System.Text.Json.Nodes;
using Sagan.Native.Cli;
using Sagan.Native.Configuration;
using Sagan.Native.Interchange;
using Sagan.Native.IO;
using Sagan.Native.Modules;
using Sagan.Native.Training;

namespace Sagan.Native.Services;

/// <summary>
/// <c>sagan import</c>: a run folder whose only checkpoint, of step 0, has the weights of a state dict. The moving average begins as those weights, the
/// optimisers' moments begin at 0, and so does the discriminator where no file is given for it.
/// </summary>
static class ImportService
{
    public static ExitCode Run(ImportRequest request, CliContext context)
    {
        using TensorFile file = Open(request.File, request.Key);
        SpectralNormKind norm = ForeignStateDict.SpectralNormOf(file);
        string kind = JsonNamingPolicy.KebabCaseLower.ConvertName(norm.ToString());
        ResolvedConfig config = request.Config([new FlagValue(request.File, "model.spectralNorm", kind)]);
        Setup.Threads(config.Config.Training.Threads);
        TrainingState state = new(config.Config);
        Load(file, state.Generator, request.File);
        if (state.Average != null) Load(file, state.Average, request.File);
        if (request.Discriminator != null)
        {
            using TensorFile d = Open(request.Discriminator, request.DiscriminatorKey);
            Load(d, state.Discriminator, request.Discriminator);
        }
        using RunFolder folder = RunFolder.Create(request.Folder, config);
        folder.BeginSession(new Dictionary<string, string> { ["program"] = SaganCommandLine.Version, ["imported"] = request.File });
        string checkpoint = folder.OpenCheckpoints(config.Config.Training.Keep).Save(state.StepCount, state.Files(), new JsonObject { ["imported"] = request.File });
        folder.EndSession("imported", state.StepCount);

        string fresh = request.Discriminator == null ? "the discriminator and the optimisers' moments begin anew" : "the optimisers' moments begin anew";
        folder.Say($"imported {request.File}; {fresh}");
        context.Terminal.Note($"spectral norm as the file has it: {kind}; {fresh}");
        context.Result($"imported {file.Entries.Count} tensors, {state.Generator.ParameterCount:N0} parameters, into {folder.Path}");
        context.Result($"next: sagan sample {folder.Path}, or go on with your images: sagan resume {folder.Path} --allow-change --set data.source=FOLDER");
        context.ResultJson(new JsonObject { ["run"] = folder.Path, ["checkpoint"] = checkpoint, ["tensors"] = file.Entries.Count, ["spectralNorm"] = kind });
        return ExitCode.Success;
    }

    static TensorFile Open(string path, string? key) => ForeignStateDict.Named(TensorFiles.Open(path, key));

    static void Load(TensorFile file, Module network, string path)
    {
        try
        {
            ForeignStateDict.Load(file, network);
        }
        catch (TensorFileException e) when (e is not SafetensorsException)
        {
            throw new InterchangeException($"{path}: {e.Message} Is it the right preset, --size, --conv-dim and --z-dim?", e);
        }
    }
}
