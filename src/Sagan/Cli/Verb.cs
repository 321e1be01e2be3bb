using System.CommandLine;

namespace Sagan.Native.Cli;

/// <summary>A verb of the command line: options in, a call into the engine, results out. One file for each.</summary>
abstract class Verb : Command
{
    protected Verb(string name, string description) : base(name, description) => SetAction(p => (int)Run(p, GlobalOptions.Context(p)));

    /// <summary>Does the work. Problems are exceptions: <see cref="ExitCodes"/> turns them into exit codes.</summary>
    protected abstract ExitCode Run(ParseResult parsed, CliContext context);
}
