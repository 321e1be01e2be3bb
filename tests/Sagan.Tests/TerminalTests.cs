using Sagan.Native.Cli;

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
        ChildProcess p = Sagan(new Dictionary<string, string?>(), "train", "--print-config", "--loss", "wgan-gp", "--set", "loss.penaltyWithSpectralNorm=true");
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
        Assert.Equal($"\rstep 1\r{line}\rstep 3{blanks[6..]}\r{blanks[..6]}\rwarning: hot{Environment.NewLine}step 3{Environment.NewLine}", error.ToString());
    }

    [Fact]
    public void Quiet_shows_warnings_only()
    {
        StringWriter error = new();
        Terminal t = new(TextWriter.Null, error, new TerminalOptions { Live = true, Verbosity = Verbosity.Quiet });
        t.Live("x");
        t.Note("x");
        t.Detail("x");
        t.Warning("w [not markup]");
        Assert.Equal("warning: w [not markup]", error.ToString().TrimEnd());
    }
}
