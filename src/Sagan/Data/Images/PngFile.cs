using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace Sagan.Native.Data.Images;

/// <summary>
/// Makes sure that a PNG is whole before it is decoded: the order and the checksums of its chunks, its end, and that the zlib data are
/// sound and give exactly the bytes that the picture has: a decoder that trusts the file leaves the missing rows empty. An interlaced PNG
/// is taken apart into the plain ones that its passes are: the package waits forever for rows that are missing in one, and for those of one
/// narrower than 5 pixels.
/// </summary>
sealed class PngFile
{
    /// <summary>Deflate expands by at most 258 bytes per 2 bits: what says more than that is refused before it is unpacked.</summary>
    const long MaxExpansion = 1032;

    /// <summary>The seven passes of an interlaced PNG: first column, first row, column step, row step.</summary>
    static readonly (int X, int Y, int StepX, int StepY)[] adam7 =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    readonly byte[] file;
    readonly string name;
    readonly ImageLimit limit;
    readonly ArrayBufferWriter<byte> settings = new();
    readonly List<(int Start, int Length)> data = [];
    int width, height, depth, colourType, colours;
    bool interlaced, hasTransparency;

    PngFile(byte[] file, string name, ImageLimit limit) => (this.file, this.name, this.limit) = (file, name, limit);

    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>
    /// What a decoder needs of a file that is whole: header, palette, transparency, orientation, data, end. Texts and profiles are left
    /// out: they may unpack to anything. A palette is filled up with black, so that no pixel is beyond it.
    /// </summary>
    /// <exception cref="DataException">The file is damaged, or too large.</exception>
    public static PngPicture Sound(byte[] file, string name, ImageLimit limit)
    {
        PngFile png = new(file, name, limit);
        png.ReadChunks();
        return new PngPicture(png.width, png.height, png.colourType, png.depth, png.hasTransparency, png.Parts());
    }

