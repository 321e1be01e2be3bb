using System.CommandLine;
using Sagan.Native.Commands.Console;

namespace Sagan.Native.Commands;

/// <summary>The options that every verb has.</summary>
static class GlobalOptions
{
    public const string NoColourName = "--no-color";

    static readonly Option<bool> Json = new("--json") { Description = "Print results as one JSON document on stdout.", Recursive = true };
    static readonly Option<bool> NoColour = new(NoColourName) { Description = "No colour (as NO_COLOR does).", Recursive = true };
    static readonly Option<bool> Quiet = new("--quiet", "-q") { Description = "Only warnings and errors on stderr.", Recursive = true };
    static readonly Option<bool> Debug =
        new("--debug") { Description = "Stack traces of errors (as SAGAN_DEBUG=1 does).", Recursive = true };

    public static void AddTo(Command root)
    {
        foreach (Option o in (Option[])[Json, NoColour, Quiet, Debug]) root.Add(o);
    }

    public static CommandContext Context(ParseResult p) => new(Screen(p), p.GetValue(Json));

    public static bool WantsStackTrace(ParseResult p) => p.GetValue(Debug) || Environment.GetEnvironmentVariable("SAGAN_DEBUG") == "1";

    /// <summary>The streams of this process as the options want them.</summary>
    public static Terminal Screen(ParseResult p) => new(p.InvocationConfiguration.Output, p.InvocationConfiguration.Error,
        TerminalOptions.OfProcess(p.GetValue(Quiet), p.GetValue(NoColour)));
}
