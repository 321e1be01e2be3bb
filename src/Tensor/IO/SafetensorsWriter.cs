using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Sagan.Native.IO;

/// <summary>
/// Writes a safetensors file, byte for byte as the reference writer does: the largest dtype first, then by name; compact JSON, padded
/// with spaces so that the data begins at a multiple of 8. Metadata keys are sorted (the reference leaves their order to chance), so the
/// same content gives the same bytes.
/// </summary>
public sealed class SafetensorsWriter : ITensorWriter
{
    sealed record Item(string Name, byte[] SortKey, TensorDtype Dtype, long[] Sizes, long Bytes, Action<Stream> Write);

    readonly Dictionary<string, Item> items = new(StringComparer.Ordinal);

    /// <summary>The string pairs of <c>__metadata__</c>, written only where there are any.</summary>
    public SortedDictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// Adds a tensor of float (F32), double (F64), Half (F16), int (I32), long (I64), byte (U8) or bool (BOOL). The array is read when
    /// the file is written.
    /// </summary>
    public void Add<T>(string name, Shape shape, T[] values) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Length != shape.Count)
            throw new ArgumentException(
                $"safetensors: tensor '{name}' is {shape}, which takes {shape.Count} values, but {values.Length} are given.",
                    nameof(values));
        Add(name, shape, () => values);
    }

    /// <summary>
    /// Adds a tensor whose values are asked for when the file is written, one tensor at a time: a model is saved without a second copy of
    /// it in memory.
    /// </summary>
    public void Add<T>(string name, Shape shape, Func<T[]> values) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(values);
        TensorDtype dtype = TensorDtypes.Of<T>();
        long bytes = (long)dtype.Size() * shape.Count;
        Add(new Item(name, SortKey(name), dtype, Sizes(shape), bytes, s => WriteValues(s, name, bytes, values())));
    }

    /// <summary>Adds a tensor of any dtype as bytes, in the file's form.</summary>
    public void AddBytes(string name, TensorDtype dtype, Shape shape, byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        long expected = (long)dtype.Size() * shape.Count;
        if (expected != bytes.Length)
            throw new ArgumentException(
                $"safetensors: tensor '{name}' is {dtype.Name()} {shape}, which takes {expected} bytes, but {bytes.Length} are given.",
                    nameof(bytes));
        Add(new Item(name, SortKey(name), dtype, Sizes(shape), expected, s => s.Write(bytes)));
    }

    /// <summary>Adds a tensor of any size as pieces of its bytes, asked for one after another when the file is written: it need not fit
    /// into memory.</summary>
    public void AddPieces(string name, TensorDtype dtype, IReadOnlyList<long> sizes, IEnumerable<ReadOnlyMemory<byte>> pieces)
    {
        ArgumentNullException.ThrowIfNull(sizes);
        ArgumentNullException.ThrowIfNull(pieces);
        long bytes = sizes.Aggregate((long)dtype.Size(), (product, n) => checked(product * n));
        Add(new Item(name, SortKey(name), dtype, [.. sizes], bytes, s =>
        {
            long written = 0;
            foreach (ReadOnlyMemory<byte> piece in pieces)
            {
                s.Write(piece.Span);
                written += piece.Length;
            }
            if (written != bytes)
                throw new InvalidOperationException($"safetensors: tensor '{name}' takes {bytes} bytes by its shape, but {written} were "
                    + "given to write.");
        }));
    }

    /// <summary>Writes the file: see <see cref="AtomicFile.Write"/>.</summary>
    public void Save(string path) => AtomicFile.Write(path, Write);

    /// <summary>Writes the content to a stream, which need not be seekable and stays open.</summary>
    public void Write(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("safetensors: this machine is big-endian, the format is little-endian.");
        List<Item> order = [.. items.Values];
        order.Sort((a, b) => a.Dtype != b.Dtype ? b.Dtype.CompareTo(a.Dtype) : a.SortKey.AsSpan().SequenceCompareTo(b.SortKey));
        byte[] header = Header(order);
        if (header.Length > SafetensorsHeader.MaxLength)
            throw new InvalidOperationException($"safetensors: the header would have {header.Length} bytes, but at most "
                + $"{SafetensorsHeader.MaxLength} may be.");
        Span<byte> prefix = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)header.Length);
        stream.Write(prefix);
        stream.Write(header);
        foreach (Item t in order) t.Write(stream);
    }

    static long[] Sizes(Shape shape) => [.. shape.ToArray().Select(n => (long)n)];

    void Add(Item item)
    {
        if (item.Name == "__metadata__") throw new ArgumentException("safetensors: a tensor cannot be named '__metadata__'.");
        if (item.Name.Contains('\0'))
            throw new ArgumentException($"safetensors: the tensor name '{SafetensorsHeader.Show(item.Name)}' holds U+0000.");
        if (!items.TryAdd(item.Name, item)) throw new ArgumentException($"safetensors: there are two tensors named '{item.Name}'.");
    }

    byte[] Header(List<Item> order)
    {
        StringBuilder json = new("{");
        if (Metadata.Count > 0)
        {
            json.Append("\"__metadata__\":{");
            foreach ((string key, string value) in Metadata)
            {
                Quote(json, key).Append(':');
                Quote(json, value).Append(',');
            }
            json.Length--;
            json.Append("},");
        }
        long begin = 0;
        foreach (Item t in order)
        {
            long end = checked(begin + t.Bytes);
            Quote(json, t.Name).Append(CultureInfo.InvariantCulture,
                $":{{\"dtype\":\"{t.Dtype.Name()}\",\"shape\":[{string.Join(',', t.Sizes)}],\"data_offsets\":[{begin},{end}]}},");
            begin = end;
        }
        if (json.Length > 1) json.Length--;
        json.Append('}');
        byte[] utf8 = strictUtf8.GetBytes(json.ToString());
        byte[] padded = new byte[(utf8.Length + 7) / 8 * 8];
        padded.AsSpan().Fill((byte)' ');
        utf8.CopyTo(padded, 0);
        return padded;
    }

    // A lone surrogate in a name or in metadata has no UTF-8 form: an error, never a replacement character.
    static readonly UTF8Encoding strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    static byte[] SortKey(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        try
        {
            return strictUtf8.GetBytes(name);
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException($"safetensors: the tensor name '{SafetensorsHeader.Show(name)}' holds half of a surrogate pair.",
                e);
        }
    }

    /// <summary>Escapes what JSON says must be escaped and nothing else, as the reference does: System.Text.Json's encoders escape
    /// more.</summary>
    static StringBuilder Quote(StringBuilder json, string text)
    {
        json.Append('"');
        foreach (char c in text)
        {
            switch (c)
            {
                case '"': json.Append("\\\""); break;
                case '\\': json.Append("\\\\"); break;
                case '\b': json.Append("\\b"); break;
                case '\f': json.Append("\\f"); break;
                case '\n': json.Append("\\n"); break;
                case '\r': json.Append("\\r"); break;
                case '\t': json.Append("\\t"); break;
                case < ' ': json.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"); break;
                default: json.Append(c); break;
            }
        }
        return json.Append('"');
    }

    static void WriteValues<T>(Stream s, string name, long bytes, T[] values) where T : unmanaged
    {
        if ((long)values.Length * Unsafe.SizeOf<T>() != bytes)
            throw new InvalidOperationException(
                $"safetensors: tensor '{name}' takes {bytes / Unsafe.SizeOf<T>()} values by its shape, but {values.Length} were given to "
                    + "write.");
        // 2^31 bytes pass a span's length; the chunk keeps below it.
        for (int at = 0; at < values.Length; at += 1 << 24)
            s.Write(MemoryMarshal.AsBytes(values.AsSpan(at, Math.Min(values.Length - at, 1 << 24))));
    }
}
