using System.Text;
using Sagan.Native.IO;

namespace Sagan.Native.Commands;

/// <summary>What the verbs that write pages have in common.</summary>
static class PageOption
{
    /// <summary>Whether a browser takes a file of this name for a page.</summary>
    public static bool IsPage(string path) => Path.GetExtension(path).ToLowerInvariant() is ".html" or ".htm";

    /// <summary>Writes a page, whole or not at all, and makes its folder.</summary>
    /// <exception cref="RunFileException">The file cannot be written.</exception>
    /// <returns>Its size in bytes.</returns>
    public static int Write(string path, string html)
    {
        try
        {
            byte[] bytes = Encoding.UTF8.GetBytes(html);
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder) Directory.CreateDirectory(folder);
            AtomicFile.WriteAllBytes(path, bytes);
            return bytes.Length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunFileException($"{path}: the page cannot be written: {e.Message}", e);
        }
    }
}
