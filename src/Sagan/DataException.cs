namespace Sagan.Native;

/// <summary>
/// The one exception of everything that reads images and data sets. Its message is one line: the file, what is wrong with it, where, and
/// the way out where there is one.
/// </summary>
public sealed class DataException : Exception
{
    /// <summary>A problem in <paramref name="file"/> at byte <paramref name="offset"/>.</summary>
    public DataException(string file, long offset, string problem, Exception? inner = null)
        : base($"{Printable(file)}: {problem} (at byte {offset})", inner)
    {
        FileName = Printable(file);
        Offset = offset;
    }

    /// <summary>A problem with <paramref name="file"/> as a whole.</summary>
    public DataException(string file, string problem, Exception? inner = null)
        : base($"{Printable(file)}: {problem}", inner)
    {
        FileName = Printable(file);
    }

    /// <summary>The file, or the archive and the entry in it, as the caller named it.</summary>
    public string FileName { get; }

    /// <summary>Byte offset of the problem; null where the file as a whole is meant.</summary>
    public long? Offset { get; }

    /// <summary>True for a sound file of a kind that this reader does not read: another decoder may.</summary>
    internal bool Unsupported { get; init; }

    /// <summary>The message without the name of the file, for lists that name it already.</summary>
    internal string Problem => Message[(FileName.Length + 2)..];

    /// <summary>Names in archives are written by strangers: no control character of theirs reaches a terminal.</summary>
    internal static string Printable(string name) => string.Concat(name.Select(c => char.IsControl(c) ? '?' : c));
}
