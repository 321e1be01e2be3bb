using System.Buffers.Binary;
using System.IO.Compression;

namespace Sagan.Native.Data;

/// <summary>
/// An IDX array, plain or gzip (told apart by content): 00 00 type rank, rank big-endian u32 sizes, then exactly the big-endian elements,
/// last axis fastest. Types: 08 u8, 09 i8, 0B i16, 0C i32, 0D f32, 0E f64. Errors give the offset in the unpacked file.
/// </summary>
sealed record IdxFile(int Type, int[] Sizes, byte[] Data)
{
    public const int U8 = 0x08, I32 = 0x0C;

    const long MaxExpansion = 1032;
    const int MaxRank = 8;

    public static bool IsIdx(ReadOnlySpan<byte> file) =>
        file.Length >= 4 && file[0] == 0 && file[1] == 0 && ElementBytes(file[2]) > 0 && file[3] is >= 1 and <= MaxRank;

    public static bool IsGzip(ReadOnlySpan<byte> file) => file.Length >= 2 && file[0] == 0x1F && file[1] == 0x8B;

    public static IdxFile Read(byte[] file, string name)
    {
        bool gzip = IsGzip(file);
        using MemoryStream plain = new(file, writable: false);
        using Stream stream = gzip ? new GZipStream(plain, CompressionMode.Decompress) : plain;
        try
        {
            return Read(stream, name, gzip ? file.Length * MaxExpansion : file.Length);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new DataException(name, "the gzip data are damaged: " + e.Message, e);
        }
    }

    static IdxFile Read(Stream stream, string name, long most)
    {
        byte[] head = new byte[4 + 4 * MaxRank];
        Require(stream, head.AsSpan(0, 4), name, 0);
        if (!IsIdx(head))
        {
            string begin = Convert.ToHexStringLower(head.AsSpan(0, 4));
            throw new DataException(name, 0, $"not an IDX file: it begins with {begin}, not with 00 00, a type "
                + $"(08 09 0b 0c 0d 0e) and a rank (1 to {MaxRank})");
        }
        int type = head[2], rank = head[3];
        Require(stream, head.AsSpan(4, 4 * rank), name, 4);
        int[] sizes = new int[rank];
        long length = ElementBytes(type);
        for (int i = 0; i < rank; i++)
        {
            uint size = BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(4 + 4 * i));
            if (size > int.MaxValue || size > 0 && length > Array.MaxLength / size)
            {
                throw new DataException(name, 4 + 4 * i, $"axis {i} has {size} elements: more than {Array.MaxLength} bytes in all are "
                    + "not read");
            }
            sizes[i] = (int)size;
            length *= size;
        }
        int start = 4 + 4 * rank;
        if (length > most - start)
        {
            throw new DataException(name, start, $"[{string.Join(", ", sizes)}] needs {length} bytes, the file cannot hold them");
        }
        byte[] data = new byte[length];
        Require(stream, data, name, start);
        if (stream.ReadByte() >= 0)
        {
            throw new DataException(name, start + length, $"the file goes on after the {length} bytes of [{string.Join(", ", sizes)}]");
        }
        return new IdxFile(type, sizes, data);
    }

    static void Require(Stream stream, Span<byte> to, string name, long offset)
    {
        int read = stream.ReadAtLeast(to, to.Length, throwOnEndOfStream: false);
        if (read < to.Length)
        {
            throw new DataException(name, offset + read, $"the file ends early: {to.Length - read} bytes are missing");
        }
    }

    static int ElementBytes(int type) => type switch { 0x08 or 0x09 => 1, 0x0B => 2, 0x0C or 0x0D => 4, 0x0E => 8, _ => 0 };
}
