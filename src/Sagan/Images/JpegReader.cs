using System.Buffers.Binary;
using Sagan.Native.Data;

namespace Sagan.Native.Images;

/// <summary>
/// Reads JPEG (ITU-T T.81) with 8-bit samples, Huffman coding, sequential (SOF0, SOF1) or progressive (SOF2): grey, YCbCr and RGB (by the Adobe segment or
/// component names), any sampling factors, restart intervals, several scans; the EXIF orientation is applied. CMYK, 12-bit, arithmetic, lossless and
/// hierarchical files are refused by name. Strict: a file that ends early, or data that do, are errors. Agrees with libjpeg-turbo (accurate transform, smooth
/// upsampling) to the level.
/// </summary>
sealed class JpegReader
{
    /// <summary>A sound file needs about ten; more would let a small file cost much time.</summary>
    const int MaxScans = 200;

    /// <summary>No coding spends less than one bit on a block.</summary>
    const int MaxBlocksPerByte = 8;
    const int MaxBlocksPerMcu = 10;

    readonly byte[] file;
    readonly string name;
    readonly ushort[]?[] steps = new ushort[4][];
    readonly JpegHuffman?[] dc = new JpegHuffman[4], ac = new JpegHuffman[4];
    JpegFrame? frame;
    int at, restartInterval, orientation = 1, scans;
    int? adobeTransform;
    bool jfif;

    JpegReader(byte[] file, string name) => (this.file, this.name) = (file, name);

    /// <summary>Decodes a file that begins with FF D8.</summary>
    public static Image Read(byte[] file, string name) => new JpegReader(file, name).Read();

    Image Read()
    {
        at = 2;
        bool afterScan = false;
        while (true)
        {
            int marker = NextMarker(afterScan);
            afterScan = false;
            if (marker == 0xD9)
            {
                break;
            }
            if (marker is 0x01 or (>= 0xD0 and <= 0xD8))
            {
                throw Error($"marker ff {marker:x2} does not belong here in a JPEG");
            }
            int start = at, length = Segment();
            ReadOnlySpan<byte> body = file.AsSpan(start + 2, length - 2);
            at = start + length;
            switch (marker)
            {
                case 0xC0 or 0xC1 or 0xC2:
                    ReadFrame(body, start, marker == 0xC2);
                    break;
                case 0xC4:
                    ReadHuffman(body, start);
                    break;
                case 0xCC or (>= 0xC9 and <= 0xCB) or (>= 0xCD and <= 0xCF):
                    throw Unsupported("a JPEG with arithmetic coding", start);
                case 0xC3:
                    throw Unsupported("a lossless JPEG", start);
                case >= 0xC5 and <= 0xC7 or 0xDE or 0xDF:
                    throw Unsupported("a hierarchical JPEG", start);
                case 0xDA:
                    ReadScan(body, start);
                    afterScan = true;
                    break;
                case 0xDB:
                    ReadSteps(body, start);
                    break;
                case 0xDC:
                    throw Unsupported("a JPEG whose height comes after the first scan (DNL)", start);
                case 0xDD:
                    restartInterval = body.Length == 2
                        ? BinaryPrimitives.ReadUInt16BigEndian(body)
                        : throw Error("a damaged restart interval in the JPEG", start);
                    break;
                case 0xE0:
                    jfif |= body.StartsWith("JFIF\0"u8);
                    break;
                case 0xE1 when body.StartsWith("Exif\0\0"u8):
                    orientation = Exif.Orientation(body[6..]);
                    break;
                case 0xEE when body.StartsWith("Adobe"u8) && body.Length >= 12:
                    adobeTransform = body[11];
                    break;
                case (>= 0xE0 and <= 0xEF) or 0xFE:
                    break;
                default:
                    throw Error($"marker ff {marker:x2} of this JPEG is not known", start);
            }
        }
        return Finish();
    }

    Image Finish()
    {
        if (frame is null)
        {
            throw Error("the JPEG holds no picture");
        }
        foreach (JpegComponent c in frame.Components)
        {
            if (c.Steps is null)
            {
                throw Error($"the JPEG ends without the data of component {c.Id}");
            }
            if (frame.Progressive)
            {
                c.TransformAll();
            }
        }
        return JpegColour.Assemble(frame, IsYcc(frame.Components)).Upright(orientation);
    }

