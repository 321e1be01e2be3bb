using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sagan.Native.IO;

/// <summary>
/// Opens files to read, and nothing else that a path may lead to: a pipe would wait for somebody to write into it, a socket cannot be read,
/// and a device may never end.
/// </summary>
static partial class RegularFile
{
    const string NotAFile = "it is a pipe, a socket or a device, not a file";

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file; links are followed.</param>
    /// <param name="bufferSize">See <see cref="FileStream"/>.</param>
    /// <exception cref="IOException">There is no such file, it is not a file, or it cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static FileStream OpenRead(string path, int bufferSize = 4096)
    {
        if (!OperatingSystem.IsWindows() && HasNoLength(path)) RequireEmptyFile(path);
        return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize);
    }

    static bool HasNoLength(string path)
    {
        FileInfo file = new(path);
        if (file.LinkTarget != null) file = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
        return file.Exists && file.Length == 0;
    }

    // Only what has no length may be something else. Opened without waiting, an empty file can be sought in and gives no byte; no other
    // kind does both.
    static void RequireEmptyFile(string path)
    {
        const int readOnly = 0, permissionDenied = 13;
        int withoutWaiting = OperatingSystem.IsMacOS() || OperatingSystem.IsFreeBSD() ? 0x4 : 0x800;
        int opened = Open(path, readOnly | withoutWaiting);
        // Who may not read it hears so from the runtime, which does not come to waiting.
        if (opened < 0 && Marshal.GetLastPInvokeError() == permissionDenied) return;
        using SafeFileHandle handle = opened < 0 ? throw new IOException(NotAFile) : new SafeFileHandle(opened, ownsHandle: true);
        try
        {
            Span<byte> one = stackalloc byte[1];
            if (RandomAccess.GetLength(handle) == 0 && RandomAccess.Read(handle, one, 0) == 0) return;
        }
        catch (Exception e) when (e is NotSupportedException or IOException or UnauthorizedAccessException)
        {
            throw new IOException(NotAFile, e);
        }
        throw new IOException(NotAFile);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}
