using System.Text;

namespace Sagan.Native.Interchange.Numpy;

/// <summary>Lists of texts as numpy has them, <c>&lt;U12</c>: of each text 12 characters of four bytes, filled up with 0.</summary>
static class NpyText
{
    /// <summary>Longest list that is read, in bytes.</summary>
    const int MostBytes = 1 << 24;

    /// <summary>The whole array.</summary>
    public static byte[] Write(IReadOnlyList<string> texts)
    {
        byte[][] parts = [.. texts.Select(Encoding.UTF32.GetBytes)];
        int width = Math.Max(4, parts.Length == 0 ? 0 : parts.Max(p => p.Length));
        byte[] header = NpyHeader.Write($"<U{width / 4}", [texts.Count]), bytes = new byte[header.Length + parts.Length * width];
        header.CopyTo(bytes, 0);
        for (int i = 0; i < parts.Length; i++) parts[i].CopyTo(bytes, header.Length + i * width);
        return bytes;
    }

    /// <summary>
    /// The texts of an array whose header was read; null for more than one axis, big-endian ones, and lists that are too long.
    /// </summary>
    /// <param name="header">The header.</param>
    /// <param name="data">Stands behind it.</param>
    public static string[]? Read(NpyHeader header, Stream data)
    {
        if (header.Shape is not [var count] || header.Fortran || header.IsBigEndian || count > MostBytes / header.ElementSize) return null;
        byte[] bytes = new byte[count * header.ElementSize];
        data.ReadExactly(bytes);
        return [.. Enumerable.Range(0, (int)count)
            .Select(i => Encoding.UTF32.GetString(bytes, i * header.ElementSize, header.ElementSize).TrimEnd('\0'))];
    }
}