    /// <summary>The Adobe segment decides, then JFIF (always YCbCr), then the names R, G, B of the components.</summary>
    bool IsYcc(JpegComponent[] c) =>
        adobeTransform is int transform ? transform != 0 : jfif || c.Length == 3 && !(c[0].Id == 'R' && c[1].Id == 'G' && c[2].Id == 'B');

    /// <summary>The next marker; <see cref="at"/> is then after it. After a scan, stray bytes are passed over, as everybody does.</summary>
    int NextMarker(bool afterScan)
    {
        while (afterScan && at + 1 < file.Length && (file[at] != 0xFF || file[at + 1] == 0))
        {
            at++;
        }
        while (at + 1 < file.Length && file[at] == 0xFF && file[at + 1] == 0xFF)
        {
            at++;
        }
        if (at + 1 >= file.Length)
        {
            throw Error("the JPEG ends early: no end-of-image marker");
        }
        if (file[at] != 0xFF || file[at + 1] == 0)
        {
            throw Error($"bytes {file[at]:x2} {file[at + 1]:x2} where a JPEG marker belongs");
        }
        at += 2;
        return file[at - 1];
    }

    int Segment()
    {
        int length = at + 2 <= file.Length ? BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(at)) : 0;
        return length >= 2 && length <= file.Length - at ? length : throw Error("the JPEG ends early, inside a segment");
    }

    void ReadFrame(ReadOnlySpan<byte> body, int start, bool progressive)
    {
        if (frame is not null)
        {
            throw Error("a second frame in one JPEG", start);
        }
        if (body.Length < 6 || body.Length != 6 + 3 * body[5])
        {
            throw Error("a damaged frame header in the JPEG", start);
        }
        int precision = body[0], count = body[5];
        int height = BinaryPrimitives.ReadUInt16BigEndian(body[1..]), width = BinaryPrimitives.ReadUInt16BigEndian(body[3..]);
        if (precision != 8)
        {
            throw precision == 12 ? Unsupported("a 12-bit JPEG", start) : Error($"a JPEG of {precision} bits", start);
        }
        if (count is not (1 or 3))
        {
            throw Unsupported(count == 4 ? "a CMYK JPEG" : $"a JPEG of {count} components", start);
        }
        if (height == 0)
        {
            throw Unsupported("a JPEG whose height comes after the first scan (DNL)", start);
        }
        if (width == 0 || (long)width * height > Image.MaxPixels)
        {
            throw Error($"{width} x {height} pixels (1 to {Image.MaxPixels}): reduce the picture first", start);
        }
        JpegComponent[] components = new JpegComponent[count];
        for (int i = 0; i < count; i++)
        {
            (int id, int h, int v, int table) = (body[6 + 3 * i], body[7 + 3 * i] >> 4, body[7 + 3 * i] & 15, body[8 + 3 * i]);
            if (h is < 1 or > 4 || v is < 1 or > 4 || table > 3 || components.Take(i).Any(c => c.Id == id))
            {
                throw Error($"component {i} of the JPEG: id {id}, sampling {h} x {v}, table {table}", start);
            }
            // The factors of a single component say nothing: there is nothing to compare them with.
            components[i] = count == 1 ? new JpegComponent(id, 1, 1, table) : new JpegComponent(id, h, v, table);
        }
        JpegFrame f = new() { Width = width, Height = height, Progressive = progressive, Components = components };
        long blocks = f.Place();
        if (blocks > (long)MaxBlocksPerByte * (file.Length - at))
        {
            throw Error($"the JPEG ends early: {file.Length - at} bytes cannot hold {width} x {height} pixels", start);
        }
        foreach (JpegComponent c in components)
        {
            c.Allocate(progressive);
        }
        frame = f;
    }

    void ReadSteps(ReadOnlySpan<byte> body, int start)
    {
        while (body.Length > 0)
        {
            int bytes = body[0] >> 4 == 0 ? 1 : 2, table = body[0] & 15;
            if (body[0] >> 4 > 1 || table > 3 || body.Length < 1 + 64 * bytes)
            {
                throw Error("a damaged quantisation table in the JPEG", start);
            }
            ushort[] values = new ushort[64];
            for (int k = 0; k < 64; k++)
            {
                values[k] = bytes == 1 ? body[1 + k] : BinaryPrimitives.ReadUInt16BigEndian(body[(1 + 2 * k)..]);
            }
            steps[table] = values;
            body = body[(1 + 64 * bytes)..];
        }
    }

    void ReadHuffman(ReadOnlySpan<byte> body, int start)
    {
        while (body.Length > 0)
        {
            int kind = body[0] >> 4, table = body[0] & 15, total = 0;
            if (kind > 1 || table > 3 || body.Length < 17)
            {
                throw Error("a damaged Huffman table in the JPEG", start);
            }
            foreach (byte n in body.Slice(1, 16))
            {
                total += n;
            }
            if (total > 256 || body.Length < 17 + total)
            {
                throw Error("a damaged Huffman table in the JPEG", start);
            }
            (kind == 0 ? dc : ac)[table] = JpegHuffman.Create(body.Slice(1, 16), body.Slice(17, total))
                ?? throw Error("a Huffman table of the JPEG with too many codes", start);
            body = body[(17 + total)..];
        }
    }

    void ReadScan(ReadOnlySpan<byte> body, int start)
    {
        if (frame is null)
        {
            throw Error("a scan before the frame header of the JPEG", start);
        }
        if (++scans > MaxScans)
        {
            throw Error($"a JPEG of more than {MaxScans} scans", start);
        }
        int count = body.Length > 0 ? body[0] : 0;
        if (count < 1 || count > frame.Components.Length || body.Length != 4 + 2 * count)
        {
            throw Error("a damaged scan header in the JPEG", start);
        }
        int first = body[1 + 2 * count], last = body[2 + 2 * count], high = body[3 + 2 * count] >> 4, low = body[3 + 2 * count] & 15;
        if (!frame.Progressive)
        {
            (first, last, high, low) = (0, 63, 0, 0);
        }
        else if (first > last || last > 63 || first == 0 && last != 0 || first > 0 && count > 1 || low > 13 || high != 0 && high != low + 1)
        {
            throw Error($"a scan of coefficients {first} to {last}, bits {high} to {low}, of {count} components of the JPEG", start);
        }
        JpegComponent[] chosen = new JpegComponent[count];
        for (int i = 0; i < count; i++)
        {
            int id = body[1 + 2 * i], dcTable = body[2 + 2 * i] >> 4, acTable = body[2 + 2 * i] & 15;
            JpegComponent c = Array.Find(frame.Components, c => c.Id == id) ?? throw Error($"a scan of component {id}, which this JPEG does not have", start);
            if (chosen.Contains(c) || dcTable > 3 || acTable > 3)
            {
                throw Error("a damaged scan header in the JPEG", start);
            }
            chosen[i] = c;
            c.Steps ??= steps[c.Quantisation] ?? throw Error($"quantisation table {c.Quantisation} of the JPEG is missing", start);
            bool needsDc = first == 0 && high == 0, needsAc = last > 0;
            (c.Dc, c.Ac) = (dc[dcTable], ac[acTable]);
            if (needsDc && c.Dc is null || needsAc && c.Ac is null)
            {
                throw Error("a Huffman table of the JPEG is missing", start);
            }
        }
        if (count > 1 && chosen.Sum(c => c.H * c.V) > MaxBlocksPerMcu)
        {
            throw Error($"more than {MaxBlocksPerMcu} blocks in one unit of the JPEG", start);
        }
        at = new JpegScan(frame, chosen, first, last, high, low).Decode(file, name, at, restartInterval);
    }

    DataException Error(string problem, int? offset = null) => new(name, offset ?? at, problem);

    DataException Unsupported(string what, int offset) => new(name, offset, $"{what} is not read by this build: {ImageFile.WayOut}") { Unsupported = true };
}
