using Sagan.Native.Commands;
using Sagan.Native.Commands.Console;

namespace Sagan.Native.Tests;

public sealed class TerminalTests
{
    static readonly string SaganDll = typeof(SaganCommandLine).Assembly.Location;

    static ChildProcess Sagan(IReadOnlyDictionary<string, string?> environment, params string[] arguments)
    {
        Dictionary<string, string?> all = new(environment);
        foreach (string name in (string[])["NO_COLOR", "FORCE_COLOR", "SAGAN_DEBUG"]) all.TryAdd(name, null);
        return ChildProcess.Run("dotnet", ["exec", SaganDll, .. arguments], environment: all);
    }

    [Theory]
    [InlineData(2, "trian")]
    [InlineData(0, "devices")]
    [InlineData(0, "help", "exit-codes")]
    [InlineData(0, "train", "--print-config", "--loss", "wgan-gp", "--set", "loss.penaltyWithSpectralNorm=true")]
    [InlineData(2, "train", "--size", "50")]
    public void Redirected_output_holds_no_escape(int code, params string[] arguments)
    {
        ChildProcess p = Sagan(new Dictionary<string, string?> { ["TERM"] = "xterm-256color", ["COLORTERM"] = "truecolor" }, arguments);
        Assert.True(p.ExitCode == code, p.All);
        Assert.DoesNotContain('\x1b', p.All);
        Assert.NotEmpty(p.All);
    }

    [Fact]
    public void Results_go_to_stdout_and_the_rest_to_stderr()
    {
        ChildProcess p = Sagan(new Dictionary<string, string?>(), "train", "--print-config", "--loss", "wgan-gp", "--set",
            "loss.penaltyWithSpectralNorm=true");
        Assert.StartsWith("preset ", p.Output);
        Assert.StartsWith("warning: ", p.Error);
    }

    [Fact]
    public void Colour_can_be_forced()
    {
        Assert.Contains("\x1b[", Sagan(new Dictionary<string, string?> { ["FORCE_COLOR"] = "1" }, "trian").Error);
        Assert.DoesNotContain("\x1b", Sagan(new Dictionary<string, string?> { ["FORCE_COLOR"] = "1", ["NO_COLOR"] = "1" }, "trian").Error);
    }

    [Fact]
    public void No_color_counts_where_the_command_is_unknown() =>
        Assert.DoesNotContain("\x1b", Sagan(new Dictionary<string, string?> { ["FORCE_COLOR"] = "1" }, "trian", "--no-color").Error);

    [Fact]
    public void Errors_have_a_stack_trace_on_demand_only()
    {
        Assert.DoesNotContain("   at ", Sagan(new Dictionary<string, string?>(), "train", "--size", "50").Error);
        Assert.Contains("   at ", Sagan(new Dictionary<string, string?>(), "train", "--size", "50", "--debug").Error);
        Assert.Contains("   at ", Sagan(new Dictionary<string, string?> { ["SAGAN_DEBUG"] = "1" }, "train", "--size", "50").Error);
    }

    [Theory]
    [InlineData(false, null, null, "xterm", true)]
    [InlineData(true, null, null, "xterm", false)]
    [InlineData(false, "1", null, "xterm", false)]
    [InlineData(false, "", null, "xterm", true)]
    [InlineData(false, null, null, "dumb", false)]
    [InlineData(true, null, "1", "dumb", true)]
    [InlineData(true, null, "0", "xterm", false)]
    [InlineData(true, "1", "1", "xterm", false)]
    public void Colour_is_decided_for_each_stream(bool redirected, string? noColour, string? force, string term, bool colour) =>
        Assert.Equal(colour, TerminalOptions.Colour(redirected, name =>
            name switch { "NO_COLOR" => noColour, "FORCE_COLOR" => force, "TERM" => term, _ => null }));

    [Fact]
    public void Messages_do_not_break_the_live_line()
    {
        StringWriter error = new();
        Terminal t = new(TextWriter.Null, error, new TerminalOptions { Live = true, Width = () => 21 });
        t.Live("step 1");
        t.Live("step 2 is a very long line");
        t.Live("step 3");
        t.Warning("hot");
        t.EndLive();
        string line = "step 2 is a very lon", blanks = new(' ', 20);
        Assert.Equal($"\rstep 1\r{line}\rstep 3{blanks[6..]}\r{blanks[..6]}\rwarning: hot{Environment.NewLine}step 3{Environment.NewLine}",
            error.ToString());
    }

