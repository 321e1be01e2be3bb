using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Sagan.Native.Commands.Console;
using Sagan.Native.Configuration;
using Sagan.Native.Kernels;

namespace Sagan.Native.Commands;

/// <summary>The command <c>sagan</c>: its verbs, and what becomes of errors.</summary>
static class SaganCommandLine
{
    /// <summary>Runs the command and returns its exit code. Never throws.</summary>
    public static int Run(string[] arguments, TextWriter output, TextWriter error)
    {
        using LastingWriter results = new(output), messages = new(error);
        int code = Invoke(arguments, results, messages);
        if (code != (int)ExitCode.Success || results.Failure is not { } failure) return code;
        messages.WriteLine($"error: the results could not be written to stdout: {failure.Message}");
        return (int)ExitCode.File;
    }

    static int Invoke(string[] arguments, LastingWriter output, LastingWriter error)
    {
        ShutdownSignal.ComeFirst();
        // A command before in this process may have asked for fewer; the limit is the engine's.
        WorkerPool.Threads = Math.Min(Environment.ProcessorCount, 255);
        RootCommand root = Build();
        // A leading @ is a file name here, not a response file.
        ParseResult parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        InvocationConfiguration streams =
            new() { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        try
        {
            RefuseUnknownOption(root, parsed);
            return parsed.Action is ParseErrorAction ? throw new UsageException(Explain(root, parsed)) : parsed.Invoke(streams);
        }
        catch (Exception e)
        {
            Report(e, parsed, error);
            return (int)ExitCodes.Of(e);
        }
    }

    internal static RootCommand Build()
    {
        RootCommand root = new("Trains self-attention GANs and makes images with them: an engine in C#, with kernels written by hand.");
        GlobalOptions.AddTo(root);
        root.Options.OfType<VersionOption>().Single().Action = new PrintVersion();
        root.Add(new TrainCommand());
        root.Add(new ResumeCommand());
        root.Add(new SampleCommand());
        root.Add(new InterpolateCommand());
        root.Add(new NearestCommand());
        root.Add(new AttentionCommand());
        root.Add(new AblateCommand());
        root.Add(new EvaluateCommand());
        root.Add(new ViewCommand());
        root.Add(new ReportCommand());
        root.Add(new CompareCommand());
        root.Add(new InspectCommand());
        root.Add(new ImportCommand());
        root.Add(new ExportCommand());
        root.Add(new GradCheckCommand());
        root.Add(new Command("bench", "Measures speed.")
        {
            new BenchStepCommand(), new BenchGeneratorCommand(), new BenchAttentionCommand(), new BenchKernelsCommand(),
            new BenchLadderCommand(), new BenchDataCommand(),
        });
        root.Add(new Command("data", "Looks at data sets and packs them.") { new DataCheckCommand(), new DataPackCommand() });
        root.Add(new Command("explain", "Writes pages to learn from.") { new ExplainAttentionCommand() });
        root.Add(new DevicesCommand());
        root.Add(new KernelsCommand());
        root.Add(new CompletionCommand());
        root.Add(new HelpCommand(root));
        // `sagan` alone is a question, not an error.
        root.SetAction(p => root.Parse("--help").Invoke(p.InvocationConfiguration));
        return root;
    }

    /// <summary>
    /// The parser takes an option it does not know for an argument where the command has one: `train --bach 3` would train a file "--bach".
    /// </summary>
    internal static void RefuseUnknownOption(RootCommand root, ParseResult parsed)
    {
        // What a shell asks about is not finished.
        if (parsed.Action is HelpAction or PrintVersion || parsed.Tokens.Any(t => t.Type == TokenType.Directive)) return;
        // Of a command that is not known no option is known either: the command is what is wrong.
        bool takesCommand = parsed.CommandResult.Command.Subcommands.Count > 0;
        if (takesCommand && parsed.UnmatchedTokens is [{ Length: > 0 } name, ..] && name[0] != '-') return;
        if (parsed.Tokens.Any(t => t.Type == TokenType.DoubleDash)) return;
        Command command = parsed.CommandResult.Command;
        string? token = parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens).Select(t => t.Value)
            .Concat(parsed.UnmatchedTokens)
            .FirstOrDefault(t => t.Length > 1 && t[0] == '-' && !char.IsAsciiDigit(t[1]));
        if (token == null) return;
        IEnumerable<string> known = command.Options.Concat(root.Options).Where(o => !o.Hidden).Select(o => o.Name);
        throw new UsageException($"unknown option '{token}'.{NearestName.Suggestion(token, known)}{SeeHelp(root, command)}");
    }

    /// <summary>The first thing that is wrong with the command line, and the way out.</summary>
    static string Explain(RootCommand root, ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        if (parsed.UnmatchedTokens.Count == 0) return parsed.Errors[0].Message.TrimEnd('.') + "." + SeeHelp(root, command);
        string token = parsed.UnmatchedTokens[0];
        string kind = command.Subcommands.Count > 0 ? "command" : "argument";
        return $"unknown {kind} '{token}'.{NearestName.Suggestion(token, command.Subcommands.Select(c => c.Name))}{SeeHelp(root, command)}";
    }

    static string SeeHelp(RootCommand root, Command command)
    {
        string path = "";
        for (Symbol? s = command; s != null && s != root; s = s.Parents.FirstOrDefault()) path = $" {s.Name}{path}";
        return $" See `{ShellCommand.Program}{path} --help`.";
    }

    static void Report(Exception e, ParseResult parsed, TextWriter error)
    {
        bool expected = ExitCodes.IsExpected(e);
        // Where the command line is wrong, its options were not read.
        bool noColour = parsed.Tokens.Any(t => t.Value == GlobalOptions.NoColourName);
        Terminal terminal = new(TextWriter.Null, error, TerminalOptions.OfProcess(quiet: false, noColour));
        if (GlobalOptions.WantsStackTrace(parsed)) terminal.Error(e.ToString());
        else if (expected) terminal.Error(e.Message);
        else terminal.Error($"{e.GetType().Name}: {e.Message}\nThis is a defect of the program; --debug shows where it happened.");
    }

    sealed class PrintVersion : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parsed)
        {
            parsed.InvocationConfiguration.Output.WriteLine(AboutProgram.Version);
            return 0;
        }
    }
}
