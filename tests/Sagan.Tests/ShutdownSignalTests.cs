using System.Diagnostics;
using Sagan.Native.Commands.Console;

namespace Sagan.Native.Tests;

public sealed class ShutdownSignalTests : IDisposable
{
    const int HangUp = 1, Interrupt = 2, User1 = 10, Terminate = 15;

    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    Process StartLoop()
    {
        Process p = Process.Start(ChildProgram.Describe("signal-loop", folder.Path))!;
        Assert.Equal("ready", p.StandardOutput.ReadLine());
        return p;
    }

    static void WaitForExit(Process p)
    {
        if (p.WaitForExit(20_000)) return;
        p.Kill();
        Assert.Fail("the child did not end.");
    }

    [Theory]
    [InlineData(Interrupt, 130)]
    [InlineData(Terminate, 143)]
    [InlineData(HangUp, 129)]
    [InlineData(User1, 138)]
    public void The_first_signal_finishes_the_step_and_saves(int signal, int code)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "sends Unix signals");
        Assert.SkipWhen(signal == User1 && !OperatingSystem.IsLinux(), "has another number here");
        using Process p = StartLoop();
        ChildProgram.Send(p, signal);
        WaitForExit(p);
        Assert.Equal(code, p.ExitCode);
        int saved = int.Parse(File.ReadAllText(folder.File("saved")));
        Assert.Matches($@"^finishing step ({saved}|{saved - 1}), saving(; press again to quit at once)?\s*$", p.StandardError.ReadToEnd());
    }

    [Theory]
    [InlineData(Interrupt, Interrupt, 130)]
    [InlineData(Terminate, Terminate, 143)]
    [InlineData(Terminate, Interrupt, 130)]
    public void The_second_signal_ends_the_process_at_once(int first, int second, int code)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "sends Unix signals");
        folder.Write("stuck", "");
        using Process p = StartLoop();
        ChildProgram.Send(p, first);
        Assert.StartsWith("finishing step", p.StandardError.ReadLine());
        Assert.False(p.WaitForExit(200), "one signal must not end a step that still runs.");
        ChildProgram.Send(p, second);
        WaitForExit(p);
        Assert.Equal(code, p.ExitCode);
        Assert.False(File.Exists(folder.File("saved")));
    }

    // A shell and its terminal both say that the terminal was closed, and a scheduler lets SIGTERM follow its notice.
    [Theory]
    [InlineData(HangUp, HangUp)]
    [InlineData(HangUp, Terminate)]
    public void A_closed_terminal_never_ends_the_process_at_once(int first, int second)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "sends Unix signals");
        string stuck = folder.Write("stuck", "");
        using Process p = StartLoop();
        ChildProgram.Send(p, first);
        Assert.StartsWith("finishing step", p.StandardError.ReadLine());
        ChildProgram.Send(p, second);
        Assert.False(p.WaitForExit(200), "the step was not finished.");
        File.Delete(stuck);
        WaitForExit(p);
        Assert.Equal(129, p.ExitCode);
        Assert.True(File.Exists(folder.File("saved")));
    }

    [Fact]
    public void Under_nohup_a_closed_terminal_is_none_of_its_business()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || !File.Exists("/usr/bin/nohup"), "needs nohup");
        ProcessStartInfo child = ChildProgram.Describe("signal-loop", folder.Path);
        using Process p = Process.Start(ChildProcess.Describe("/usr/bin/nohup", [child.FileName, .. child.ArgumentList]))!;
        Assert.Equal("ready", p.StandardOutput.ReadLine());
        ChildProgram.Send(p, HangUp);
        Assert.False(p.WaitForExit(300), "it ended.");
        ChildProgram.Send(p, Terminate);
        WaitForExit(p);
        Assert.Equal(143, p.ExitCode);
    }

    [Fact]
    public void The_request_names_step_and_code()
    {
        List<string> said = [];
        List<ExitCode> quit = [];
        using ShutdownSignal s = new(said.Add, quit.Add) { Step = 41 };
        Assert.False(s.Token.IsCancellationRequested);
        s.Signal(ExitCode.Terminated);
        Assert.True(s.Token.IsCancellationRequested);
        Assert.Equal("finishing step 41, saving; press again to quit at once", Assert.Single(said));
        Assert.Empty(quit);
        s.Signal(ExitCode.Interrupted);
        Assert.Equal(ExitCode.Interrupted, Assert.Single(quit));
        Assert.Equal(ExitCode.Terminated, s.ExitCode);
    }
}