    [Fact]
    public void An_empty_live_line_leaves_the_cursor_at_the_start()
    {
        StringWriter error = new();
        Terminal t = new(TextWriter.Null, error, new TerminalOptions { Live = true, Width = () => 21 });
        t.Live("reading images: 3/4");
        t.Live("");
        Assert.Equal($"\rreading images: 3/4\r{new string(' ', 19)}\r", error.ToString());
    }

    [Fact]
    public void Results_do_not_stand_behind_the_live_line()
    {
        // One screen for both streams.
        StringWriter screen = new();
        Terminal t = new(screen, screen, new TerminalOptions { Live = true, Width = () => 40 });
        t.Live("step 99/100");
        new CommandContext(t, Json: false).Result("consistency of 512 samples");
        string line = Environment.NewLine;
        Assert.Equal($"\rstep 99/100\r{new string(' ', 11)}\rconsistency of 512 samples{line}step 99/100", screen.ToString());
    }

    [Theory]
    [InlineData("one two three four", 9, "one two|  three|  four")]
    [InlineData("  cpu  is here", 8, "  cpu|    is|    here")]
    [InlineData("short", 9, "short")]
    [InlineData("averyverylongword and more", 9, "averyverylongword|  and|  more")]
    [InlineData("see `one two three four` now", 9, "see|  `one two three four`|  now")]
    [InlineData("go on: sagan resume 'my run' --steps 20", 12, "go on:|  sagan resume 'my run' --steps 20")]
    [InlineData("a b\nc d e f g h", 6, "a b|c d e|  f g|  h")]
    public void Lines_break_between_words(string text, int width, string lines) =>
        Assert.Equal(lines, WordWrap.Wrap(text, width).ReplaceLineEndings("|"));

    [Fact]
    public void Lines_are_broken_on_a_screen_alone()
    {
        string text = string.Concat(Enumerable.Repeat("word ", 30)).TrimEnd();
        Assert.Equal("warning: " + text, Written(false));
        Assert.All(Written(true).Split(Environment.NewLine), l => Assert.InRange(l.Length, 1, 79));
        Assert.Equal("warning: " + text, string.Join(' ', Written(true).Split(Environment.NewLine).Select(l => l.Trim())));

        string Written(bool screen)
        {
            StringWriter error = new();
            new Terminal(TextWriter.Null, error, new TerminalOptions { ErrorIsScreen = screen, Width = () => 80 }).Warning(text);
            return error.ToString().TrimEnd();
        }
    }

    // A real terminal of 80 columns, as script(1) of util-linux makes one.
    [Fact]
    public void On_a_terminal_results_follow_the_last_state_on_lines_of_their_own()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script") && OperatingSystem.IsLinux(), "needs script of util-linux");
        using TemporaryFolder folder = new();
        string command = $"stty cols 80; dotnet exec {SaganDll} train --out run --steps 3 --size 16 --conv-dim 8 --z-dim 8 --g-attention 8 "
            + "--d-attention 4 --batch 8 --set data.creatureCount=30";
        ChildProcess p = ChildProcess.Run("/usr/bin/script", ["-qec", command, "/dev/null"], folder.Path, new Dictionary<string,
            string?>
        { ["NO_COLOR"] = "1", ["TERM"] = "xterm" });
        Assert.True(p.ExitCode == 0, p.All);
        // What stands on each line in the end: what is written after a carriage return stands over what was there.
        string[] lines = [.. p.All.Split('\n').Select(Visible)];
        Assert.Contains(lines, l => l.StartsWith("consistency of 512 samples", StringComparison.Ordinal));
        int state = Array.FindLastIndex(lines, l => l.StartsWith("step 3/3", StringComparison.Ordinal));
        Assert.True(state >= 0 && state < Array.FindIndex(lines, l => l.StartsWith("consistency", StringComparison.Ordinal)), p.All);
        Assert.DoesNotContain(lines, l => l.Length > 80 && !l.Contains("dotnet", StringComparison.Ordinal));

        static string Visible(string written)
        {
            string shown = "";
            foreach (string part in written.TrimEnd('\r').Split('\r'))
                shown = part + (part.Length < shown.Length ? shown[part.Length..] : "");
            return shown.TrimEnd();
        }
    }

    [Fact]
    public void Quiet_shows_warnings_only()
    {
        StringWriter error = new();
        Terminal t = new(TextWriter.Null, error, new TerminalOptions { Live = true, Quiet = true });
        t.Live("x");
        t.Note("x");
        t.Warning("w [not markup]");
        Assert.Equal("warning: w [not markup]", error.ToString().TrimEnd());
    }
}
