using System.Buffers;
using System.Buffers.Binary;

namespace Sagan.Native.Data.Images;

/// <summary>
/// Makes sure that a JPEG (ITU-T T.81) is whole before it is decoded: its segments, a code for every block of every scan
/// (<see cref="JpegScan"/>), and its end. Read are files of Huffman codes, sequential (SOF0, SOF1) or progressive (SOF2), grey, YCbCr, RGB,
/// CMYK and YCCK; others are refused by name.
/// </summary>
sealed class JpegFile
{
    /// <summary>A sound file needs about ten; more would let a small file cost much time.</summary>
    const int MaxScans = 200;

    /// <summary>No coding spends less than one bit on a block.</summary>
    const int MaxBlocksPerByte = 8;
    const int MaxBlocksPerMcu = 10;

    readonly byte[] file;
    readonly string name;
    readonly ImageLimit limit;
    readonly ArrayBufferWriter<byte> needed;
    readonly bool[] steps = new bool[4];
    readonly JpegHuffman?[] dc = new JpegHuffman[4], ac = new JpegHuffman[4];
    JpegComponent[] components = [];
    int at, restartInterval, scans, mcusWide, mcusHigh;
    int? adobeTransform;
    bool progressive, jfif, hasExif;

    JpegFile(byte[] file, string name, ImageLimit limit)
    {
        (this.file, this.name, this.limit) = (file, name, limit);
        needed = new ArrayBufferWriter<byte>(file.Length + 32);
    }

    /// <summary>The segments that make the picture, of a file that is whole, without what programs have added to them.</summary>
    /// <exception cref="DataException">The file is damaged, too large, or of a kind that is not read.</exception>
    public static byte[] Sound(byte[] file, string name, ImageLimit limit, out int channels)
    {
        JpegFile jpeg = new(file, name, limit);
        jpeg.ReadSegments();
        channels = jpeg.components.Length == 1 ? 1 : 3;
        return jpeg.needed.WrittenSpan.ToArray();
    }

    void ReadSegments()
    {
        at = 2;
        needed.Write((ReadOnlySpan<byte>)[0xFF, 0xD8]);
        for (bool afterScan = false; ;)
        {
            int marker = NextMarker(afterScan);
            if (marker == 0xD9) break;
            if (marker is 0x01 or (>= 0xD0 and <= 0xD8)) throw Error($"marker ff {marker:x2} does not belong here in a JPEG");
            int start = at, length = Segment();
            at = start + length;
            afterScan = marker == 0xDA;
            bool keep = Read(marker, file.AsSpan(start + 2, length - 2), start);
            if (keep)
            {
                if (marker is >= 0xC0 and <= 0xC2) WriteColours();
                needed.Write((ReadOnlySpan<byte>)[0xFF, (byte)marker]);
                needed.Write(file.AsSpan(start, length));
            }
            if (afterScan) Scan(file.AsSpan(start + 2, length - 2), start);
        }
        if (components.Length == 0) throw Error("the JPEG holds no picture");
        if (Array.Find(components, c => !c.Seen) is { } missing) throw Error($"the JPEG ends without the data of component {missing.Id}");
        needed.Write((ReadOnlySpan<byte>)[0xFF, 0xD9]);
    }

    /// <summary>Takes note of a segment; true where a decoder needs it.</summary>
    bool Read(int marker, ReadOnlySpan<byte> body, int start)
    {
        switch (marker)
        {
            case 0xC0 or 0xC1 or 0xC2:
                ReadFrame(body, start, marker == 0xC2);
                return true;
            case 0xC4:
                ReadHuffman(body, start);
                return true;
            case 0xCC or (>= 0xC9 and <= 0xCB) or (>= 0xCD and <= 0xCF):
                throw Unsupported("a JPEG with arithmetic coding", start);
            case 0xC3:
                throw Unsupported("a lossless JPEG", start);
            case >= 0xC5 and <= 0xC7 or 0xDE or 0xDF:
                throw Unsupported("a hierarchical JPEG", start);
            case 0xDA:
                return true;
            case 0xDB:
                ReadSteps(body, start);
                return true;
            case 0xDC:
                throw Unsupported("a JPEG whose height comes after the first scan (DNL)", start);
            case 0xDD:
                restartInterval = body.Length == 2 ? BinaryPrimitives.ReadUInt16BigEndian(body)
                    : throw Error("a damaged restart interval in the JPEG", start);
                return true;
            case 0xE0:
                jfif |= body.StartsWith("JFIF\0"u8);
                return false;
            case 0xE1 when body.StartsWith("Exif\0\0"u8) && !hasExif:
                return hasExif = true;
            case 0xEE when body.StartsWith("Adobe"u8) && body.Length >= 12:
                adobeTransform = body[11];
                return false;
            case (>= 0xE0 and <= 0xEF) or 0xFE:
                return false;
            default:
                throw Error($"marker ff {marker:x2} of this JPEG is not known", start);
        }
    }

