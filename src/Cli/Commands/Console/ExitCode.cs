namespace Sagan.Native.Commands.Console;

/// <summary>What the process tells its caller when it ends: the whole list, printed by <c>sagan help exit-codes</c>.</summary>
enum ExitCode
{
    /// <summary>Everything asked for was done.</summary>
    Success = 0,

    /// <summary>The work failed for a reason that has no code of its own.</summary>
    Failed = 1,

    /// <summary>The command line or the configuration is wrong.</summary>
    Usage = 2,

    /// <summary>The data set cannot be read.</summary>
    Data = 3,

    /// <summary>The device is not available, has too little memory, or failed.</summary>
    Device = 4,

    /// <summary>A checkpoint, a run folder or another file is invalid, or cannot be written.</summary>
    File = 5,

    /// <summary>A check did not pass: gradcheck, a benchmark against its baseline, a threshold.</summary>
    CheckFailed = 6,

    /// <summary>
    /// Training failed: NaN or infinity, a discriminator that has won, a collapsed generator. The last good checkpoint is kept.
    /// </summary>
    Diverged = 7,

    /// <summary>Stopped by SIGHUP, which a terminal that is closed sends, after saving.</summary>
    HungUp = 129,

    /// <summary>Stopped by Ctrl-C (SIGINT), after saving unless it was pressed twice.</summary>
    Interrupted = 130,

    /// <summary>Stopped by SIGUSR1 (on Linux), SIGUSR2 or SIGXCPU, with which schedulers announce the end of a job, after saving.</summary>
    Announced = 138,

    /// <summary>Stopped by SIGTERM, after saving unless it came twice.</summary>
    Terminated = 143,
}
