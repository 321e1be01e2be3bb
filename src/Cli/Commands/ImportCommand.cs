using System.CommandLine;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;
using Sagan.Native.Configuration;
using Sagan.Native.Interchange;
using Sagan.Native.Interchange.StateDicts;
using Sagan.Native.IO;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using Sagan.Native.Training;
using Sagan.Native.Training.Checkpoints;

namespace Sagan.Native.Commands;

/// <summary>
/// A run made of a state dict. Key: which dict of the file. Prefix: what stands before the names in it; null: what fits. Discriminator: its
/// file, or null for a fresh one; DiscriminatorKey, DiscriminatorPrefix: the same of that. Folder: null for the usual place under runs.
/// Config: the configuration, given what the files have shown of it.
/// </summary>
sealed record ImportRequest(string File, string? Key, string? Prefix, string? Discriminator, string? DiscriminatorKey,
    string? DiscriminatorPrefix, string? Folder,
    Func<IReadOnlyList<FlagValue>, ResolvedConfig> Config);

/// <summary>
/// <c>sagan import</c>: a run folder whose only checkpoint, of step 0, has the weights of a state dict. The moving average begins as those
/// weights, the optimisers' moments begin at 0, and so does the discriminator where no file is given for it.
/// </summary>
sealed class ImportCommand : Verb<ImportRequest>
{
    readonly Argument<string> file = new("file") { Description = "The generator's state dict: .pth, .safetensors or .npz." };
    readonly Option<string?> key =
        new("--key") { Description = "Which dict of a .pth file that holds several, such as models.g.", HelpName = "path" };
    readonly Option<string?> prefix =
        new("--prefix") { Description = "What stands before the names, such as generator.; without it, what fits.", HelpName = "text" };
    readonly Option<string?> discriminator =
        new("--discriminator") { Description = "The discriminator's state dict; without it, it begins anew.", HelpName = "file" };
    readonly Option<string?> discriminatorKey = new("--discriminator-key") { Description = "Which dict of that file.", HelpName = "path" };
    readonly Option<string?> discriminatorPrefix =
        new("--discriminator-prefix") { Description = "What stands before the names of that file.", HelpName = "text" };
    readonly Option<string?> folder =
        new("--out") { Description = "The run folder, new or empty; else one under runs.", HelpName = "folder" };
    readonly ConfigOptions config;

    public ImportCommand()
        : base("import", "Makes a run of weights that PyTorch saved, such as heykeetae's, BigGAN-PyTorch's or StudioGAN's, to sample from "
            + "or to go on with.")
    {
        Add(file);
        config = new ConfigOptions(this);
        foreach (Option o in (Option[])[key, prefix, discriminator, discriminatorKey, discriminatorPrefix, folder]) Add(o);
    }

    internal override ImportRequest Read(ParseResult parsed, CommandContext context) =>
        new ImportRequest(parsed.GetRequiredValue(file), parsed.GetValue(key),
        parsed.GetValue(prefix), parsed.GetValue(discriminator), parsed.GetValue(discriminatorKey), parsed.GetValue(discriminatorPrefix),
        parsed.GetValue(folder), found => config.Resolve(parsed, context, found));

