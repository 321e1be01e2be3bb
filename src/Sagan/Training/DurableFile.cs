using System.Runtime.InteropServices;

namespace Sagan.Native.Training;

/// <summary>Files that are whole or not there, also after a crash or a loss of power.</summary>
static partial class DurableFile
{
    /// <summary>Names that begin with this are work in progress; they are removed when a run is opened.</summary>
    public const string TemporaryPrefix = ".tmp-";

    /// <summary>Replaces a file by new content in one step: a reader sees the old one or the new one.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string temporary = Path.Combine(folder, TemporaryPrefix + Path.GetFileName(path));
        using (FileStream s = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            s.Write(content);
            s.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
        FlushFolder(folder);
    }

    /// <summary>Makes creations, renames and removals in a folder last. Windows does that by itself.</summary>
    public static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        int handle = Open(folder, 0);
        if (handle < 0) throw new IOException($"{folder}: cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}");
        try
        {
            const int notSupported = 22;
            if (FSync(handle) != 0 && Marshal.GetLastPInvokeError() != notSupported)
                throw new IOException($"{folder}: cannot be flushed to disk: {Marshal.GetLastPInvokeErrorMessage()}");
        }
        finally
        {
            _ = Close(handle);
        }
    }

    /// <summary>Whether this error says that the disk, or the user's share of it, is full.</summary>
    public static bool IsDiskFull(IOException e)
    {
        const int noSpace = 28, windowsDiskFull = unchecked((int)0x80070070), windowsHandleDiskFull = unchecked((int)0x80070027);
        int quotaExceeded = OperatingSystem.IsMacOS() ? 69 : 122;
        return e.HResult == noSpace || e.HResult == quotaExceeded || e.HResult is windowsDiskFull or windowsHandleDiskFull;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(int handle);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);
}
