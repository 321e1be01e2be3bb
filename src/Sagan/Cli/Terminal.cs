using Spectre.Console;

namespace Sagan.Native.Cli;

/// <summary>How much is said on stderr.</summary>
enum Verbosity
{
    /// <summary>Warnings and errors.</summary>
    Quiet,

    /// <summary>Progress, too.</summary>
    Normal,

    /// <summary>Details, too.</summary>
    Verbose,
}

/// <summary>
/// The two output streams: results go to stdout, everything else (progress, notes, warnings, errors) to stderr. Colour and the live line are decided for each
/// stream by itself, from whether that stream is redirected: Spectre.Console looks at other things and would write escapes into a redirected stderr.
/// Thread-safe.
/// </summary>
sealed class Terminal
{
    readonly Lock gate = new();
    readonly TextWriter error;
    readonly TerminalOptions options;
    readonly IAnsiConsole console;
    readonly Func<int> width;
    readonly TextWriter output;
    string live = "";

    public Terminal(TextWriter output, TextWriter error, TerminalOptions options)
    {
        (this.output, this.error, this.options) = (output, error, options);
        Verbosity = options.Verbosity;
        IsLive = options.Live && Verbosity > Verbosity.Quiet;
        width = options.Width;
        console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(error),
            Ansi = options.ErrorColour ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = options.ErrorColour ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        console.Profile.Width = int.MaxValue;
    }

    /// <summary>The same stderr for warnings and errors alone.</summary>
    public Terminal Quiet() => new(TextWriter.Null, error, options with { Verbosity = Verbosity.Quiet, Live = false });

    public Verbosity Verbosity { get; }

    /// <summary>True where stderr is a screen on which a line can be rewritten.</summary>
    public bool IsLive { get; }

    /// <summary>A line on stdout.</summary>
    public void Result(string text) => Document(options.OutputIsScreen ? WordWrap.Wrap(text, Columns) : text);

    /// <summary>Text on stdout as it is.</summary>
    public void Document(string text)
    {
        lock (gate)
        {
            // Where both streams are one screen, the live line would stand in front of it.
            Erase();
            error.Flush();
            output.WriteLine(text);
            output.Flush();
            Redraw();
        }
    }

    /// <summary>A line on stderr, unless quiet.</summary>
    public void Note(string text)
    {
        if (Verbosity > Verbosity.Quiet) Line("", "", text);
    }

    /// <summary>A line on stderr with -v.</summary>
    public void Detail(string text)
    {
        if (Verbosity > Verbosity.Normal) Line("", "", text);
    }

    /// <summary>A warning on stderr.</summary>
    public void Warning(string text) => Line("warning: ", "yellow", text);

    /// <summary>An error on stderr.</summary>
    public void Error(string text) => Line("error: ", "red", text);

    void Line(string label, string style, string text)
    {
        lock (gate)
        {
            Erase();
            if (label.Length > 0) console.Markup($"[{style}]{label}[/]");
            error.WriteLine(options.ErrorIsScreen ? WordWrap.Wrap(text, Columns, label.Length) : text);
            Redraw();
        }
    }

    /// <summary>
    /// Shows the text as the live line: the last line of the screen, rewritten in place; nothing where it is empty. Only where <see
    /// cref="IsLive"/>.
    /// </summary>
    public void Live(string text)
    {
        if (!IsLive) return;
        lock (gate)
        {
            // Blanks over what is left of a longer text before it; erasing the line first would flicker.
            int before = live.Length;
            live = text.Length > Columns ? text[..Columns] : text;
            error.Write($"\r{live.PadRight(Math.Min(before, Columns))}{(live.Length == 0 ? "\r" : "")}");
            error.Flush();
        }
    }

    /// <summary>Leaves the live line where it is and begins a new one.</summary>
    public void EndLive()
    {
        lock (gate)
        {
            if (live.Length > 0) error.WriteLine();
            live = "";
        }
    }

    // Carriage return and blanks instead of escapes: they work on every screen, coloured or not.
    void Erase()
    {
        if (live.Length > 0) error.Write($"\r{new string(' ', live.Length)}\r");
    }

    void Redraw()
    {
        error.Write(live);
        error.Flush();
    }

    int Columns => Math.Max(10, width() - 1);
}

/// <summary>What the streams can do.</summary>
sealed record TerminalOptions
{
    public Verbosity Verbosity { get; init; } = Verbosity.Normal;

    /// <summary>Colour on stderr.</summary>
    public bool ErrorColour { get; init; }

    /// <summary>A live line on stderr.</summary>
    public bool Live { get; init; }

    /// <summary>stdout is a screen: lines are broken between words.</summary>
    public bool OutputIsScreen { get; init; }

    /// <summary>stderr is a screen.</summary>
    public bool ErrorIsScreen { get; init; }

    /// <summary>Columns of the screen.</summary>
    public Func<int> Width { get; init; } = () => 120;

    /// <summary>For this process: NO_COLOR, FORCE_COLOR, TERM and whether stderr is redirected. https://no-color.org</summary>
    public static TerminalOptions OfProcess(Verbosity verbosity, bool noColour) => new()
    {
        Verbosity = verbosity,
        ErrorColour = !noColour && Colour(Console.IsErrorRedirected, Environment.GetEnvironmentVariable),
        Live = !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb",
        OutputIsScreen = !Console.IsOutputRedirected,
        ErrorIsScreen = !Console.IsErrorRedirected,
        Width = WindowWidth,
    };

    // A screen of unknown width says 0; one that was closed fails.
    static int WindowWidth()
    {
        const int usual = 80;
        try
        {
            return Console.WindowWidth is > 0 and int width ? width : usual;
        }
        catch (IOException)
        {
            return usual;
        }
    }

    /// <summary>Whether a stream gets colour.</summary>
    public static bool Colour(bool redirected, Func<string, string?> variable)
    {
        if (!string.IsNullOrEmpty(variable("NO_COLOR"))) return false;
        if (variable("FORCE_COLOR") is { Length: > 0 } force && force != "0") return true;
        return !redirected && variable("TERM") != "dumb";
    }
}
