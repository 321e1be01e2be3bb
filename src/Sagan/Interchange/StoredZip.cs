using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace Sagan.Native.Interchange;

/// <summary>
/// Writes a zip of stored entries whose data begins at multiples of 64 bytes, so that a reader can map it into memory; the same content
/// gives the same bytes (every time stamp is 1980-01-01). The padding is an extra field "FB", as PyTorch writes it. System.IO.Compression
/// can do neither. Below 4 GiB.
/// </summary>
sealed class StoredZip(Stream stream)
{
    const int Alignment = 64, LocalHeader = 30, CentralHeader = 46, EndRecord = 22;
    const ushort Version = 10, Utf8Names = 0x0800, Date = 0x21;

    readonly ArrayBufferWriter<byte> directory = new();
    readonly HashSet<string> names = new(StringComparer.Ordinal);
    long position;

    /// <summary>Adds an entry.</summary>
    public void Add(string name, ReadOnlySpan<byte> data)
    {
        if (!names.Add(name)) throw new InterchangeException($"'{name}' would be in the zip file twice.");
        byte[] utf8 = Encoding.UTF8.GetBytes(name);
        long unpadded = position + LocalHeader + utf8.Length + 4;
        int padding = (int)((Alignment - unpadded % Alignment) % Alignment);
        long length = unpadded + padding + data.Length + directory.WrittenCount + CentralHeader + utf8.Length + EndRecord;
        if (utf8.Length > ushort.MaxValue || names.Count >= ushort.MaxValue || length > uint.MaxValue)
            throw new InterchangeException("the file would have more than 4 GiB or 65534 entries, which this kind of zip file cannot; "
                + "export as safetensors.");
        uint crc = Crc32.HashToUInt32(data);

        byte[] local = new byte[LocalHeader];
        BinaryPrimitives.WriteUInt32LittleEndian(local, 0x04034b50);
        Common(local.AsSpan(4), utf8.Length, 4 + padding, crc, data.Length);
        byte[] extra = new byte[4 + padding];
        extra.AsSpan(4).Fill((byte)'Z');
        (extra[0], extra[1]) = ((byte)'F', (byte)'B');
        BinaryPrimitives.WriteUInt16LittleEndian(extra.AsSpan(2), (ushort)padding);

        byte[] central = new byte[CentralHeader];
        BinaryPrimitives.WriteUInt32LittleEndian(central, 0x02014b50);
        BinaryPrimitives.WriteUInt16LittleEndian(central.AsSpan(4), Version);
        Common(central.AsSpan(6), utf8.Length, 0, crc, data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(central.AsSpan(42), (uint)position);
        directory.Write(central);
        directory.Write(utf8);

        Write(local);
        Write(utf8);
        Write(extra);
        Write(data);
    }

    /// <summary>Writes the directory; nothing can be added after it.</summary>
    public void Finish()
    {
        byte[] end = new byte[EndRecord];
        BinaryPrimitives.WriteUInt32LittleEndian(end, 0x06054b50);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(8), (ushort)names.Count);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(10), (ushort)names.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(12), (uint)directory.WrittenCount);
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(16), (uint)position);
        Write(directory.WrittenSpan);
        Write(end);
    }

    // Version needed, flags, method 0 (stored), time 0, date, CRC, both sizes, lengths of name and extra field.
    static void Common(Span<byte> to, int name, int extra, uint crc, int length)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(to, Version);
        BinaryPrimitives.WriteUInt16LittleEndian(to[2..], Utf8Names);
        BinaryPrimitives.WriteUInt16LittleEndian(to[8..], Date);
        BinaryPrimitives.WriteUInt32LittleEndian(to[10..], crc);
        BinaryPrimitives.WriteUInt32LittleEndian(to[14..], (uint)length);
        BinaryPrimitives.WriteUInt32LittleEndian(to[18..], (uint)length);
        BinaryPrimitives.WriteUInt16LittleEndian(to[22..], (ushort)name);
        BinaryPrimitives.WriteUInt16LittleEndian(to[24..], (ushort)extra);
    }

    void Write(ReadOnlySpan<byte> bytes)
    {
        stream.Write(bytes);
        position += bytes.Length;
    }
}
