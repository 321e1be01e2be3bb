using System.CommandLine;

namespace Sagan.Native.Cli;

/// <summary>A format that a network is exported to.</summary>
enum ExportFormat
{
    /// <summary>A state dict that torch.load reads.</summary>
    Pth,

    /// <summary>A state dict that any safetensors reader reads.</summary>
    Safetensors,

    /// <summary>A state dict that numpy.load reads.</summary>
    Npz,

    /// <summary>The network itself, for ONNX runtimes.</summary>
    Onnx,
}

/// <summary>A network of a run or checkpoint, as a file. Format: null = what the file's ending says. Out: null = a new file in this folder, named after
/// run and step. Discriminator: that one, in place of the generator.</summary>
sealed record ExportRequest(string Source, ExportFormat? Format, string? Out, bool Ema, bool Discriminator = false);

/// <summary><c>sagan export run</c>.</summary>
sealed class ExportCommand : Verb
{
    readonly Argument<string> source = new("run") { Description = "A run folder or a checkpoint folder." };
    readonly Option<ExportFormat?> format = new("--format")
    {
        Description = "The format; without it, the file's ending says it.",
        HelpName = "pth|safetensors|npz|onnx",
    };
    readonly Option<string?> file = new("--out")
    {
        Description = "The file to write; without it, RUN-step-N.pth (or the format's ending) in this folder, which must not be there yet.",
        HelpName = "file",
    };
    readonly Option<bool> noEma = new("--no-ema") { Description = "The weights themselves, not their moving average." };
    readonly Option<bool> discriminator = new("--discriminator") { Description = "The discriminator, in place of the generator." };
    readonly Func<ExportRequest, CliContext, ExitCode> export;

    public ExportCommand(Func<ExportRequest, CliContext, ExitCode> export) : base("export", "Writes a trained network for other programs.")
    {
        this.export = export;
        Add(source);
        foreach (Option o in (Option[])[format, file, noEma, discriminator]) Add(o);
    }

    protected override ExitCode Run(ParseResult parsed, CliContext context) =>
        export(new ExportRequest(parsed.GetRequiredValue(source), parsed.GetValue(format), parsed.GetValue(file), !parsed.GetValue(noEma),
            parsed.GetValue(discriminator)), context);
}
