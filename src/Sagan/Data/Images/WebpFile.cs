using System.Buffers.Binary;
using System.Text;

namespace Sagan.Native.Data.Images;

/// <summary>
/// Makes sure that a WebP is whole: that its chunks, and the first partition of a VP8 frame (RFC 6386), lie within the file. What is cut
/// off is found by the lengths; whether there is a code for every pixel is left to the package, which is content with less.
/// </summary>
static class WebpFile
{
    const int RiffHeader = 12, ChunkHeader = 8, FrameHeader = 10;

    /// <exception cref="DataException">The file is damaged, or of a kind that is not read.</exception>
    public static byte[] Sound(byte[] file, string name, ImageLimit limit)
    {
        long end = ChunkHeader + (long)Integer(4);
        if (end > file.Length) throw new DataException(name, file.Length, $"the WebP ends early: {file.Length} bytes of {end}");
        (int Width, int Height)? canvas = null, picture = null;
        for (long at = RiffHeader; at < end;)
        {
            uint length = at + ChunkHeader <= end ? Integer((int)at + 4) : uint.MaxValue;
            if (length > end - at - ChunkHeader) throw new DataException(name, at, "the WebP ends early, inside a chunk");
            ReadOnlySpan<byte> chunk = file.AsSpan((int)at + ChunkHeader, (int)length);
            switch (Encoding.Latin1.GetString(file.AsSpan((int)at, 4)))
            {
                case "VP8X" when length >= 10:
                    canvas = (1 + (chunk[4] | chunk[5] << 8 | chunk[6] << 16), 1 + (chunk[7] | chunk[8] << 8 | chunk[9] << 16));
                    break;
                case "VP8 ":
                    picture ??= Frame(chunk, name, at);
                    break;
                case "VP8L" when length >= 5:
                    int sides = BinaryPrimitives.ReadInt32LittleEndian(chunk[1..]);
                    picture ??= (1 + (sides & 0x3FFF), 1 + (sides >> 14 & 0x3FFF));
                    break;
                case "ANIM" or "ANMF":
                    throw new DataException(name, at, $"an animated WebP is not read: {ImageFile.WayOut}") { Unsupported = true };
                default:
                    break;
            }
            at += ChunkHeader + (long)length + (length & 1);
        }
        if (picture is not var (width, height)) throw new DataException(name, RiffHeader, "the WebP holds no picture");
        limit.Require(name, width, height);
        if (canvas is var (w, h) && (w, h) != (width, height))
            throw new DataException(name, RiffHeader, $"a WebP of {w} x {h} with a picture of {width} x {height}");
        return file;

        uint Integer(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(offset));
    }

    /// <summary>
    /// The first partition, of which the frame header tells the length, lies in the chunk, and has a bit for the modes of every 16x16
    /// pixels.
    /// </summary>
    static (int Width, int Height) Frame(ReadOnlySpan<byte> chunk, string name, long at)
    {
        int first = chunk.Length < FrameHeader ? int.MaxValue : (chunk[0] | chunk[1] << 8 | chunk[2] << 16) >> 5;
        if (first > chunk.Length - FrameHeader) throw new DataException(name, at, "the WebP ends early, inside its frame");
        int width = BinaryPrimitives.ReadUInt16LittleEndian(chunk[6..]) & 0x3FFF,
            height = BinaryPrimitives.ReadUInt16LittleEndian(chunk[8..]) & 0x3FFF;
        if ((width + 15) / 16 * ((height + 15) / 16) > 8L * first)
            throw new DataException(name, at, $"{first} bytes of modes cannot hold {width} x {height} pixels of a WebP");
        return (width, height);
    }
}
