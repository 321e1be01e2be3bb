using System.Runtime.InteropServices;

namespace Sagan.Native.Cli;

/// <summary>
/// Ctrl-C and SIGTERM while training: the first asks the loop to finish its step, save and return; the second ends the process at once (nothing is lost but
/// the steps since the last checkpoint: checkpoints are written so that they are whole or not there).
/// </summary>
sealed class ShutdownSignal : IDisposable
{
    readonly Action<string> say;
    readonly Action<ExitCode> quit;
    readonly List<PosixSignalRegistration> registrations = [];
    readonly CancellationTokenSource source = new();
    int first;
    long step;

    /// <summary>Listens from now on.</summary>
    /// <param name="say">Shows a line to the user; called on another thread.</param>
    /// <param name="quit">Ends the process; for tests.</param>
    public ShutdownSignal(Action<string> say, Action<ExitCode>? quit = null)
    {
        this.say = say;
        this.quit = quit ?? (code => Environment.Exit((int)code));
        registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal));
        registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal));
    }

    /// <summary>True after the first signal: finish the step, save, return <see cref="ExitCode"/>.</summary>
    public bool Requested => ExitCode != ExitCode.Success;

    /// <summary>Cancelled by the first signal: for waits that would keep the step from ending.</summary>
    public CancellationToken Token => source.Token;

    /// <summary>130 or 143 by the first signal; success before it.</summary>
    public ExitCode ExitCode => (ExitCode)Volatile.Read(ref first);

    /// <summary>The step the loop is in, for the message.</summary>
    public long Step
    {
        set => Volatile.Write(ref step, value);
    }

    void OnSignal(PosixSignalContext context)
    {
        // Otherwise the runtime ends the process by itself.
        context.Cancel = true;
        Signal(context.Signal == PosixSignal.SIGINT ? ExitCode.Interrupted : ExitCode.Terminated);
    }

    internal void Signal(ExitCode code)
    {
        if (Interlocked.CompareExchange(ref first, (int)code, 0) != 0)
        {
            quit(code);
            return;
        }
        say($"finishing step {Volatile.Read(ref step)}, saving; press again to quit at once");
        source.Cancel();
    }

    public void Dispose()
    {
        // The token's source stays: a signal may be on its way, and it holds nothing but memory.
        foreach (PosixSignalRegistration r in registrations) r.Dispose();
    }
}
