using System.CommandLine;

namespace Sagan.Native.Cli;

/// <summary>A format that a generator is exported to.</summary>
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

/// <summary>The generator of a run or checkpoint, as a file. Format: null = what the file's ending says. Out: null = a new file in this folder, named after
/// run and step.</summary>
sealed record ExportRequest(string Source, ExportFormat? Format, string? Out, bool Ema);

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
    readonly Func<ExportRequest, CliContext, ExitCode> export;

    public ExportCommand(Func<ExportRequest, CliContext, ExitCode> export) : base("export", "Writes a trained generator for other programs.")
    {
        this.export = export;
        Add(source);
        foreach (Option o in (Option[])[format, file, noEma]) Add(o);
    }

    protected override ExitCode Run(ParseResult parsed, CliContext context) =>
        export(new ExportRequest(parsed.GetRequiredValue(source), parsed.GetValue(format), parsed.GetValue(file), !parsed.GetValue(noEma)), context);
}
