namespace Sagan.Native.IO;

/// <summary>Files that are either there in full or as they were before, whatever happens in between.</summary>
public static class AtomicFile
{
    /// <summary>
    /// Writes <c>path.tmp</c>, flushes it to the disk, and renames it over <paramref name="path"/>. When <paramref name="write"/> or the
    /// disk fails, the file
    /// of before is untouched, the temporary file is removed, and the exception passes on. After a crash a <c>.tmp</c> may be left; the
    /// next write replaces it.
    /// </summary>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        string tmp = path + ".tmp";
        try
        {
            using (FileStream s = new(tmp, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
            {
                write(s);
                s.Flush(flushToDisk: true);
            }
            File.Move(tmp, path, overwrite: true);
        }
        catch
        {
            // The first failure is the one to report.
            try { File.Delete(tmp); }
            catch (IOException) { }
            catch (UnauthorizedAccessException) { }
            throw;
        }
    }
}
