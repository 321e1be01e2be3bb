using Sagan.Native.IO;

namespace Sagan.Native.Interchange;

/// <summary>What opening and reading files of others has in common.</summary>
static class InterchangeFile
{
    public static FileStream Open(string path)
    {
        try
        {
            return RegularFile.OpenRead(path, 1 << 16);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InterchangeException($"{path}: cannot be opened: {e.Message}", e);
        }
    }

    /// <summary>Whether this is what .NET's zip and streams throw for damaged files.</summary>
    public static bool IsDamage(Exception e) =>
        e is InvalidDataException or IOException or OverflowException or NotSupportedException or ArgumentException;

    public static InterchangeException Unreadable(string file, Exception e) => new($"{file}: is damaged or truncated: {e.Message}", e);
}
