using Sagan.Native.IO;

namespace Sagan.Native.Data;

/// <summary>File access whose failures are <see cref="DataException"/>s.</summary>
static class Files
{
    /// <summary>The bytes of a file of less than 2 GB.</summary>
    public static byte[] ReadAll(string path, string name)
    {
        using FileStream stream = Open(path, name);
        try
        {
            if (stream.Length > Array.MaxLength)
            {
                throw new DataException(name, $"{stream.Length} bytes are more than one file may have ({Array.MaxLength})");
            }
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException(name, "cannot be read: " + e.Message, e);
        }
    }

    /// <summary>The first bytes of a file, at most <paramref name="most"/>.</summary>
    public static byte[] ReadHead(string path, int most)
    {
        using FileStream stream = Open(path, path);
        byte[] head = new byte[most];
        try
        {
            return head[..stream.ReadAtLeast(head, most, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException(path, "cannot be read: " + e.Message, e);
        }
    }

    /// <summary>Opens a file for reading.</summary>
    public static FileStream Open(string path, string name)
    {
        try
        {
            return RegularFile.OpenRead(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new DataException(name, "cannot be opened: " + e.Message, e);
        }
    }
}
