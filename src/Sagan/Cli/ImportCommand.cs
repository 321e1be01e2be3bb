using System.CommandLine;
using Sagan.Native.Configuration;

namespace Sagan.Native.Cli;

/// <summary>
/// A run made of a state dict. Key: which dict of the file. Prefix: what stands before the names in it; null: what fits. Discriminator: its file, or null for a
/// fresh one; DiscriminatorKey, DiscriminatorPrefix: the same of that. Folder: null for the usual place under runs. Config: the configuration, given what the files
/// have shown of it.
/// </summary>
sealed record ImportRequest(string File, string? Key, string? Prefix, string? Discriminator, string? DiscriminatorKey, string? DiscriminatorPrefix, string? Folder,
    Func<IReadOnlyList<FlagValue>, ResolvedConfig> Config);

/// <summary><c>sagan import file</c>.</summary>
sealed class ImportCommand : Verb
{
    readonly Argument<string> file = new("file") { Description = "The generator's state dict: .pth, .safetensors or .npz." };
    readonly Option<string?> key = new("--key") { Description = "Which dict of a .pth file that holds several, such as models.g.", HelpName = "path" };
    readonly Option<string?> prefix = new("--prefix") { Description = "What stands before the names, such as generator.; without it, what fits.", HelpName = "text" };
    readonly Option<string?> discriminator = new("--discriminator") { Description = "The discriminator's state dict; without it, it begins anew.", HelpName = "file" };
    readonly Option<string?> discriminatorKey = new("--discriminator-key") { Description = "Which dict of that file.", HelpName = "path" };
    readonly Option<string?> discriminatorPrefix = new("--discriminator-prefix") { Description = "What stands before the names of that file.", HelpName = "text" };
    readonly Option<string?> folder = new("--out") { Description = "The run folder, new or empty; else one under runs.", HelpName = "folder" };
    readonly ConfigOptions config;
    readonly Func<ImportRequest, CliContext, ExitCode> import;

    public ImportCommand(Func<ImportRequest, CliContext, ExitCode> import)
        : base("import", "Makes a run of weights that PyTorch saved, such as heykeetae's, BigGAN-PyTorch's or StudioGAN's, to sample from or to go on with.")
    {
        this.import = import;
        Add(file);
        config = new ConfigOptions(this);
        foreach (Option o in (Option[])[key, prefix, discriminator, discriminatorKey, discriminatorPrefix, folder]) Add(o);
    }

    protected override ExitCode Run(ParseResult parsed, CliContext context) => import(new ImportRequest(parsed.GetRequiredValue(file), parsed.GetValue(key),
        parsed.GetValue(prefix), parsed.GetValue(discriminator), parsed.GetValue(discriminatorKey), parsed.GetValue(discriminatorPrefix),
        parsed.GetValue(folder), found => config.Resolve(parsed, context, found)), context);
}
