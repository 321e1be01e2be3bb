using System.Buffers.Binary;
using System.IO.Compression;
using Sagan.Native.Data;

namespace Sagan.Native.Images;

/// <summary>
/// Reads PNG (ISO/IEC 15948): every colour type and depth, the five filters, Adam7, PLTE and tRNS, several IDATs, and the EXIF orientation. Strict: the
/// checksum of every chunk and of the zlib stream, the order of chunks, and the exact number of bytes of pixels are checked. 16-bit samples give their high
/// byte, as libpng's strip does. Gives 1, 2, 3 or 4 channels as the file has them; a palette becomes RGB; tRNS becomes alpha.
/// </summary>
sealed class PngReader
{
    /// <summary>Deflate expands by at most 258 bytes per 2 bits: what says more than that is refused before its memory is taken.</summary>
    const long MaxExpansion = 1032;

    /// <summary>The seven passes of an interlaced PNG: first column, first row, column step, row step.</summary>
    static readonly (int X, int Y, int StepX, int StepY)[] Adam7 =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    readonly byte[] file;
    readonly string name;
    int width, height, depth, colourType;
    bool interlaced;
    byte[]? palette;
    byte[] transparency = [];
    bool hasTransparency;

    PngReader(byte[] file, string name) => (this.file, this.name) = (file, name);

    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Decodes a file that begins with <see cref="Signature"/>.</summary>
    public static Image Read(byte[] file, string name) => new PngReader(file, name).Read();

