using System.Runtime.InteropServices;

namespace Sagan.Native.Commands.Console;

/// <summary>The console of Windows, which takes escapes once it is told to; other screens always do.</summary>
static partial class WindowsScreen
{
    const int StandardError = -12;
    const uint VirtualTerminal = 4;

    /// <summary>Whether stderr takes escapes.</summary>
    public static bool TakesEscapes()
    {
        if (!OperatingSystem.IsWindows()) return true;
        nint screen = GetStdHandle(StandardError);
        return GetConsoleMode(screen, out uint mode) != 0
            && ((mode & VirtualTerminal) != 0 || SetConsoleMode(screen, mode | VirtualTerminal) != 0);
    }

    [LibraryImport("kernel32")]
    private static partial nint GetStdHandle(int which);

    [LibraryImport("kernel32")]
    private static partial int GetConsoleMode(nint screen, out uint mode);

    [LibraryImport("kernel32")]
    private static partial int SetConsoleMode(nint screen, uint mode);
}
