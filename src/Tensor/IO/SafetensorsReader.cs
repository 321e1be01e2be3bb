using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sagan.Native.IO;

/// <summary>
/// Reads a safetensors file. Opening reads and checks the header alone; a tensor's bytes are read when asked for, so a file may be larger than memory.
/// <code>u64 header length, little-endian | header, JSON | data, little-endian, row-major, no gaps</code>
/// Strict: whatever the reference implementation rejects is rejected, by the same rule and in the same order, and so are duplicate keys and U+0000 in names.
/// Not safe for use from several threads at once.
/// </summary>
public sealed class SafetensorsReader : IDisposable
{
    const int ChunkBytes = 1 << 16;

    readonly Stream stream;
    readonly string file;
    readonly bool leaveOpen;
    readonly long dataStart;
    readonly SafetensorsHeader header;
    readonly Dictionary<string, SafetensorsEntry> byName = new(StringComparer.Ordinal);

    /// <summary>Opens a file. Throws <see cref="SafetensorsException"/> when it is malformed.</summary>
    public SafetensorsReader(string path) : this(File.OpenRead(path), path, leaveOpen: false) { }

    /// <summary>Reads from a seekable stream, from its present position to its end.</summary>
    /// <param name="stream">The bytes.</param>
    /// <param name="name">What error messages call it.</param>
    /// <param name="leaveOpen">Whether <see cref="Dispose"/> leaves the stream open.</param>
    public SafetensorsReader(Stream stream, string name, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(stream);
        this.stream = stream;
        this.leaveOpen = leaveOpen;
        file = name;
        try
        {
            long start = stream.Position, length = stream.Length - start;
            if (length < 8) throw new SafetensorsException(SafetensorsRule.HeaderTooSmall, file, $"{length} bytes, but a safetensors file has at least 8", 0);
            Span<byte> prefix = stackalloc byte[8];
            stream.ReadExactly(prefix);
            ulong n = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
            if (n > SafetensorsHeader.MaxLength)
                throw new SafetensorsException(SafetensorsRule.HeaderTooLarge, file,
                    $"a header of {n} bytes is stated, at most {SafetensorsHeader.MaxLength} are allowed: not a safetensors file?", 0);
            if (8 + (long)n > length)
                throw new SafetensorsException(SafetensorsRule.InvalidHeaderLength, file,
                    $"a header of {n} bytes is stated, but the file has {length - 8} after its length: truncated?", 0);
            byte[] json = new byte[n];
            stream.ReadExactly(json);
            header = SafetensorsHeader.Parse(json, length, file);
            dataStart = start + 8 + (long)n;
            foreach (SafetensorsEntry e in header.Entries) byName.Add(e.Name, e);
        }
        catch
        {
            if (!leaveOpen) stream.Dispose();
            throw;
        }
    }

    /// <summary>The string pairs of <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata => header.Metadata;

    /// <summary>The tensors in the order in which their data lies in the file.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries => header.Entries;

    /// <summary>Whether the file has a tensor of this name.</summary>
    public bool Contains(string name) => byName.ContainsKey(name);

    /// <summary>The tensor of this name. Throws <see cref="SafetensorsException"/> when there is none.</summary>
    public SafetensorsEntry this[string name] => byName.TryGetValue(name, out SafetensorsEntry? e)
        ? e
        : throw new SafetensorsException(SafetensorsRule.TensorNotFound, file,
            $"there is no tensor '{SafetensorsHeader.Show(name)}' among the {header.Entries.Count} of the file", tensor: name);

