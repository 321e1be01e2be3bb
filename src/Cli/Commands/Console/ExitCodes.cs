using Sagan.Native.Interchange;
using Sagan.Native.IO;
using Sagan.Native.Kernels;

namespace Sagan.Native.Commands.Console;

/// <summary>From an exception to the exit code of the process, and from an exit code to its meaning: nowhere else.</summary>
static class ExitCodes
{
    /// <summary>The exit code of a process that ends with this exception.</summary>
    public static ExitCode Of(Exception exception) => exception switch
    {
        StoppedException e => e.ExitCode,
        UsageException => ExitCode.Usage,
        DataException => ExitCode.Data,
        DeviceUnavailableException or DeviceMemoryException or DeviceException or OutOfMemoryException => ExitCode.Device,
        RunFileException or InterchangeException or TensorFileException or IOException or UnauthorizedAccessException => ExitCode.File,
        CheckFailedException => ExitCode.CheckFailed,
        DivergedException => ExitCode.Diverged,
        _ => ExitCode.Failed,
    };

    /// <summary>True where the message alone tells the user what to do; anything else is a defect of the program.</summary>
    public static bool IsExpected(Exception exception) => exception is SaganException || Of(exception) != ExitCode.Failed;

    public static string Meaning(ExitCode code) => code switch
    {
        ExitCode.Success => "success",
        ExitCode.Failed => "the work failed",
        ExitCode.Usage => "the command line or the configuration is wrong",
        ExitCode.Data => "the data set cannot be read",
        ExitCode.Device => "the device is not available, out of memory, or failed",
        ExitCode.File => "a checkpoint, run folder or file is invalid or cannot be written",
        ExitCode.CheckFailed => "a check did not pass (gradcheck, bench, evaluate)",
        ExitCode.Diverged => "training failed (NaN or infinity, a discriminator that has won, a collapsed generator); the last good "
            + "checkpoint is kept",
        ExitCode.HungUp => "stopped by SIGHUP (the terminal was closed) after saving",
        ExitCode.Interrupted => "stopped by Ctrl-C (SIGINT) after saving",
        ExitCode.Announced => "stopped by SIGUSR1, SIGUSR2 or SIGXCPU (a scheduler's notice) after saving",
        ExitCode.Terminated => "stopped by SIGTERM after saving",
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "not an exit code."),
    };
}
