using System.Buffers.Binary;
using System.Text;
using Sagan.Native.Data;

namespace Sagan.Native.Images;

/// <summary>
/// Makes sure that a WebP is whole: that its chunks, and the first partition of a VP8 frame (RFC 6386), lie within the file. What is cut off is found by the
/// lengths; whether there is a code for every pixel is left to the package, which is content with less.
/// </summary>
static class WebpFile
{
    const int RiffHeader = 12, ChunkHeader = 8, FrameHeader = 10;

    /// <exception cref="DataException">The file is damaged, or of a kind that is not read.</exception>
    public static byte[] Sound(byte[] file, string name)
    {
        long end = ChunkHeader + (long)Integer(4);
        if (end > file.Length) throw new DataException(name, file.Length, $"the WebP ends early: {file.Length} bytes of {end}");
        bool picture = false;
        for (long at = RiffHeader; at < end;)
        {
            uint length = at + ChunkHeader <= end ? Integer((int)at + 4) : uint.MaxValue;
            if (length > end - at - ChunkHeader) throw new DataException(name, at, "the WebP ends early, inside a chunk");
            switch (Encoding.Latin1.GetString(file.AsSpan((int)at, 4)))
            {
                case "VP8 ":
                    Frame(file.AsSpan((int)at + ChunkHeader, (int)length), name, at);
                    picture = true;
                    break;
                case "VP8L":
                    picture = true;
                    break;
                case "ANIM" or "ANMF":
                    throw new DataException(name, at, $"an animated WebP is not read: {ImageFile.WayOut}") { Unsupported = true };
                default:
                    break;
            }
            at += ChunkHeader + (long)length + (length & 1);
        }
        if (!picture) throw new DataException(name, RiffHeader, "the WebP holds no picture");
        return file;

        uint Integer(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(offset));
    }

    /// <summary>The first partition, of which the frame header tells the length, lies in the chunk, and has a bit for the modes of every 16x16 pixels.</summary>
    static void Frame(ReadOnlySpan<byte> chunk, string name, long at)
    {
        int first = chunk.Length < FrameHeader ? int.MaxValue : (chunk[0] | chunk[1] << 8 | chunk[2] << 16) >> 5;
        if (first > chunk.Length - FrameHeader) throw new DataException(name, at, "the WebP ends early, inside its frame");
        int width = BinaryPrimitives.ReadUInt16LittleEndian(chunk[6..]) & 0x3FFF, height = BinaryPrimitives.ReadUInt16LittleEndian(chunk[8..]) & 0x3FFF;
        if ((width + 15) / 16 * ((height + 15) / 16) > 8L * first) throw new DataException(name, at, $"{first} bytes of modes cannot hold {width} x {height} pixels of a WebP");
    }
}
