using System.Buffers.Binary;
using System.Numerics;
using Sagan.Native.Interchange.Pickle;
using Sagan.Native.IO;

namespace Sagan.Native.Interchange.Torch;

/// <summary>
/// The container before PyTorch 1.6, still written on request, one thing after the other:
/// <code>pickle    0x1950a86a20f9469cfc6c
/// pickle    1001, the version
/// pickle    a dict with little_endian
/// pickle    the object; the ids of its storages have a sixth part, None or a view (key, begin, count)
/// pickle    the list of storage keys
/// storages  for each key: i64 count, then the elements</code>
/// </summary>
sealed class PickleStreamContainer : PthContainer
{
    static readonly BigInteger magic = BigInteger.Parse("119547037146038801333356");

    readonly Stream stream;
    readonly string file;
    readonly Dictionary<string, long> places = new(StringComparer.Ordinal);

    public PickleStreamContainer(Stream stream, string file)
    {
        (this.stream, this.file) = (stream, file);
        if (Next().Root is not BigInteger number || number != magic)
            throw Error("is a pickle, but not of torch.save; in Python, save a state dict with torch.save");
        if (Next().Root is not 1001L) throw Error("has an unknown version of PyTorch's old format");
        if (Next().Root is not PickleDict system) throw Error("lacks the system's description");
        if (system.Items.Any(i => i is ("little_endian", false))) throw Error("was written by a big-endian machine, which is not read");
        PickleDocument document = Next();
        Root = document.Root;
        if (Next().Root is not PickleList keys) throw Error("lacks the list of its storages");
        Locate(Referenced(document), keys);
    }

    public override string Name => "stream of pickles";

    public override object? Root { get; }

    Dictionary<string, TorchStorage> Referenced(PickleDocument document)
    {
        TorchObjects objects = new(file);
        Dictionary<string, TorchStorage> byKey = new(StringComparer.Ordinal);
        foreach (TorchStorage s in document.Persistents.Select(p => objects.Storage(p.Id)))
            if (!byKey.TryAdd(s.Key, s) && (byKey[s.Key].Dtype != s.Dtype || byKey[s.Key].Whole != s.Whole))
                throw Error($"has two opinions on the storage '{SafetensorsHeader.Show(s.Key)}'");
        return byKey;
    }

    // The file says how many elements a storage has, and only the pickle's references say of how many bytes each is.
    void Locate(Dictionary<string, TorchStorage> referenced, PickleList keys)
    {
        long at = stream.Position;
        Span<byte> prefix = stackalloc byte[8];
        foreach (object? item in keys.Items)
        {
            if (item is not string key || !referenced.TryGetValue(key, out TorchStorage? s))
                throw Error("has a storage that nothing refers to");
            if (at > stream.Length - 8) throw Error("is truncated: a storage is missing");
            stream.Position = at;
            stream.ReadExactly(prefix);
            long count = BinaryPrimitives.ReadInt64LittleEndian(prefix), bytes = s.Whole * s.Dtype.Size();
            if (count != s.Whole) throw Error($"has {count} elements of the storage '{SafetensorsHeader.Show(key)}', where its pickle says "
                + $"{s.Whole}");
            at += 8;
            if (bytes > stream.Length - at)
                throw Error($"is truncated: of the {bytes} bytes of the storage '{SafetensorsHeader.Show(key)}' there are "
                    + $"{stream.Length - at}");
            if (!places.TryAdd(key, at)) throw Error($"has two storages '{SafetensorsHeader.Show(key)}'");
            at += bytes;
        }
    }

    public override void Check(TorchStorage storage)
    {
        if (!places.ContainsKey(storage.Key)) throw Error($"lacks the storage '{SafetensorsHeader.Show(storage.Key)}'");
    }

    public override Stream Open(TorchStorage storage, long at)
    {
        stream.Position = places[storage.Key] + storage.Begin * storage.Dtype.Size() + at;
        return stream;
    }

    public override void Dispose() => stream.Dispose();

    PickleDocument Next() => PickleReader.Read(stream, file, TorchObjects.Allowed);

    InterchangeException Error(string problem) => new($"{file}: {problem}.");
}
