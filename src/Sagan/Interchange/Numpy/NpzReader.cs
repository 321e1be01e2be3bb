using System.Buffers.Binary;
using System.IO.Compression;
using Sagan.Native.IO;

namespace Sagan.Native.Interchange.Numpy;

/// <summary>
/// Reads numpy's files: an .npz, a zip of arrays, stored or deflated, or an .npy, one array, which then goes by the file's name. Pickled
/// arrays are refused.
/// </summary>
sealed class NpzReader : TensorFile
{
    /// <summary>
    /// What all arrays of a compressed file may have together, unpacked, where the file itself is smaller: a zip can state any size.
    /// </summary>
    const long MostUnpacked = 1L << 30;

    sealed record Entry(string Name, TensorDtype Dtype, IReadOnlyList<long> Shape, NpyHeader Header, ZipArchiveEntry? Packed)
        : TensorEntry(Name, Dtype, Shape);

    readonly string file;
    readonly Stream stream;
    readonly ZipArchive? zip;
    readonly List<Entry> entries = [];
    readonly Dictionary<string, string[]> texts = new(StringComparer.Ordinal);
    Stream? open;

    /// <summary>Opens a file. Throws <see cref="InterchangeException"/> when it is malformed.</summary>
    public NpzReader(string path) : this(InterchangeFile.Open(path), path) { }

    /// <summary>Reads from a seekable stream, which the reader then owns.</summary>
    public NpzReader(Stream stream, string name)
    {
        (file, this.stream) = (name, stream);
        try
        {
            int first = stream.ReadByte();
            stream.Position = 0;
            if (first != 'P') Add(Path.GetFileNameWithoutExtension(name), stream, stream.Length, null);
            else
            {
                zip = new ZipArchive(stream, ZipArchiveMode.Read);
                AddAll(zip);
            }
        }
        catch (Exception e)
        {
            stream.Dispose();
            if (InterchangeFile.IsDamage(e)) throw InterchangeFile.Unreadable(name, e);
            throw;
        }
    }

    public override IReadOnlyList<TensorEntry> Entries => entries;

    /// <summary>The lists of texts beside the tensors.</summary>
    public IReadOnlyDictionary<string, string[]> Texts => texts;

    void AddAll(ZipArchive zip)
    {
        long total = 0;
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (ZipArchiveEntry e in zip.Entries)
        {
            string shown = SafetensorsHeader.Show(e.FullName);
            if (!e.FullName.EndsWith(".npy", StringComparison.Ordinal))
                throw new InterchangeException($"{file}: holds '{shown}', which is no .npy: not a file of numpy.savez.");
            if (!names.Add(e.FullName)) throw new InterchangeException($"{file}: holds '{shown}' twice.");
            total += e.Length;
            if (e.Length < 0 || total > Math.Max(MostUnpacked, stream.Length))
                throw new InterchangeException($"{file}: would unpack to more than {MostUnpacked >> 30} GiB; save it uncompressed, with "
                    + "numpy.savez.");
            using Stream s = e.Open();
            Add(e.FullName[..^4], s, e.Length, e);
        }
    }

    void Add(string name, Stream s, long length, ZipArchiveEntry? packed)
    {
        string shown = packed == null ? file : $"{file}: '{SafetensorsHeader.Show(name)}'";
        NpyHeader h = NpyHeader.Read(s, shown);
        Int128 needed = h.Length + (Int128)h.Count * h.ElementSize;
        if (needed != length)
            throw new InterchangeException($"{shown}: has {length} bytes, where its header and array of [{string.Join(", ", h.Shape)}] "
                + $"take {needed}.");
        if (h.IsText)
        {
            // Not a tensor. A lone .npy of texts has nothing to give.
            if (packed == null) throw new InterchangeException($"{shown}: is an array of texts; arrays of numbers are read.");
            if (NpyText.Read(h, s) is { } read) texts[name] = read;
            return;
        }
        entries.Add(new Entry(name, h.Dtype, h.Shape, h, packed));
    }

    protected internal override Stream Data(TensorEntry entry)
    {
        Entry e = (Entry)entry;
        NpyHeader h = e.Header;
        int bytes = ArrayLength(e, h.Count * Math.Max(h.ElementSize, e.Dtype.Size()));
        Stream s;
        if (e.Packed == null)
        {
            s = stream;
            s.Position = 0;
        }
        else
        {
            open?.Dispose();
            s = open = e.Packed.Open();
        }
        NpyHeader.Read(s, file);
        if (!h.Fortran && !h.IsBigEndian && !h.IsSignedByte) return s;

        byte[] data = new byte[h.Count * h.ElementSize];
        s.ReadExactly(data);
        if (h.Fortran) data = StridedBytes.Gather(data, h.Shape, FirstFastest(h.Shape), h.ElementSize);
        if (h.IsBigEndian)
            for (int i = 0; i < data.Length; i += h.ElementSize) data.AsSpan(i, h.ElementSize).Reverse();
        if (h.IsSignedByte) data = Widened(data, bytes);
        return new MemoryStream(data, writable: false);
    }

    static byte[] Widened(byte[] signedBytes, int bytes)
    {
        byte[] wide = new byte[bytes];
        for (int i = 0; i < signedBytes.Length; i++) BinaryPrimitives.WriteInt32LittleEndian(wide.AsSpan(4 * i), (sbyte)signedBytes[i]);
        return wide;
    }

    static long[] FirstFastest(long[] shape)
    {
        long[] stride = new long[shape.Length];
        long step = 1;
        for (int i = 0; i < shape.Length; i++)
        {
            stride[i] = step;
            step *= shape[i];
        }
        return stride;
    }

    protected internal override Exception Missing(string name) =>
        new InterchangeException($"{file}: there is no array '{SafetensorsHeader.Show(name)}' among the {entries.Count} of the file.");

    protected internal override Exception NotConvertible(TensorEntry entry, string problem, Exception? inner = null) =>
        new InterchangeException($"{file}: array '{SafetensorsHeader.Show(entry.Name)}' {problem}.", inner);

    protected override void Dispose(bool disposing)
    {
        if (!disposing) return;
        open?.Dispose();
        zip?.Dispose();
        stream.Dispose();
    }
}
