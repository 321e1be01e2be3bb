namespace Sagan.Native.Commands.Console;

/// <summary>The user stopped the work by a signal, and it is not whole.</summary>
/// <param name="message">How to go on.</param>
/// <param name="code">That of the signal.</param>
sealed class StoppedException(string message, ExitCode code) : SaganException(message)
{
    /// <summary>The exit code of the process.</summary>
    public ExitCode ExitCode => code;
}
