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
        using TensorFile? discriminator = request.Discriminator == null ? null : Open(request.Discriminator, request.DiscriminatorKey);
        ResolvedConfig config = Configure(request, file, discriminator);
        if (config.Config.Model.GrowFrom > 0)
            throw new UsageException($"model.growFrom = {config.Config.Model.GrowFrom} (from {config.Origins["model.growFrom"]}): networks that are imported are complete and do not grow; --set model.growFrom=0.");
        Setup.Threads(config.Config.Training.Threads);
        TrainingState state = new(config.Config);
        Load(file, state.Generator, request.File);
        if (state.Average != null) Load(file, state.Average, request.File);
        if (discriminator != null) Load(discriminator, state.Discriminator, request.Discriminator!);
        using RunFolder folder = RunFolder.Create(request.Folder, config);
        folder.BeginSession(new Dictionary<string, string> { ["program"] = SaganCommandLine.Version, ["imported"] = request.File });
        string checkpoint = folder.OpenCheckpoints(config.Config.Training.Keep).Save(state.StepCount, state.Files(), new JsonObject
        {
            ["imported"] = request.File,
            [Checkpoint.ConfigKey] = config.ToJsonNode(),
        });
        folder.EndSession("imported", state.StepCount);

        string fresh = request.Discriminator == null ? "the discriminator and the optimisers' moments begin anew" : "the optimisers' moments begin anew";
        folder.Say($"imported {request.File}; {fresh}");
        context.Terminal.Note(fresh);
        context.Result($"imported {file.Entries.Count} tensors, {state.Generator.ParameterCount:N0} parameters, into {folder.Path}");
        context.Result($"next: {ShellCommand.Of("sample", folder.Path)}");
        context.Result($"go on with your images: {ShellCommand.Of("resume", folder.Path, "--data", "FOLDER")}");
        context.ResultJson(new JsonObject { ["run"] = folder.Path, ["checkpoint"] = checkpoint, ["tensors"] = file.Entries.Count });
        return ExitCode.Success;
    }

    // The names of the tensors show whose spectral norm it is, if any; presets need not say it.
    static ResolvedConfig Configure(ImportRequest request, TensorFile file, TensorFile? discriminator)
    {
        SpectralNormKind g = ForeignStateDict.SpectralNormOf(file), d = discriminator == null ? g : ForeignStateDict.SpectralNormOf(discriminator);
        List<FlagValue> found = [];
        if (g == SpectralNormKind.None) found.Add(new FlagValue(request.File, "model.gSpectralNorm", "false"));
        SpectralNormKind kind = g == SpectralNormKind.None ? d : g;
        if (kind != SpectralNormKind.None || discriminator != null)
            found.Add(new FlagValue(request.File, "model.spectralNorm", Words.Of(kind)));
        ResolvedConfig asked = request.Config([]);
        // The official form goes by PyTorch's names, but keeps no v.
        bool official = asked.Config.Model.SpectralNorm == SpectralNormKind.Official && !file.Entries.Any(e => e.Name.EndsWith(".weight_v", StringComparison.Ordinal));
        return official && kind == SpectralNormKind.Torch ? asked : request.Config(found);
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
