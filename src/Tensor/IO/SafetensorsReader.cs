using System.Buffers.Binary;

namespace Sagan.Native.IO;

/// <summary>
/// Reads a safetensors file. Opening reads and checks the header alone; a tensor's bytes are read when asked for, so a file may be larger
/// than memory.
/// <code>u64 header length, little-endian | header, JSON | data, little-endian, row-major, no gaps</code>
/// Strict: whatever the reference implementation rejects is rejected, by the same rule and in the same order, and so are duplicate keys
/// and U+0000 in names.
/// Not safe for use from several threads at once.
/// </summary>
public sealed class SafetensorsReader : TensorFile
{
    readonly Stream stream;
    readonly string file;
    readonly bool leaveOpen;
    readonly long dataStart;
    readonly SafetensorsHeader header;

    /// <summary>Opens a file. Throws <see cref="SafetensorsException"/> when it is malformed.</summary>
    public SafetensorsReader(string path) : this(RegularFile.OpenRead(path), path, leaveOpen: false) { }

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
            if (length < 8)
                throw new SafetensorsException(SafetensorsRule.HeaderTooSmall, file,
                    $"{length} bytes, but a safetensors file has at least 8", 0);
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
    public override IReadOnlyList<SafetensorsEntry> Entries => header.Entries;

    /// <summary>The bytes of a tensor as they are in the file.</summary>
    public byte[] ReadBytes(string name)
    {
        TensorEntry e = this[name];
        byte[] bytes = new byte[ArrayLength(e, e.Count * e.Dtype.Size())];
        Data(e).ReadExactly(bytes);
        return bytes;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !leaveOpen) stream.Dispose();
    }

    /// <inheritdoc/>
    protected internal override Stream Data(TensorEntry entry)
    {
        stream.Position = dataStart + ((SafetensorsEntry)entry).Begin;
        return stream;
    }

    /// <inheritdoc/>
    protected internal override Exception Missing(string name) => new SafetensorsException(SafetensorsRule.TensorNotFound, file,
        $"there is no tensor '{SafetensorsHeader.Show(name)}' among the {header.Entries.Count} of the file", tensor: name);

    /// <inheritdoc/>
    protected internal override Exception NotConvertible(TensorEntry entry, string problem, Exception? inner = null) =>
        new SafetensorsException(SafetensorsRule.NotConvertible, file, $"tensor '{SafetensorsHeader.Show(entry.Name)}' {problem}",
            dataStart + ((SafetensorsEntry)entry).Begin, entry.Name, inner);
}
