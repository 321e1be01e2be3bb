using System.Buffers.Binary;
using System.IO.Compression;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Tests.Images;

/// <summary>The files of tests/golden/images.zip, made by make_images.py beside it.</summary>
static class ImageGolden
{
    static readonly Dictionary<string, byte[]> Entries = Read();

    /// <summary>Names of the entries of a folder, without folder and extension.</summary>
    public static IEnumerable<object[]> Names(string folder, string extension) =>
        Entries.Keys.Where(k => k.StartsWith(folder + "/", StringComparison.Ordinal) && k.EndsWith(extension, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).Select(k => new object[] { k[(folder.Length + 1)..^extension.Length] });

    public static byte[] File(string name) => [.. Entries[name]];

    public static Image Pixels(string name)
    {
        byte[] bytes = Entries[name];
        int At(int i) => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4 * i));
        return new Image(At(0), At(1), At(2), bytes[12..]);
    }

    static Dictionary<string, byte[]> Read()
    {
        using ZipArchive zip = new(typeof(ImageGolden).Assembly.GetManifestResourceStream("images.zip")!);
        Dictionary<string, byte[]> entries = [];
        foreach (ZipArchiveEntry entry in zip.Entries)
        {
            using MemoryStream bytes = new();
            using Stream stream = entry.Open();
            stream.CopyTo(bytes);
            entries[entry.FullName] = bytes.ToArray();
        }
        return entries;
    }
}
