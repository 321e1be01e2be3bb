using System.CommandLine;
using Sagan.Native.Commands.Console;

namespace Sagan.Native.Commands;

/// <summary>A verb of the command line.</summary>
abstract class Verb : Command
{
    protected Verb(string name, string description) : base(name, description) => SetAction(p => (int)Run(p, GlobalOptions.Context(p)));

    /// <summary>Does the work. Problems are exceptions: <see cref="ExitCodes"/> turns them into exit codes.</summary>
    protected abstract ExitCode Run(ParseResult parsed, CommandContext context);
}

/// <summary>A verb in one file: its options, the request that they make, and what becomes of it.</summary>
abstract class Verb<TRequest>(string name, string description) : Verb(name, description)
{
    /// <summary>What the options ask for.</summary>
    internal abstract TRequest Read(ParseResult parsed, CommandContext context);

    /// <summary>Does it.</summary>
    protected abstract ExitCode Run(TRequest request, CommandContext context);

    protected sealed override ExitCode Run(ParseResult parsed, CommandContext context) => Run(Read(parsed, context), context);
}
