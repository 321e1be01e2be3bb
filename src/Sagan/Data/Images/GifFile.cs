using System.Buffers.Binary;

namespace Sagan.Native.Data.Images;

/// <summary>Makes sure that a GIF is whole, from its header to its trailer, and that its first frame has a code for every pixel.</summary>
static class GifFile
{
    const int HeaderBytes = 13, MaxCodes = 4096, Extension = 0x21, Frame = 0x2C, Trailer = 0x3B, GraphicControl = 0xF9;

    /// <summary>A GIF of the first frame alone.</summary>
    /// <exception cref="DataException">The file is damaged, or too large.</exception>
    public static byte[] Sound(byte[] file, string name, ImageLimit limit)
    {
        int at = HeaderBytes, control = -1, frames = 0;
        MemoryStream needed = new(file.Length);
        Require(at <= file.Length);
        limit.Require(name, Number(6), Number(8));
        at += Colours(file[10], out bool palette);
        Require(at < file.Length);
        needed.Write(file.AsSpan(0, at));
        while (file[at] != Trailer)
        {
            int start = at;
            switch (file[at])
            {
                case Extension:
                    Require(at + 2 < file.Length);
                    if (file[at + 1] == GraphicControl) control = start;
                    at = AfterBlocks(at + 2);
                    break;
                case Frame:
                    Require(at + 10 < file.Length);
                    int local = Colours(file[at + 9], out bool own), codes = at + 10 + local;
                    Require(codes + 1 < file.Length);
                    at = AfterBlocks(codes + 1);
                    if (frames++ > 0) break;
                    (int width, int height) = (Number(start + 5), Number(start + 7));
                    limit.Require(name, width, height);
                    if (!palette && !own) throw new DataException(name, start, "the GIF has no table of colours");
                    if (!Fills((long)width * height, file[codes], Joined(codes + 1, at)))
                    {
                        throw new DataException(name, start, $"the GIF ends early: its data do not fill {width} x {height} pixels");
                    }
                    if (control >= 0) needed.Write(file.AsSpan(control, AfterBlocks(control + 2) - control));
                    needed.Write(file.AsSpan(start, at - start));
                    break;
                default:
                    throw new DataException(name, at, $"byte {file[at]:x2} where a block of a GIF belongs");
            }
            Require(at < file.Length);
        }
        if (frames == 0) throw new DataException(name, at, "the GIF holds no picture");
        needed.WriteByte(Trailer);
        return needed.ToArray();

        int Number(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(offset));

        void Require(bool there)
        {
            if (!there) throw new DataException(name, Math.Min(at, file.Length), "the GIF ends early");
        }

        // Sub-blocks: a length and as many bytes, up to a length of zero.
        int AfterBlocks(int from)
        {
            while (true)
            {
                Require(from < file.Length);
                if (file[from] == 0) return from + 1;
                from += 1 + file[from];
            }
        }

        byte[] Joined(int from, int end)
        {
            MemoryStream joined = new(end - from);
            for (; file[from] != 0; from += 1 + file[from]) joined.Write(file.AsSpan(from + 1, file[from]));
            return joined.ToArray();
        }
    }

    static int Colours(int flags, out bool present) => (present = (flags & 0x80) != 0) ? 3 << (flags & 7) + 1 : 0;

    /// <summary>Whether LZW codes stand for so many pixels; their lengths are followed, not their colours.</summary>
    static bool Fills(long pixels, int minimum, ReadOnlySpan<byte> data)
    {
        if (minimum is < 1 or > 8) return false;
        Span<int> lengths = stackalloc int[MaxCodes];
        int clear = 1 << minimum, end = clear + 1, next = end + 1, size = minimum + 1, previous = -1, bits = 0, count = 0, at = 0;
        lengths[..clear].Fill(1);
        while (pixels > 0)
        {
            while (count < size)
            {
                if (at == data.Length) return false;
                bits |= data[at++] << count;
                count += 8;
            }
            int code = bits & (1 << size) - 1;
            bits >>= size;
            count -= size;
            if (code == clear)
            {
                (next, size, previous) = (end + 1, minimum + 1, -1);
                continue;
            }
            if (code == end || code > next || code == next && (previous < 0 || next == MaxCodes)) return false;
            if (previous >= 0 && next < MaxCodes)
            {
                lengths[next++] = lengths[previous] + 1;
                if (next == 1 << size && size < 12) size++;
            }
            pixels -= lengths[code];
            previous = code;
        }
        return true;
    }
}
