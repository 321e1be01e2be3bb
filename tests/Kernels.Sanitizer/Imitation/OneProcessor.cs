using System.Runtime.InteropServices;

namespace Sagan.Native.Tests.Sanitizer;

/// <summary>
/// Keeps threads that take turns on one processor, where the system can be asked for that: handing a turn to another processor, which has
/// to wake up, makes barriers five times slower.
/// </summary>
static class OneProcessor
{
    static readonly Lock Gate = new();
    static int? chosen;

    /// <summary>The calling thread runs on the same processor as all others that said so.</summary>
    public static void Stay()
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            int processor;
            lock (Gate) processor = chosen ??= Math.Max(0, CurrentProcessor());
            ulong[] mask = new ulong[16];
            if (processor < 64 * mask.Length) mask[processor / 64] = 1ul << (processor % 64);
            // Where it is refused, turns are slower and all else is the same.
            _ = SetAffinity(0, sizeof(ulong) * mask.Length, mask);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
        }
    }

    [DllImport("libc", EntryPoint = "sched_getcpu"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int CurrentProcessor();

    [DllImport("libc", EntryPoint = "sched_setaffinity"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int SetAffinity(int thread, nint bytes, ulong[] mask);
}
