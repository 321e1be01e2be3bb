using System.Runtime.InteropServices;

namespace Sagan.Native.Commands.Console;

/// <summary>
/// Ctrl-C, SIGTERM, a closed terminal (SIGHUP) and the notice of a scheduler (SIGUSR1 on Linux, SIGUSR2, SIGXCPU) while training: the first
/// asks the loop to finish its step, save and return; a second Ctrl-C or SIGTERM ends the process at once (nothing is lost but the steps
/// since the last checkpoint: checkpoints are written so that they are whole or not there). The others may come any number of times: shells
/// and terminals both send SIGHUP, and schedulers let SIGTERM follow.
/// </summary>
sealed partial class ShutdownSignal : IDisposable
{
    readonly Action<string> say;
    readonly Action<ExitCode> quit;
    readonly List<PosixSignalRegistration> registrations = [];
    readonly ManualResetEventSlim ended = new();
    readonly CancellationTokenSource stop = new();
    int first, pressed;
    long step;

    /// <summary>Listens from now on.</summary>
    /// <param name="say">Shows a line to the user; called on another thread.</param>
    /// <param name="quit">Ends the process; for tests.</param>
    public ShutdownSignal(Action<string> say, Action<ExitCode>? quit = null)
    {
        this.say = say;
        this.quit = quit ?? (code => Environment.Exit((int)code));
        ComeFirst();
        foreach ((PosixSignal signal, ExitCode code) in Signals) Listen(signal, code);
    }

    /// <summary>
    /// Has the runtime handle these signals from now on, with what they do by themselves. To be called before a device is opened: LLVM,
    /// which is in OpenCL drivers, handles some of them too, and passes on to those that were there before it; had it been the first, a run
    /// would end by SIGHUP and SIGUSR2.
    /// </summary>
    public static void ComeFirst() => _ = First.Value;

    static readonly (PosixSignal Signal, ExitCode Code)[] Signals = [.. Listed()];

    static readonly Lazy<List<PosixSignalRegistration>> First = new(() =>
        [.. Signals.Select(s => PosixSignalRegistration.Create(s.Signal, _ => { }))]);

    static IEnumerable<(PosixSignal, ExitCode)> Listed()
    {
        yield return (PosixSignal.SIGINT, ExitCode.Interrupted);
        yield return (PosixSignal.SIGTERM, ExitCode.Terminated);
        // Under nohup it is ignored, and is to stay so.
        if (OperatingSystem.IsWindows() || !IsIgnored(HangUp)) yield return (PosixSignal.SIGHUP, ExitCode.HungUp);
        if (OperatingSystem.IsWindows()) yield break;
        // Elsewhere the runtime itself uses SIGUSR1, to stop threads for the garbage collector.
        int[] notices = OperatingSystem.IsLinux() ? [10, 12, 24] : [31, 24];
        foreach (int notice in notices) yield return ((PosixSignal)notice, ExitCode.Announced);
    }

    /// <summary>Cancelled by the first signal: finish the step, save, return <see cref="ExitCode"/>.</summary>
    public CancellationToken Token => stop.Token;

    /// <summary>129, 130, 138 or 143 by the first signal; success before it.</summary>
    public ExitCode ExitCode => (ExitCode)Volatile.Read(ref first);

    /// <summary>The step the loop is in, for the message.</summary>
    public long Step
    {
        set => Volatile.Write(ref step, value);
    }

    void Listen(PosixSignal signal, ExitCode code) => registrations.Add(PosixSignalRegistration.Create(signal, context =>
    {
        // Otherwise the runtime ends the process by itself.
        context.Cancel = true;
        Signal(code);
        // Windows ends the process when this returns, and waits some five seconds for it.
        if (OperatingSystem.IsWindows() && signal != PosixSignal.SIGINT) ended.Wait(TimeSpan.FromSeconds(4.5));
    }));

    internal void Signal(ExitCode code)
    {
        bool press = code is ExitCode.Interrupted or ExitCode.Terminated;
        if (press && Interlocked.Exchange(ref pressed, 1) != 0)
        {
            quit(code);
            return;
        }
        if (Interlocked.CompareExchange(ref first, (int)code, 0) != 0) return;
        stop.Cancel();
        say($"finishing step {Volatile.Read(ref step)}, saving{(press ? "; press again to quit at once" : "")}");
    }

    public void Dispose()
    {
        // The event stays: a signal may be on its way.
        ended.Set();
        foreach (PosixSignalRegistration r in registrations) r.Dispose();
    }

    const int HangUp = 1;

    // The handler is the first field of struct sigaction everywhere; SIG_IGN is 1.
    static bool IsIgnored(int signal)
    {
        Span<nint> action = stackalloc nint[64];
        action.Clear();
        return SigAction(signal, 0, ref MemoryMarshal.GetReference(action)) == 0 && action[0] == 1;
    }

    [LibraryImport("libc", EntryPoint = "sigaction")]
    private static partial int SigAction(int signal, nint action, ref nint old);
}