    protected override ExitCode Run(ImportRequest request, CommandContext context)
    {
        // Before anything is asked about presets.
        foreach (string path in ((string?[])[request.File, request.Discriminator]).OfType<string>()) RefuseOnnx(path);
        using TensorFile file = Choose(request.File, request.Key, request.Prefix, "--", context,
            f => Generator.Create(Configure(request, f, null).Config.Model, Placeholder()));
        using TensorFile? discriminator = request.Discriminator == null ? null
            : Choose(request.Discriminator, request.DiscriminatorKey, request.DiscriminatorPrefix,
            "--discriminator-", context, f => Discriminator.Create(Configure(request, file, f).Config.Model, Placeholder()));
        ResolvedConfig config = Configure(request, file, discriminator);
        if (config.Config.Model.GrowFrom > 0)
            throw new UsageException($"model.growFrom = {config.Config.Model.GrowFrom} (from {config.Origins["model.growFrom"]}): networks "
                + "that are imported are complete and do not grow; --set model.growFrom=0.");
        RunDevice.SetThreads(config.Config.Training.Threads);
        TrainingState state = new(config.Config);
        Load(file, state.Generator, request.File);
        if (state.Average != null) Load(file, state.Average, request.File);
        if (discriminator != null) Load(discriminator, state.Discriminator, request.Discriminator!);
        using RunFolder folder = RunFolder.Create(request.Folder, config,
            new Dictionary<string, string> { ["program"] = AboutProgram.Version, ["imported"] = request.File });
        string checkpoint = folder.OpenCheckpoints(config.Config.Training.Keep).Save(state.StepCount, state.Files(), new JsonObject
        {
            ["imported"] = request.File,
            [Checkpoint.ConfigKey] = config.ToJsonNode(),
        });
        folder.EndSession("imported", state.StepCount);

        string fresh = request.Discriminator == null ? "the discriminator and the optimisers' moments begin anew"
            : "the optimisers' moments begin anew";
        folder.Say($"imported {request.File}; {fresh}");
        context.Terminal.Note(fresh);
        context.Result($"imported {file.Entries.Count} tensors, {state.Generator.ParameterCount:N0} parameters, into {folder.Path}");
        context.Result($"next: {ShellCommand.Of("sample", folder.Path)}");
        context.Result($"go on with your images: {ShellCommand.Of("resume", folder.Path, "--data", "FOLDER")}");
        context.ResultJson(new JsonObject { ["run"] = folder.Path, ["checkpoint"] = checkpoint, ["tensors"] = file.Entries.Count });
        return ExitCode.Success;
    }

    // The names of the tensors show whose spectral norm it is, if any, and those of some programs the whole network; presets need not say
    // it.
    static ResolvedConfig Configure(ImportRequest request, TensorFile file, TensorFile? discriminator)
    {
        SpectralNormKind g = ForeignStateDict.SpectralNormOf(file),
            d = discriminator == null ? g : ForeignStateDict.SpectralNormOf(discriminator);
        List<FlagValue> found = [];
        try
        {
            if (file is ComposedTensorFile composed)
                found.AddRange(composed.Found.Select(f => new FlagValue(request.File, f.Path, f.Text)));
        }
        catch (Exception e) when (e is InterchangeException or TensorFileException)
        {
            throw Misfit(request.File, file, e.Message, e);
        }
        if (g == SpectralNormKind.None) found.Add(new FlagValue(request.File, "model.gSpectralNorm", "false"));
        else if (file is ComposedTensorFile) found.Add(new FlagValue(request.File, "model.gSpectralNorm", "true"));
        SpectralNormKind kind = g == SpectralNormKind.None ? d : g;
        if (kind != SpectralNormKind.None || discriminator != null)
            found.Add(new FlagValue(request.File, "model.spectralNorm", Words.Of(kind)));
        // The official form goes by PyTorch's names, but keeps no v.
        if (file is not ComposedTensorFile && kind == SpectralNormKind.Torch
            && !file.Entries.Any(e => e.Name.EndsWith(".weight_v", StringComparison.Ordinal)))
        {
            ResolvedConfig asked = request.Config([]);
            if (asked.Config.Model.SpectralNorm == SpectralNormKind.Official) return asked;
        }
        ResolvedConfig config = request.Config(found);
        return config.Config.Model is { Conditional: true, Classes: 0 }
            ? throw new UsageException("model.classes = 0: an imported network has a fixed number of classes; say it with --set "
                + "model.classes=10.")
            : config;
    }

