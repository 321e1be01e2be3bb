using System.CommandLine;
using Sagan.Native.Interchange;

namespace Sagan.Native.Cli;

/// <summary>What to look into: a file of tensors, a checkpoint folder or a run folder.</summary>
sealed record InspectRequest(string Path);

/// <summary><c>sagan inspect file</c>.</summary>
sealed class InspectCommand : Verb
{
    readonly Argument<string> path = new("path") { Description = $"A file ({TensorFiles.Endings}), a checkpoint or a run folder." };
    readonly Func<InspectRequest, CliContext, ExitCode> inspect;

    public InspectCommand(Func<InspectRequest, CliContext, ExitCode> inspect)
        : base("inspect", "Lists the tensors of a file: names, shapes, statistics, NaN count.")
    {
        this.inspect = inspect;
        Add(path);
    }

    protected override ExitCode Run(ParseResult parsed, CliContext context) => inspect(new InspectRequest(parsed.GetRequiredValue(path)), context);
}