    Image Read()
    {
        if (!file.AsSpan().StartsWith(Signature))
        {
            throw new DataException(name, 0, "not a PNG: its signature is damaged");
        }
        int orientation = 1;
        List<(int Start, int Length)> data = [];
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
            ReadOnlySpan<byte> typeAndData = file.AsSpan((int)at + 4, (int)length + 4);
            string type = System.Text.Encoding.Latin1.GetString(typeAndData[..4]);
            if (BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan((int)(at + 8 + length))) != Crc32.Of(typeAndData))
            {
                throw new DataException(name, at, $"the checksum of PNG chunk {Printable(type)} is wrong: the file is damaged");
            }
            if (first != (type == "IHDR"))
            {
                throw new DataException(name, at, first ? "the first chunk of a PNG is IHDR, here it is " + Printable(type) : "a second IHDR chunk");
            }
            ReadOnlySpan<byte> body = typeAndData[4..];
            dataEnded |= data.Count > 0 && type != "IDAT";
            switch (type)
            {
                case "IHDR":
                    ReadHeader(body, at);
                    break;
                case "PLTE":
                    ReadPalette(body, at, data.Count > 0);
                    break;
                case "tRNS":
                    ReadTransparency(body, at, data.Count > 0);
                    break;
                case "eXIf":
                    orientation = Exif.Orientation(body);
                    break;
                case "IDAT":
                    if (dataEnded)
                    {
                        throw new DataException(name, at, "the IDAT chunks of this PNG are not next to each other");
                    }
                    data.Add(((int)at + 8, (int)length));
                    break;
                case "IEND":
                    ended = true;
                    break;
                default:
                    bool critical = (typeAndData[0] & 0x20) == 0;
                    if (critical)
                    {
                        throw new DataException(name, at, $"the critical PNG chunk {Printable(type)} is not known");
                    }
                    break;
            }
            at += 12 + length;
        }
        if (data.Count == 0)
        {
            throw new DataException(name, at, "the PNG holds no picture: no IDAT chunk");
        }
        if (colourType == 3 && palette is null)
        {
            throw new DataException(name, data[0].Start, "a PNG with colour type 3 has no PLTE chunk");
        }
        return Decode(data).Upright(orientation);
    }

    void ReadHeader(ReadOnlySpan<byte> body, long at)
    {
        if (body.Length != 13)
        {
            throw new DataException(name, at, $"IHDR of a PNG has 13 bytes, not {body.Length}");
        }
        uint w = BinaryPrimitives.ReadUInt32BigEndian(body), h = BinaryPrimitives.ReadUInt32BigEndian(body[4..]);
        if (w == 0 || h == 0)
        {
            throw new DataException(name, at, $"a PNG of {w} x {h} pixels");
        }
        if (w > Image.MaxSide || h > Image.MaxSide || (long)w * h > Image.MaxPixels)
        {
            string limit = $"{Image.MaxPixels}, {Image.MaxSide} a side";
            throw new DataException(name, at, $"{w} x {h} pixels are more than the limit of {limit}: reduce the picture first");
        }
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

    void ReadPalette(ReadOnlySpan<byte> body, long at, bool late)
    {
        if (late || palette is not null || body.Length == 0 || body.Length % 3 != 0 || body.Length > 768)
        {
            throw new DataException(name, at, late ? "PLTE after IDAT"
                : palette is not null ? "a second PLTE chunk"
                : $"a palette of {body.Length} bytes (1 to 256 colours of 3)");
        }
        palette = body.ToArray();
    }

    void ReadTransparency(ReadOnlySpan<byte> body, long at, bool late)
    {
        bool fits = colourType switch
        {
            0 => body.Length == 2,
            2 => body.Length == 6,
            3 => palette is not null && body.Length <= palette.Length / 3,
            _ => false,
        };
        if (late || !fits)
        {
            throw new DataException(name, at, late ? "tRNS after IDAT" : $"a tRNS chunk of {body.Length} bytes does not fit colour type {colourType}");
        }
        (transparency, hasTransparency) = (body.ToArray(), true);
    }

    Image Decode(List<(int Start, int Length)> data)
    {
        int samples = colourType switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        int bits = samples * depth;
        long expected = 0, compressed = 0;
        foreach (Pass pass in Passes())
        {
            expected += pass.Empty ? 0 : pass.Height * (1 + RowBytes(pass.Width, bits));
        }
        foreach ((_, int length) in data)
        {
            compressed += length;
        }
        if (expected > (compressed + 8) * MaxExpansion)
        {
            throw new DataException(name, data[0].Start, $"{compressed} bytes of zlib data cannot hold a picture of {width} x {height}");
        }
        Image image = new(width, height, Channels());
        using ZLibStream zlib = new(Compressed(data, compressed), CompressionMode.Decompress);
        try
        {
            foreach (Pass pass in Passes())
            {
                if (!pass.Empty)
                {
                    ReadPass(zlib, pass, bits, image, data[0].Start);
                }
            }
            // Reading to the end also makes zlib check its own checksum.
            if (zlib.ReadByte() >= 0)
            {
                throw new DataException(name, data[0].Start, $"the zlib data of this PNG go on after the {expected} bytes that {width} x {height} pixels have");
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new DataException(name, data[0].Start, "the zlib data of this PNG are damaged", e);
        }
        return image;
    }

    MemoryStream Compressed(List<(int Start, int Length)> data, long total)
    {
        if (data.Count == 1)
        {
            return new MemoryStream(file, data[0].Start, data[0].Length, writable: false);
        }
        byte[] joined = new byte[total];
        int at = 0;
        foreach ((int start, int length) in data)
        {
            file.AsSpan(start, length).CopyTo(joined.AsSpan(at));
            at += length;
        }
        return new MemoryStream(joined, writable: false);
    }

    void ReadPass(ZLibStream zlib, Pass pass, int bits, Image image, int offset)
    {
        int length = (int)RowBytes(pass.Width, bits), step = Math.Max(1, bits / 8);
        byte[] row = new byte[length + 1], above = new byte[length];
        for (int y = 0; y < pass.Height; y++)
        {
            if (zlib.ReadAtLeast(row, row.Length, throwOnEndOfStream: false) < row.Length)
            {
                throw new DataException(name, offset, $"the zlib data of this PNG end in row {pass.Y + y * pass.StepY} of {height}");
            }
            Span<byte> x = row.AsSpan(1);
            if (!PngFilter.Undo(row[0], x, above, step))
            {
                throw new DataException(name, offset, $"PNG has no row filter {row[0]} (row {pass.Y + y * pass.StepY})");
            }
            x.CopyTo(above);
            EmitRow(x, pass, image, pass.Y + y * pass.StepY, offset);
        }
    }

    void EmitRow(ReadOnlySpan<byte> row, Pass pass, Image image, int y, int offset)
    {
        int n = image.Channels, samples = colourType switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        Span<byte> to = image.Pixels.AsSpan(y * width * n, width * n);
        if (depth == 8 && n == samples && colourType != 3 && pass.StepX == 1)
        {
            row.CopyTo(to);
            return;
        }
        int scale = depth < 8 ? 255 / ((1 << depth) - 1) : 1;
        for (int i = 0, j = pass.X * n; i < pass.Width; i++, j += pass.StepX * n)
        {
            if (colourType == 3)
            {
                int index = Sample(row, i);
                if (index * 3 >= palette!.Length)
                {
                    throw new DataException(name, offset, $"colour {index} of a palette of {palette.Length / 3} (row {y})");
                }
                (to[j], to[j + 1], to[j + 2]) = (palette[index * 3], palette[index * 3 + 1], palette[index * 3 + 2]);
                if (n == 4)
                {
                    to[j + 3] = index < transparency.Length ? transparency[index] : (byte)255;
                }
                continue;
            }
            bool isKey = hasTransparency;
            for (int s = 0; s < samples; s++)
            {
                int v = Sample(row, i * samples + s);
                to[j + s] = (byte)(depth == 16 ? v >> 8 : v * scale);
                isKey = isKey && v == (BinaryPrimitives.ReadUInt16BigEndian(transparency.AsSpan(2 * s)) & ((1 << depth) - 1));
            }
            if (hasTransparency)
            {
                to[j + samples] = isKey ? (byte)0 : (byte)255;
            }
        }
    }

    int Sample(ReadOnlySpan<byte> row, int i) => depth switch
    {
        8 => row[i],
        16 => row[2 * i] << 8 | row[2 * i + 1],
        _ => row[i * depth >> 3] >> (8 - depth - (i * depth & 7)) & ((1 << depth) - 1),
    };

    int Channels() => colourType switch { 0 => 1, 2 => 3, 3 => 3, 4 => 2, _ => 4 } + (hasTransparency ? 1 : 0);

    static long RowBytes(int pixels, int bits) => ((long)pixels * bits + 7) / 8;

    IEnumerable<Pass> Passes()
    {
        if (!interlaced)
        {
            yield return new Pass(0, 0, 1, 1, width, height);
            yield break;
        }
        foreach ((int x, int y, int dx, int dy) in Adam7)
        {
            yield return new Pass(x, y, dx, dy, (width - x + dx - 1) / dx, (height - y + dy - 1) / dy);
        }
    }

    static string Printable(string type) => string.Concat(type.Select(c => c is >= ' ' and < (char)127 ? c.ToString() : $"\\x{(int)c:x2}"));

    readonly record struct Pass(int X, int Y, int StepX, int StepY, int Width, int Height)
    {
        public bool Empty => Width <= 0 || Height <= 0;
    }
}
