using System.CommandLine;
using Sagan.Native.Configuration;

namespace Sagan.Native.Cli;

/// <summary>Write a data set, as a run of this configuration would read it, to one file.</summary>
sealed record DataPackRequest(ResolvedConfig Config, string Out);

/// <summary><c>sagan data pack source</c>.</summary>
sealed class DataPackCommand : Verb
{
    readonly DataOptions data = new();
    readonly Option<string> file = new("--out") { Description = "The .safetensors file to write.", HelpName = "file", Required = true };
    readonly Func<DataPackRequest, CliContext, ExitCode> pack;

    public DataPackCommand(Func<DataPackRequest, CliContext, ExitCode> pack) : base("pack", "Writes a data set, decoded, cropped and resized, as one file that opens at once.")
    {
        this.pack = pack;
        data.AddTo(this);
        Add(file);
    }

    protected override ExitCode Run(ParseResult parsed, CliContext context)
    {
        string path = parsed.GetRequiredValue(file);
        if (!path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase)) throw new UsageException($"--out {path}: a packed data set is a .safetensors file; name it so, or it is not found to be one.");
        return pack(new DataPackRequest(data.Resolve(parsed), path), context);
    }
}
