using System.IO.Compression;
using Sagan.Native.Interchange.Pickle;
using Sagan.Native.IO;

namespace Sagan.Native.Interchange.Torch;

/// <summary>
/// The container since PyTorch 1.6, a zip of stored entries:
/// <code>NAME/data.pkl      the pickle
/// NAME/data/KEY      a storage, little-endian
/// NAME/byteorder     "little", in files of newer versions
/// NAME/version       "3"</code>
/// Compressed entries are refused: torch.save makes none, and so no entry is larger than the file.
/// </summary>
sealed class ZipContainer : PthContainer
{
    const int MostPickleBytes = 1 << 24;

    readonly ZipArchive zip;
    readonly string file, prefix;
    readonly Dictionary<string, ZipArchiveEntry> entries = new(StringComparer.Ordinal);
    readonly long length;
    Stream? open;

    public ZipContainer(Stream stream, string file)
    {
        this.file = file;
        length = stream.Length;
        zip = new ZipArchive(stream, ZipArchiveMode.Read);
        foreach (ZipArchiveEntry e in zip.Entries)
            if (!entries.TryAdd(e.FullName, e)) throw Error($"has two entries '{SafetensorsHeader.Show(e.FullName)}'");
        string[] pickles = [.. entries.Keys
            .Where(n => n.EndsWith("/data.pkl", StringComparison.Ordinal) && n.IndexOf('/') == n.Length - 9)];
        if (pickles.Length != 1) throw Error(pickles.Length == 0 ? "is a zip, but not of torch.save: it has no data.pkl"
            : "has several data.pkl");
        prefix = pickles[0][..^8];
        if (entries.ContainsKey(prefix + "constants.pkl"))
            throw Error("is a TorchScript program; in Python, save its tensors: torch.save(torch.jit.load(path).state_dict(), path2)");
        if (entries.TryGetValue(prefix + "byteorder", out ZipArchiveEntry? order) && !Bytes(order, 16).AsSpan().SequenceEqual("little"u8))
            throw Error("was written by a big-endian machine, which is not read");
        using MemoryStream pickle = new(Bytes(entries[pickles[0]], MostPickleBytes), writable: false);
        Root = PickleReader.Read(pickle, file, TorchObjects.Allowed).Root;
    }

    public override string Name => "zip";

    public override object? Root { get; }

    public override void Check(TorchStorage storage)
    {
        string key = SafetensorsHeader.Show(storage.Key);
        if (!entries.TryGetValue($"{prefix}data/{storage.Key}", out ZipArchiveEntry? e)) throw Error($"lacks the storage '{key}'");
        long bytes = storage.Whole * storage.Dtype.Size();
        if (StoredLength(e) != bytes) throw Error($"has {e.Length} bytes of the storage '{key}', where its type and size take {bytes}");
    }

    public override Stream Open(TorchStorage storage, long at)
    {
        open?.Dispose();
        open = entries[$"{prefix}data/{storage.Key}"].Open();
        at += storage.Begin * storage.Dtype.Size();
        if (open.CanSeek) open.Position = at;
        else
            for (byte[] skipped = new byte[Math.Min(at, 1 << 16)]; at > 0; at -= Math.Min(at, skipped.Length))
                open.ReadExactly(skipped, 0, (int)Math.Min(at, skipped.Length));
        return open;
    }

    public override void Dispose()
    {
        open?.Dispose();
        zip.Dispose();
    }

    byte[] Bytes(ZipArchiveEntry e, int most)
    {
        if (StoredLength(e) > most) throw Error($"has {e.Length} bytes in '{SafetensorsHeader.Show(e.FullName)}', at most {most} are read");
        byte[] bytes = new byte[e.Length];
        using Stream s = e.Open();
        s.ReadExactly(bytes);
        return bytes;
    }

    long StoredLength(ZipArchiveEntry e) => e.Length == e.CompressedLength && e.Length <= length
        ? e.Length
        : throw Error($"has a compressed entry '{SafetensorsHeader.Show(e.FullName)}'; torch.save stores its entries as they are");

    InterchangeException Error(string problem) => new($"{file}: {problem}.");
}