    /// <summary>
    /// Opens a state dict under our names. Where there are several networks in the file, or something stands before all names, it is the
    /// part that fits.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="key">Which dict of it; null: what fits.</param>
    /// <param name="prefix">What stands before its names; null: what fits.</param>
    /// <param name="options">What the options that choose begin with.</param>
    /// <param name="context">Is told what was chosen.</param>
    /// <param name="network">The network that a part would make.</param>
    static TensorFile Choose(string path, string? key, string? prefix, string options, CommandContext context, Func<TensorFile,
        Module> network)
    {
        string[] there, prefixes;
        using (TensorFile whole = Open(path, key, anyDict: true))
        {
            there = [.. whole.Entries.Select(e => e.Name)];
            prefixes = prefix == null ? [.. ForeignStateDict.Prefixes(whole)] : [prefix];
        }
        if (prefix != null && !there.Any(n => n.StartsWith(prefix, StringComparison.Ordinal)))
            throw new InterchangeException($"{path}: no name begins with '{prefix}' ({options}prefix); the file has {Quoted(there)}.");
        if (prefixes.Length > 1) prefixes = Fitting(path, key, prefixes, there, options, network);
        if (prefixes is not [{ Length: > 0 } chosen])
            return ForeignStateDict.Named(Open(path, key, anyDict: false), prefixes is [""] ? "" : null);

        int others = there.Count(n => !n.StartsWith(chosen, StringComparison.Ordinal));
        context.Terminal.Note($"{path}: '{chosen}' is taken off the names of the "
            + $"network{(others == 0 ? "" : $"; {others} other tensors are left out")}");
        return ForeignStateDict.Named(Open(path, key, anyDict: true), chosen);
    }

    static string[] Fitting(string path, string? key, string[] prefixes, string[] there, string options, Func<TensorFile, Module> network)
    {
        string[] fit = [.. prefixes.Where(Fits)];
        if (fit.Length == 1) return fit;
        string list = string.Join(", ", (fit.Length == 0 ? prefixes : fit).Take(8).Select(p => $"'{SafetensorsHeader.Show(p)}'"));
        throw new InterchangeException(fit.Length == 0
            ? $"{path}: holds several networks, under {list}, and none fits. Is it the right preset, --size, --conv-dim and --z-dim? "
                + $"Choose one with {options}prefix to see what differs; the file has {Quoted(there)}."
            : $"{path}: several networks of the file fit, under {list}; choose one with {options}prefix.");

        bool Fits(string prefix)
        {
            using TensorFile named = ForeignStateDict.Named(Open(path, key, anyDict: prefix.Length > 0), prefix);
            try
            {
                return ForeignStateDict.Fits(named, network(named));
            }
            catch (Exception e) when (e is InterchangeException or TensorFileException or ConfigException or ArgumentException)
            {
                return false;
            }
        }
    }

    // All dicts of a .pth file, under their whole paths, or its only one.
    static TensorFile Open(string path, string? key, bool anyDict) =>
        anyDict && key == null ? TensorFiles.OpenWhole(path) : TensorFiles.Open(path, key);

    static Initializer Placeholder() => new(new RandomSource(0));

    static void RefuseOnnx(string path)
    {
        if (Path.GetExtension(path).Equals(".onnx", StringComparison.OrdinalIgnoreCase))
            throw new InterchangeException($"{path}: ONNX is written here, not read: its graph has the weights of other layers than these; "
                + "import the .pth, .safetensors or .npz that it was made of.");
    }

    static void Load(TensorFile file, Module network, string path)
    {
        try
        {
            ForeignStateDict.Load(file, network);
        }
        catch (TensorFileException e) when (e is not SafetensorsException)
        {
            throw Misfit(path, file, $"{e.Message} Is it the right preset, --size, --conv-dim and --z-dim?", e);
        }
    }

    static InterchangeException Misfit(string path, TensorFile file, string problem, Exception inner) =>
        new($"{path}: {problem} The file has {Quoted(file.Entries.Select(e => e.ToString()))}.", inner);

    static string Quoted(IEnumerable<string> names)
    {
        string[] all = [.. names];
        string shown = string.Join(", ", all.Take(4).Select(n => $"'{SafetensorsHeader.Show(n)}'"));
        return all.Length > 4 ? $"{shown} and {all.Length - 4} more" : shown;
    }
}
