namespace Sagan.Native.Commands.Console;

/// <summary>
/// The two output streams: results go to stdout, everything else (progress, notes, warnings, errors) to stderr. Colour and live lines are
/// decided for each stream by itself, from whether that stream is redirected. Thread-safe.
/// </summary>
sealed class Terminal(TextWriter output, TextWriter error, TerminalOptions options)
{
    const string Escape = "\e[", Up = Escape + "1A", EraseLine = Escape + "2K", Plain = Escape + "0m", Yellow = Escape + "33m",
        Red = Escape + "31m";

    readonly Lock gate = new();
    // The lines that are rewritten in place, the last ones of the screen.
    string[] live = [];

    /// <summary>True where stderr is a screen on which a line can be rewritten.</summary>
    public bool IsLive { get; } = options is { Live: true, Quiet: false };

    /// <summary>True where several lines can be rewritten: that takes escapes, which --no-color and NO_COLOR switch off.</summary>
    public bool HasLiveBlock => IsLive && options.ErrorColour;

    /// <summary>A line on stdout.</summary>
    public void Result(string text) => Document(options.OutputIsScreen ? WordWrap.Wrap(text, Columns) : text);

    /// <summary>Text on stdout as it is.</summary>
    public void Document(string text)
    {
        lock (gate)
        {
            // Where both streams are one screen, the live lines would stand in front of it.
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
        if (!options.Quiet) Line("", "", text);
    }

    /// <summary>A warning on stderr.</summary>
    public void Warning(string text) => Line("warning: ", Yellow, text);

    /// <summary>An error on stderr.</summary>
    public void Error(string text) => Line("error: ", Red, text);

    void Line(string label, string colour, string text)
    {
        lock (gate)
        {
            Erase();
            if (label.Length > 0) error.Write(options.ErrorColour ? $"{colour}{label}{Plain}" : label);
            error.WriteLine(options.ErrorIsScreen ? WordWrap.Wrap(text, Columns, label.Length) : text);
            Redraw();
        }
    }

    /// <summary>
    /// Shows lines as the last ones of the screen, rewritten in place; nothing where there is only an empty one. Where several are not
    /// possible, the first one. Only where <see cref="IsLive"/>.
    /// </summary>
    public void Live(params string[] lines)
    {
        if (!IsLive) return;
        lock (gate)
        {
            string[] before = live;
            live = [.. lines.Take(HasLiveBlock ? lines.Length : 1).Select(l => l.Length > Columns ? l[..Columns] : l)];
            if (live is [""]) live = [];
            if (before.Length <= 1 && live.Length <= 1)
            {
                // Blanks over what is left of a longer text before it; erasing the line first would flicker.
                (string old, string now) = (before is [var b] ? b : "", live is [var n] ? n : "");
                error.Write($"\r{now.PadRight(Math.Min(old.Length, Columns))}{(now.Length == 0 ? "\r" : "")}");
            }
            else
            {
                Erase(before);
                error.Write(string.Join(Environment.NewLine, live));
            }
            error.Flush();
        }
    }

    /// <summary>Leaves the live lines where they are and begins a new one.</summary>
    public void EndLive()
    {
        lock (gate)
        {
            if (live.Length > 0) error.WriteLine();
            live = [];
        }
    }

    void Erase() => Erase(live);

    // Of one line with carriage return and blanks, which work on every screen, coloured or not.
    void Erase(string[] lines)
    {
        if (lines is [var one]) error.Write($"\r{new string(' ', one.Length)}\r");
        else if (lines.Length > 1) error.Write($"\r{EraseLine}{string.Concat(Enumerable.Repeat(Up + EraseLine, lines.Length - 1))}");
    }

    void Redraw()
    {
        error.Write(string.Join(Environment.NewLine, live));
        error.Flush();
    }

    int Columns => Math.Max(10, options.Width() - 1);
}

/// <summary>What the streams can do.</summary>
sealed record TerminalOptions
{
    /// <summary>Only warnings and errors on stderr.</summary>
    public bool Quiet { get; init; }

    /// <summary>Escapes on stderr, for colour and for several lines that are rewritten.</summary>
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
    public static TerminalOptions OfProcess(bool quiet, bool noColour) => new()
    {
        Quiet = quiet,
        ErrorColour = !noColour && Colour(System.Console.IsErrorRedirected, Environment.GetEnvironmentVariable)
            && (System.Console.IsErrorRedirected || WindowsScreen.TakesEscapes()),
        Live = !System.Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb",
        OutputIsScreen = !System.Console.IsOutputRedirected,
        ErrorIsScreen = !System.Console.IsErrorRedirected,
        Width = WindowWidth,
    };

    // A screen of unknown width says 0; one that was closed fails.
    static int WindowWidth()
    {
        const int usual = 80;
        try
        {
            return System.Console.WindowWidth is > 0 and int width ? width : usual;
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
