using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Sagan.Native.Images;

/// <summary>
/// Writes an <see cref="Image"/> as an 8-bit PNG, the filter of each row chosen by the smallest sum of absolute differences; the same image gives the same
/// bytes.
/// </summary>
static class PngWriter
{
    /// <summary>
    /// The bytes of the file. <paramref name="text"/>: keyword (1 to 79 printable Latin-1 characters) and text of the tEXt chunks, iTXt where the text is not
    /// Latin-1.
    /// </summary>
    public static byte[] Write(Image image, IEnumerable<KeyValuePair<string, string>>? text = null)
    {
        using MemoryStream file = new();
        file.Write(PngReader.Signature);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, image.Width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], image.Height);
        header[8] = 8;
        header[9] = image.Channels switch { 1 => 0, 2 => 4, 3 => 2, _ => 6 };
        header[10..].Clear();
        WriteChunk(file, "IHDR"u8, header);
        foreach ((string keyword, string value) in text ?? [])
        {
            WriteText(file, keyword, value);
        }
        WriteChunk(file, "IDAT"u8, Compress(image));
        WriteChunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    static ReadOnlySpan<byte> Compress(Image image)
    {
        MemoryStream compressed = new();
        int length = image.Width * image.Channels;
        byte[] above = new byte[length], best = new byte[length + 1], trial = new byte[length + 1];
        using (ZLibStream zlib = new(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (int y = 0; y < image.Height; y++)
            {
                ReadOnlySpan<byte> row = image.Pixels.AsSpan(y * length, length);
                int least = int.MaxValue;
                for (int filter = 0; filter < PngFilter.Count; filter++)
                {
                    int sum = PngFilter.Apply(filter, row, above, image.Channels, trial.AsSpan(1));
                    if (sum < least)
                    {
                        least = sum;
                        trial[0] = (byte)filter;
                        (best, trial) = (trial, best);
                    }
                }
                zlib.Write(best);
                row.CopyTo(above);
            }
        }
        return compressed.GetBuffer().AsSpan(0, (int)compressed.Length);
    }

    static void WriteText(MemoryStream file, string keyword, string value)
    {
        if (keyword.Length is 0 or > 79 || keyword.Any(c => c is < ' ' or (> '~' and < (char)161) or > (char)255))
        {
            throw new ArgumentException($"a PNG keyword is 1 to 79 printable Latin-1 characters, not '{keyword}'.", nameof(keyword));
        }
        if (value.Contains('\0'))
        {
            throw new ArgumentException($"the PNG text '{keyword}' holds a zero character.", nameof(value));
        }
        byte[] key = Encoding.Latin1.GetBytes(keyword);
        if (value.All(c => c < 256))
        {
            WriteChunk(file, "tEXt"u8, [.. key, 0, .. Encoding.Latin1.GetBytes(value)]);
        }
        else
        {
            // iTXt: keyword, 0, not compressed, method 0, empty language, empty translated keyword, UTF-8.
            WriteChunk(file, "iTXt"u8, [.. key, 0, 0, 0, 0, 0, .. Encoding.UTF8.GetBytes(value)]);
        }
    }

    static void WriteChunk(MemoryStream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        byte[] chunk = new byte[12 + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        type.CopyTo(chunk.AsSpan(4));
        data.CopyTo(chunk.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + data.Length), Crc32.Of(chunk.AsSpan(4, 4 + data.Length)));
        file.Write(chunk);
    }
}
