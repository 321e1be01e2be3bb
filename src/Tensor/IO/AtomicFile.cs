using System.Runtime.InteropServices;

namespace Sagan.Native.IO;

/// <summary>Files that are either there in full or as they were before, whatever happens in between, a loss of power included.</summary>
static partial class AtomicFile
{
    /// <summary>Names that begin with this are work in progress; after a crash one may be left, and the next write replaces it.</summary>
    public const string TemporaryPrefix = ".tmp-";

    /// <summary>
    /// Writes a temporary file beside <paramref name="path"/>, flushes it to the disk, renames it over <paramref name="path"/>, and makes
    /// that last. When <paramref name="write"/> or the disk fails, the file of before is untouched, the temporary one is removed, and the
    /// exception passes on.
    /// </summary>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string temporary = Path.Combine(folder, TemporaryPrefix + Path.GetFileName(path));
        try
        {
            using (FileStream s = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
            {
                write(s);
                s.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            // The first failure is the one to report.
            try { File.Delete(temporary); }
            catch (IOException) { }
            catch (UnauthorizedAccessException) { }
            throw;
        }
        FlushFolder(folder);
    }

    /// <summary>The same with these bytes.</summary>
    public static void WriteAllBytes(string path, byte[] content) => Write(path, s => s.Write(content));

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

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(int handle);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);
}