    /// <summary>The bytes of a tensor as they are in the file.</summary>
    public byte[] ReadBytes(string name)
    {
        SafetensorsEntry e = this[name];
        byte[] bytes = new byte[ArrayLength(e, e.End - e.Begin)];
        Seek(e);
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>A tensor's values as a new array. See <see cref="Read{T}(string, Span{T})"/>.</summary>
    public T[] Read<T>(string name) where T : unmanaged, INumber<T>
    {
        SafetensorsEntry e = this[name];
        T[] values = new T[ArrayLength(e, e.Count)];
        Read(name, values.AsSpan());
        return values;
    }

    /// <summary>
    /// A tensor's values, converted to T. To floating-point types every dtype converts, rounding to nearest. To integer types only the integer dtypes do, and a
    /// value that T cannot hold is an error, not a wrapped number. The destination must have exactly the tensor's number of elements.
    /// </summary>
    public void Read<T>(string name, Span<T> destination) where T : unmanaged, INumber<T>
    {
        SafetensorsEntry e = this[name];
        if (destination.Length != e.Count)
            throw NotConvertible(e, $"has {e.Count} elements, the destination {destination.Length}");
        bool toFloat = typeof(T) == typeof(float) || typeof(T) == typeof(double) || typeof(T) == typeof(Half);
        if (!toFloat && !e.Dtype.IsInteger())
            throw NotConvertible(e, $"is {e.Dtype.Name()}, which does not convert to {typeof(T).Name}");
        switch (e.Dtype)
        {
            case SafetensorsDtype.F64: Convert<double, T>(e, destination, T.CreateChecked); break;
            case SafetensorsDtype.F32: Convert<float, T>(e, destination, T.CreateChecked); break;
            case SafetensorsDtype.F16: Convert<Half, T>(e, destination, T.CreateChecked); break;
            case SafetensorsDtype.BF16: Convert<ushort, T>(e, destination, static b => T.CreateChecked(BitConverter.UInt32BitsToSingle((uint)b << 16))); break;
            case SafetensorsDtype.I64: Convert<long, T>(e, destination, T.CreateChecked); break;
            case SafetensorsDtype.I32: Convert<int, T>(e, destination, T.CreateChecked); break;
            case SafetensorsDtype.U8: Convert<byte, T>(e, destination, T.CreateChecked); break;
            case SafetensorsDtype.Bool: Convert<byte, T>(e, destination, static b => b == 0 ? T.Zero : T.One); break;
        }
    }

    /// <summary>Closes the stream, unless told to leave it open.</summary>
    public void Dispose()
    {
        if (!leaveOpen) stream.Dispose();
    }

    void Convert<TFile, T>(SafetensorsEntry e, Span<T> destination, Func<TFile, T> convert) where TFile : unmanaged where T : unmanaged, INumber<T>
    {
        Seek(e);
        if (typeof(TFile) == typeof(T) && e.Dtype != SafetensorsDtype.Bool)
        {
            // 2^31 bytes pass a span's length; the chunk keeps below it.
            for (int at = 0; at < destination.Length;)
            {
                int n = Math.Min(destination.Length - at, 1 << 24);
                stream.ReadExactly(MemoryMarshal.AsBytes(destination.Slice(at, n)));
                at += n;
            }
            return;
        }
        Span<byte> chunk = new byte[Math.Min(ChunkBytes, e.End - e.Begin)];
        for (int at = 0; at < destination.Length;)
        {
            int n = Math.Min(destination.Length - at, chunk.Length / Unsafe.SizeOf<TFile>());
            Span<byte> bytes = chunk[..(n * Unsafe.SizeOf<TFile>())];
            stream.ReadExactly(bytes);
            ReadOnlySpan<TFile> values = MemoryMarshal.Cast<byte, TFile>(bytes);
            for (int i = 0; i < n; i++)
            {
                try
                {
                    destination[at + i] = convert(values[i]);
                }
                catch (OverflowException ex)
                {
                    throw NotConvertible(e, $"has {values[i]} as element {at + i}, which {typeof(T).Name} cannot hold", ex);
                }
            }
            at += n;
        }
    }

    void Seek(SafetensorsEntry e) => stream.Position = dataStart + e.Begin;

    int ArrayLength(SafetensorsEntry e, long length) => length <= Array.MaxLength
        ? (int)length
        : throw NotConvertible(e, $"has {length} elements, which do not fit one array of at most {Array.MaxLength}");

    SafetensorsException NotConvertible(SafetensorsEntry e, string problem, Exception? inner = null) =>
        new(SafetensorsRule.NotConvertible, file, $"tensor '{SafetensorsHeader.Show(e.Name)}' {problem}", dataStart + e.Begin, e.Name, inner);
}