    /// <summary>The next marker; <see cref="at"/> is then after it. After a scan, stray bytes are passed over, as everybody does.</summary>
    int NextMarker(bool afterScan)
    {
        while (afterScan && at + 1 < file.Length && (file[at] != 0xFF || file[at + 1] == 0)) at++;
        while (at + 1 < file.Length && file[at] == 0xFF && file[at + 1] == 0xFF) at++;
        if (at + 1 >= file.Length) throw Error("the JPEG ends early: no end-of-image marker");
        if (file[at] != 0xFF || file[at + 1] == 0) throw Error($"bytes {file[at]:x2} {file[at + 1]:x2} where a JPEG marker belongs");
        at += 2;
        return file[at - 1];
    }

    int Segment()
    {
        int length = at + 2 <= file.Length ? BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(at)) : 0;
        return length >= 2 && length <= file.Length - at ? length : throw Error("the JPEG ends early, inside a segment");
    }

    void ReadFrame(ReadOnlySpan<byte> body, int start, bool isProgressive)
    {
        if (components.Length > 0) throw Error("a second frame in one JPEG", start);
        if (body.Length < 6 || body.Length != 6 + 3 * body[5]) throw Error("a damaged frame header in the JPEG", start);
        int precision = body[0], count = body[5];
        int height = BinaryPrimitives.ReadUInt16BigEndian(body[1..]), width = BinaryPrimitives.ReadUInt16BigEndian(body[3..]);
        if (precision != 8) throw precision == 12 ? Unsupported("a 12-bit JPEG", start) : Error($"a JPEG of {precision} bits", start);
        if (count is not (1 or 3 or 4)) throw Unsupported($"a JPEG of {count} components", start);
        if (height == 0) throw Unsupported("a JPEG whose height comes after the first scan (DNL)", start);
        limit.Require(name, width, height);
        (int H, int V)[] factors = new (int, int)[count];
        for (int i = 0; i < count; i++)
        {
            (int h, int v) = factors[i] = (body[7 + 3 * i] >> 4, body[7 + 3 * i] & 15);
            int id = body[6 + 3 * i], table = body[8 + 3 * i];
            if (h is < 1 or > 4 || v is < 1 or > 4 || table > 3 || Earlier(body, i, id))
            {
                throw Error($"component {i} of the JPEG: id {id}, sampling {h} x {v}, table {table}", start);
            }
        }
        // The factors of a single component say nothing: there is nothing to compare them with.
        if (count == 1) factors[0] = (1, 1);
        int hMax = factors.Max(f => f.H), vMax = factors.Max(f => f.V);
        (mcusWide, mcusHigh) = (Blocks(width, hMax), Blocks(height, vMax));
        if ((long)mcusWide * mcusHigh * factors.Sum(f => f.H * f.V) > (long)MaxBlocksPerByte * (file.Length - at))
        {
            throw Error($"the JPEG ends early: {file.Length - at} bytes cannot hold {width} x {height} pixels", start);
        }
        progressive = isProgressive;
        components = new JpegComponent[count];
        for (int i = 0; i < count; i++)
        {
            (int h, int v) = factors[i];
            components[i] = new JpegComponent(body[6 + 3 * i], h, v, body[8 + 3 * i])
            {
                Wide = Blocks((width * h + hMax - 1) / hMax, 1),
                High = Blocks((height * v + vMax - 1) / vMax, 1),
                Stride = mcusWide * h,
                NotZero = progressive ? new ulong[(long)mcusWide * h * mcusHigh * v] : [],
            };
        }

        static bool Earlier(ReadOnlySpan<byte> body, int count, int id)
        {
            for (int i = 0; i < count; i++)
            {
                if (body[6 + 3 * i] == id) return true;
            }
            return false;
        }

        static int Blocks(int pixels, int factor) => (pixels + 8 * factor - 1) / (8 * factor);
    }

    void ReadSteps(ReadOnlySpan<byte> body, int start)
    {
        while (body.Length > 0)
        {
            int bytes = body[0] >> 4 == 0 ? 1 : 2, table = body[0] & 15;
            if (body[0] >> 4 > 1 || table > 3 || body.Length < 1 + 64 * bytes)
                throw Error("a damaged quantisation table in the JPEG", start);
            steps[table] = true;
            body = body[(1 + 64 * bytes)..];
        }
    }

    void ReadHuffman(ReadOnlySpan<byte> body, int start)
    {
        while (body.Length > 0)
        {
            int kind = body[0] >> 4, table = body[0] & 15, total = 0;
            if (kind > 1 || table > 3 || body.Length < 17) throw Error("a damaged Huffman table in the JPEG", start);
            foreach (byte n in body.Slice(1, 16)) total += n;
            if (total > 256 || body.Length < 17 + total) throw Error("a damaged Huffman table in the JPEG", start);
            (kind == 0 ? dc : ac)[table] = JpegHuffman.Create(body.Slice(1, 16), body.Slice(17, total))
                ?? throw Error("a Huffman table of the JPEG with too many codes", start);
            body = body[(17 + total)..];
        }
    }

    void Scan(ReadOnlySpan<byte> body, int start)
    {
        if (components.Length == 0) throw Error("a scan before the frame header of the JPEG", start);
        if (++scans > MaxScans) throw Error($"a JPEG of more than {MaxScans} scans", start);
        int count = body.Length > 0 ? body[0] : 0;
        if (count < 1 || count > components.Length || body.Length != 4 + 2 * count) throw Error("a damaged scan header in the JPEG", start);
        int first = body[1 + 2 * count], last = body[2 + 2 * count], high = body[3 + 2 * count] >> 4, low = body[3 + 2 * count] & 15;
        if (!progressive)
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
            JpegComponent c = Array.Find(components, c => c.Id == id)
                ?? throw Error($"a scan of component {id}, which this JPEG does not have", start);
            if (chosen.Contains(c) || dcTable > 3 || acTable > 3) throw Error("a damaged scan header in the JPEG", start);
            if (!steps[c.Table]) throw Error($"quantisation table {c.Table} of the JPEG is missing", start);
            chosen[i] = c;
            bool needsDc = first == 0 && high == 0, needsAc = last > 0;
            (c.Dc, c.Ac) = (dc[dcTable], ac[acTable]);
            if (needsDc && c.Dc is null || needsAc && c.Ac is null) throw Error("a Huffman table of the JPEG is missing", start);
            c.Seen |= needsDc;
        }
        if (count > 1 && chosen.Sum(c => c.H * c.V) > MaxBlocksPerMcu)
            throw Error($"more than {MaxBlocksPerMcu} blocks in one unit of the JPEG", start);
        int from = at;
        at = new JpegScan(progressive, chosen, first, last, high).Follow(file, name, at, restartInterval, mcusWide, mcusHigh);
        needed.Write(file.AsSpan(from, at - from));
    }

    /// <summary>
    /// Says by an Adobe segment what colours the components are, so that every decoder takes them for what libjpeg does: the file's Adobe
    /// segment decides, then JFIF (always YCbCr), then the names R, G, B of the components.
    /// </summary>
    void WriteColours()
    {
        bool rgb = components.Length == 3 && components[0].Id == 'R' && components[1].Id == 'G' && components[2].Id == 'B';
        int? transform = components.Length switch
        {
            1 => null,
            3 => adobeTransform is { } t ? Math.Min(t, 1) : jfif || !rgb ? 1 : 0,
            _ => adobeTransform is > 0 ? 2 : 0,
        };
        if (transform is { } colours) needed
            .Write((ReadOnlySpan<byte>)[0xFF, 0xEE, 0, 14, .. "Adobe"u8, 0, 100, 0, 0, 0, 0, (byte)colours]);
    }

    DataException Error(string problem, int? offset = null) => new(name, offset ?? at, problem);

    DataException Unsupported(string what, int offset) =>
        new(name, offset, $"{what} is not read: {ImageFile.WayOut}") { Unsupported = true };
}
