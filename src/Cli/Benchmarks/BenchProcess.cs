using System.Diagnostics;

namespace Sagan.Native.Benchmarks;

/// <summary>What the operating system knows of this process.</summary>
static class BenchProcess
{
    /// <summary>Seconds since the process was started: the runtime's own start is part of it.</summary>
    public static double Age()
    {
        using Process p = Process.GetCurrentProcess();
        return (DateTime.UtcNow - p.StartTime.ToUniversalTime()).TotalSeconds;
    }

    /// <summary>Peak resident memory so far.</summary>
    public static double PeakRssMb()
    {
        using Process p = Process.GetCurrentProcess();
        return p.PeakWorkingSet64 / 1048576.0;
    }

    /// <summary>Resident memory now.</summary>
    public static double RssMb()
    {
        using Process p = Process.GetCurrentProcess();
        return p.WorkingSet64 / 1048576.0;
    }
}
