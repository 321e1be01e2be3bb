using System.IO.Compression;
using System.IO.Hashing;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Data;

/// <summary>
/// The images in a zip archive, read in place: nothing is unpacked to disk, so names in the archive are only names. The declared length of
/// an entry is checked against what deflate can reach before memory is taken, the bytes against that length and the CRC.
/// </summary>
sealed class ZipSource : ImageSource
{
    /// <summary>Largest entry that is read.</summary>
    const long MaxEntryBytes = 1L << 28;

    const long MaxExpansion = 1032;

    readonly string path;
    readonly ImageLimit limit;
    readonly ZipArchive archive;
    readonly ZipArchiveEntry[] entries;
    readonly string[] names;
    readonly string[] classes;
    readonly int[] labels;
    readonly List<string> ignored = [], folders = [];
    readonly Lock gate = new();

    public ZipSource(string path, Stream stream, ImageLimit limit)
    {
        (this.path, this.limit) = (path, limit);
        try
        {
            archive = new ZipArchive(stream, ZipArchiveMode.Read);
            List<(string Name, ZipArchiveEntry Entry)> found = [];
            foreach (ZipArchiveEntry entry in archive.Entries)
            {
                string name = entry.FullName.Replace('\\', '/').TrimStart('/');
                string[] parts = name.Split('/');
                if (name.Length == 0 || parts.Contains("__MACOSX") || parts[^1].StartsWith('.'))
                {
                    continue;
                }
                if (!ClassFolders.IsHidden(name))
                {
                    for (int slash = name.IndexOf('/'); slash >= 0; slash = name.IndexOf('/', slash + 1)) folders.Add(name[..(slash + 1)]);
                }
                if (name.EndsWith('/'))
                {
                    continue;
                }
                if (ImageFormat.Extensions.Contains(Path.GetExtension(name)))
                {
                    found.Add((name, entry));
                }
                else
                {
                    ignored.Add(name);
                }
            }
            found.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
            entries = [.. found.Select(f => f.Entry)];
            names = [.. found.Select(f => f.Name)];
        }
        catch (Exception e) when (IsArchiveError(e))
        {
            stream.Dispose();
            throw new DataException(path, "the zip archive is damaged: " + e.Message, e);
        }
        (classes, labels) = ClassFolders.Of(names);
        ClassDoubt = ClassFolders.PartsNote(names, classes);
    }

    public override string Kind => classes.Length > 0 ? "zip of class folders" : "zip of images";

    public override int Count => entries.Length;

    public override IReadOnlyList<string> Classes => classes;

    public override string? ClassDoubt { get; }

    public override IEnumerable<string> Notes => ClassFolders.IgnoredNote(ignored) is string note ? [note] : [];

    public override IEnumerable<string> EmptyClasses => ClassFolders.Empty(names, folders);

    public override string Name(int index) => names[index];

    public override int Label(int index) => labels[index];

    public override Image Read(int index) => ImageFile.Decode(ReadBytes(index), names[index], limit);

    public override void Dispose()
    {
        archive.Dispose();
        base.Dispose();
    }

    byte[] ReadBytes(int index)
    {
        ZipArchiveEntry entry = entries[index];
        string name = names[index];
        if (entry.IsEncrypted)
        {
            throw new DataException(name, "is encrypted: unpack the archive first");
        }
        if (entry.Length > MaxEntryBytes)
        {
            throw new DataException(name, $"{entry.Length} bytes are more than an image in an archive may have ({MaxEntryBytes})");
        }
        if (entry.Length < 0 || entry.Length > (entry.CompressedLength + 8) * MaxExpansion)
        {
            throw new DataException(name, $"{entry.CompressedLength} bytes in the archive cannot unpack to {entry.Length}");
        }
        byte[] bytes;
        try
        {
            // A ZipArchive reads through one stream; decoding, the longer part, is outside the lock.
            lock (gate)
            {
                using Stream stream = entry.Open();
                bytes = new byte[entry.Length];
                int read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
                if (read < bytes.Length)
                {
                    throw new DataException(name, $"unpacks to {read} bytes, not to the {bytes.Length} that the archive declares");
                }
            }
        }
        catch (Exception e) when (IsArchiveError(e))
        {
            throw new DataException(name, "cannot be unpacked: " + e.Message, e);
        }
        if (Crc32.HashToUInt32(bytes) != entry.Crc32)
        {
            throw new DataException(name, $"its checksum in {path} is wrong: the archive is damaged");
        }
        return bytes;
    }

    /// <summary>What ZipArchive throws on archives that are not sound; the documented InvalidDataException is not the only one.</summary>
    static bool IsArchiveError(Exception e) =>
        e is InvalidDataException or IOException or NotSupportedException or ArgumentException or OverflowException
            or ObjectDisposedException;
}