    void ReadChunks()
    {
        if (!file.AsSpan().StartsWith(Signature))
        {
            throw new DataException(name, 0, "not a PNG: its signature is damaged");
        }
        bool dataEnded = false, ended = false;
        long at = Signature.Length;
        for (bool first = true; !ended; first = false)
        {
            if (at + 12 > file.Length)
            {
                throw new DataException(name, at, "the PNG ends early: no IEND chunk");
            }
            uint length = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan((int)at));
            if (length > file.Length - at - 12)
            {
                throw new DataException(name, at, $"the PNG ends early: a chunk of {length} bytes does not fit in the file");
            }
            ReadOnlySpan<byte> typeAndData = file.AsSpan((int)at + 4, (int)length + 4), body = typeAndData[4..];
            string type = Encoding.Latin1.GetString(typeAndData[..4]);
            if (BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan((int)(at + 8 + length))) != Crc32.HashToUInt32(typeAndData))
            {
                throw new DataException(name, at, $"the checksum of PNG chunk {Printable(type)} is wrong: the file is damaged");
            }
            if (first != (type == "IHDR"))
            {
                throw new DataException(name, at,
                    first ? "the first chunk of a PNG is IHDR, here it is " + Printable(type) : "a second IHDR chunk");
            }
            dataEnded |= data.Count > 0 && type != "IDAT";
            switch (type)
            {
                case "IHDR":
                    ReadHeader(body, at);
                    break;
                case "PLTE":
                    ReadPalette(body, at);
                    break;
                case "tRNS":
                    ReadTransparency(body, at);
                    break;
                case "IDAT":
                    if (dataEnded) throw new DataException(name, at, "the IDAT chunks of this PNG are not next to each other");
                    if (colourType == 3 && colours == 0) throw new DataException(name, at, "a PNG with colour type 3 has no PLTE chunk");
                    data.Add(((int)at + 8, (int)length));
                    break;
                case "IEND":
                    ended = true;
                    break;
                case "eXIf":
                    break;
                default:
                    bool critical = (typeAndData[0] & 0x20) == 0;
                    if (critical) throw new DataException(name, at, $"the critical PNG chunk {Printable(type)} is not known");
                    break;
            }
            if (type is "tRNS" or "eXIf") settings.Write(file.AsSpan((int)at, (int)length + 12));
            at += 12 + length;
        }
        if (data.Count == 0)
        {
            throw new DataException(name, at, "the PNG holds no picture: no IDAT chunk");
        }
    }

    void ReadHeader(ReadOnlySpan<byte> body, long at)
    {
        if (body.Length != 13)
        {
            throw new DataException(name, at, $"IHDR of a PNG has 13 bytes, not {body.Length}");
        }
        uint w = BinaryPrimitives.ReadUInt32BigEndian(body), h = BinaryPrimitives.ReadUInt32BigEndian(body[4..]);
        limit.Require(name, w, h);
        (width, height, depth, colourType) = ((int)w, (int)h, body[8], body[9]);
        bool known = colourType switch
        {
            0 => depth is 1 or 2 or 4 or 8 or 16,
            3 => depth is 1 or 2 or 4 or 8,
            2 or 4 or 6 => depth is 8 or 16,
            _ => false,
        };
        if (!known)
        {
            throw new DataException(name, at, $"PNG has no colour type {colourType} with {depth} bits");
        }
        if (body[10] != 0 || body[11] != 0 || body[12] > 1)
        {
            throw new DataException(name, at, $"PNG compression {body[10]}, filter {body[11]}, interlace {body[12]} are not known");
        }
        interlaced = body[12] == 1;
    }

    void ReadPalette(ReadOnlySpan<byte> body, long at)
    {
        if (data.Count > 0 || colours > 0 || body.Length == 0 || body.Length % 3 != 0 || body.Length > 768)
        {
            throw new DataException(name, at, data.Count > 0 ? "PLTE after IDAT"
                : colours > 0 ? "a second PLTE chunk"
                : $"a palette of {body.Length} bytes (1 to 256 colours of 3)");
        }
        colours = body.Length / 3;
        if (colourType == 3)
        {
            Span<byte> all = stackalloc byte[768];
            body.CopyTo(all);
            WriteChunk(settings, "PLTE"u8, all);
        }
    }

    void ReadTransparency(ReadOnlySpan<byte> body, long at)
    {
        bool fits = colourType switch
        {
            0 => body.Length == 2,
            2 => body.Length == 6,
            3 => body.Length >= 1 && body.Length <= colours,
            _ => false,
        };
        if (data.Count > 0 || !fits)
        {
            string problem = data.Count > 0 ? "tRNS after IDAT" : $"a tRNS chunk of {body.Length} bytes does not fit colour type "
                + $"{colourType}";
            throw new DataException(name, at, problem);
        }
        hasTransparency = true;
    }

    /// <summary>
    /// The plain pictures that the file is made of, after its data have been unpacked once to see that they are all there.
    /// </summary>
    PngPart[] Parts()
    {
        int bits = colourType switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 } * depth, offset = data[0].Start;
        (int X, int Y, int StepX, int StepY, int Width, int Height, long Bytes)[] passes = [.. (interlaced ? adam7 : [(0, 0, 1, 1)])
            .Select(p => (p.X, p.Y, p.StepX, p.StepY, Width: (width - p.X + p.StepX - 1) / p.StepX,
                Height: (height - p.Y + p.StepY - 1) / p.StepY))
            .Where(p => p.Width > 0 && p.Height > 0)
            .Select(p => (p.X, p.Y, p.StepX, p.StepY, p.Width, p.Height, p.Height * (1 + ((long)p.Width * bits + 7) / 8)))];
        long compressed = data.Sum(d => (long)d.Length), expected = passes.Sum(p => p.Bytes);
        if (expected > (compressed + 8) * MaxExpansion)
        {
            throw new DataException(name, offset, $"{compressed} bytes of zlib data cannot hold a picture of {width} x {height}");
        }
        byte[] joined = Joined(compressed);
        if (!interlaced)
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent(1 << 14);
            Unpack(joined, expected, _ => buffer);
            ArrayPool<byte>.Shared.Return(buffer);
            return [new PngPart(0, 0, 1, 1, Plain(width, height, joined))];
        }
        if (expected >= Array.MaxLength)
            throw new DataException(name, offset, $"an interlaced PNG of {width} x {height} pixels: save it without interlacing");
        // One byte more than there may be, to see whether the data go on.
        byte[] rows = new byte[expected + 1];
        Unpack(joined, expected, from => rows.AsMemory((int)from));
        List<PngPart> parts = [];
        long at = 0;
        foreach ((int x, int y, int stepX, int stepY, int w, int h, long bytes) in passes)
        {
            using MemoryStream packed = new();
            using (ZLibStream zlib = new(packed, CompressionLevel.Fastest, leaveOpen: true)) zlib.Write(rows.AsSpan((int)at, (int)bytes));
            parts.Add(new PngPart(x, y, stepX, stepY, Plain(w, h, packed.ToArray())));
            at += bytes;
        }
        return [.. parts];
    }

    /// <summary>
    /// Unpacks zlib data into what <paramref name="to"/> gives for a position; they must be sound, and of the expected length.
    /// </summary>
    void Unpack(byte[] packed, long expected, Func<long, Memory<byte>> to)
    {
        long unpacked = 0;
        try
        {
            using ZLibStream zlib = new(new MemoryStream(packed, writable: false), CompressionMode.Decompress);
            // Reading to the end also makes zlib check its own checksum.
            for (int read; unpacked <= expected && (read = zlib.Read(to(unpacked).Span)) > 0;) unpacked += read;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new DataException(name, data[0].Start, "the zlib data of this PNG are damaged", e);
        }
        if (unpacked != expected)
        {
            string how = unpacked < expected ? $"end after {unpacked} of" : "go on after";
            throw new DataException(name, data[0].Start, $"the zlib data of this PNG {how} the {expected} bytes that {width} x {height} "
                + "pixels have");
        }
    }

    byte[] Joined(long total)
    {
        byte[] joined = new byte[total];
        int at = 0;
        foreach ((int start, int length) in data)
        {
            file.AsSpan(start, length).CopyTo(joined.AsSpan(at));
            at += length;
        }
        return joined;
    }

    /// <summary>A file that is not interlaced, of this size, with the file's settings and these data.</summary>
    byte[] Plain(int w, int h, byte[] packed)
    {
        ArrayBufferWriter<byte> plain = new(packed.Length + settings.WrittenCount + 64);
        plain.Write(Signature);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, w);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], h);
        (header[8], header[9]) = ((byte)depth, (byte)colourType);
        header[10..].Clear();
        WriteChunk(plain, "IHDR"u8, header);
        plain.Write(settings.WrittenSpan);
        WriteChunk(plain, "IDAT"u8, packed);
        WriteChunk(plain, "IEND"u8, []);
        return plain.WrittenSpan.ToArray();
    }

    /// <summary>Length, type, body and checksum.</summary>
    internal static void WriteChunk(ArrayBufferWriter<byte> to, ReadOnlySpan<byte> type, ReadOnlySpan<byte> body)
    {
        byte[] chunk = new byte[12 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, body.Length);
        type.CopyTo(chunk.AsSpan(4));
        body.CopyTo(chunk.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + body.Length), Crc32.HashToUInt32(chunk.AsSpan(4, 4 + body.Length)));
        to.Write(chunk);
    }

    static string Printable(string type) => string.Concat(type.Select(c => c is >= ' ' and < (char)127 ? c.ToString() : $"\\x{(int)c:x2}"));
}

/// <summary>A PNG that is whole: its size, the kind of its samples, and the plain pictures that make it.</summary>
sealed record PngPicture(int Width, int Height, int ColourType, int Depth, bool HasTransparency, PngPart[] Parts)
{
    /// <summary>1 grey, 2 grey + alpha, 3 RGB, 4 RGB + alpha; a palette is RGB, tRNS is alpha.</summary>
    public int Channels => ColourType switch { 0 => 1, 2 => 3, 3 => 3, 4 => 2, _ => 4 } + (HasTransparency ? 1 : 0);
}

/// <summary>A file of the pixels X, X + StepX, ... of the rows Y, Y + StepY, ...</summary>
sealed record PngPart(int X, int Y, int StepX, int StepY, byte[] File);
