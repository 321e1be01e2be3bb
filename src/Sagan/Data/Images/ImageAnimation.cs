using System.Buffers;
using System.Buffers.Binary;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats.Gif;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing.Processors.Quantization;
using PackageImage = SixLabors.ImageSharp.Image;

namespace Sagan.Native.Data.Images;

/// <summary>
/// Pictures one after the other, in one file that plays for ever: GIF (256 colours for each picture) through the package
/// SixLabors.ImageSharp, or PNG as APNG, in all colours. A viewer that does not know APNG shows the first picture.
/// </summary>
public static class ImageAnimation
{
    /// <summary>Extensions of the files that are written.</summary>
    internal static readonly string[] Extensions = [".gif", ".png"];

    /// <summary>Writes the file, whole or not at all, and makes its folder.</summary>
    /// <param name="path">A .gif or .png.</param>
    /// <param name="frames">At least one; RGB, of one size.</param>
    /// <param name="milliseconds">
    /// How long each is shown, 10 to 13107; the last one five times as long. GIF counts in hundredths of a second.
    /// </param>
    /// <exception cref="RunFileException">The file cannot be written.</exception>
    public static void Save(string path, IReadOnlyList<Image> frames, int milliseconds = 400)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(frames);
        ArgumentOutOfRangeException.ThrowIfZero(frames.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(milliseconds, 10);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(milliseconds, ushort.MaxValue / 5);
        if (frames.Any(f => f.Channels != 3 || (f.Width, f.Height) != (frames[0].Width, frames[0].Height)))
            throw new ArgumentException("an animation has RGB pictures of one size.", nameof(frames));
        int[] times = [.. frames.Select((_, i) => i == frames.Count - 1 ? 5 * milliseconds : milliseconds)];
        switch (Path.GetExtension(path).ToLowerInvariant())
        {
            case ".gif": ImageFile.Write(path, () => Gif(frames, times)); break;
            case ".png": ImageFile.Write(path, () => Png(frames, times)); break;
            default: throw new ArgumentException($"an animation is .gif or .png, not '{path}'.", nameof(path));
        }
    }

    static byte[] Gif(IReadOnlyList<Image> frames, int[] milliseconds)
    {
        using Image<Rgb24> all = PackageImage.LoadPixelData<Rgb24>(frames[0].Pixels, frames[0].Width, frames[0].Height);
        foreach (Image frame in frames.Skip(1))
        {
            using Image<Rgb24> next = PackageImage.LoadPixelData<Rgb24>(frame.Pixels, frame.Width, frame.Height);
            all.Frames.AddFrame(next.Frames.RootFrame);
        }
        all.Metadata.GetGifMetadata().RepeatCount = 0;
        for (int i = 0; i < frames.Count; i++) all.Frames[i].Metadata.GetGifMetadata().FrameDelay = Math.Max(1, milliseconds[i] / 10);
        using MemoryStream file = new();
        // Enlarged pixels stay flat: dots of other colours in them would make the file four times as large.
        all.Save(file, new GifEncoder
        {
            ColorTableMode = GifColorTableMode.Local,
            Quantizer = new WuQuantizer(new QuantizerOptions { Dither = null }),
        });
        return file.ToArray();
    }

    // The first picture is a PNG as always; the data of the others are in chunks of their own, which have a number before them.
    // Source: W3C, Portable Network Graphics, third edition, sections 11.3.6.1 to 11.3.6.3.
    static byte[] Png(IReadOnlyList<Image> frames, int[] milliseconds)
    {
        ArrayBufferWriter<byte> file = new();
        file.Write(PngFile.Signature);
        uint sequence = 0;
        for (int i = 0; i < frames.Count; i++)
        {
            (byte[] header, byte[] data) = Parts(ImageFile.EncodePng(frames[i]));
            if (i == 0)
            {
                PngFile.WriteChunk(file, "IHDR"u8, header);
                PngFile.WriteChunk(file, "acTL"u8, [.. Number((uint)frames.Count), .. Number(0)]);
            }
            PngFile.WriteChunk(file, "fcTL"u8, [.. Number(sequence++), .. Number((uint)frames[i].Width),
                .. Number((uint)frames[i].Height), .. Number(0), .. Number(0), .. Half(milliseconds[i]), .. Half(1000), 0, 0]);
            if (i == 0) PngFile.WriteChunk(file, "IDAT"u8, data);
            else PngFile.WriteChunk(file, "fdAT"u8, [.. Number(sequence++), .. data]);
        }
        PngFile.WriteChunk(file, "IEND"u8, []);
        return file.WrittenSpan.ToArray();
    }

    static (byte[] Header, byte[] Data) Parts(byte[] png)
    {
        byte[] header = [];
        using MemoryStream data = new();
        for (int at = PngFile.Signature.Length; at < png.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at));
            ReadOnlySpan<byte> type = png.AsSpan(at + 4, 4), content = png.AsSpan(at + 8, length);
            if (type.SequenceEqual("IHDR"u8)) header = content.ToArray();
            else if (type.SequenceEqual("IDAT"u8)) data.Write(content);
            at += length + 12;
        }
        return (header, data.ToArray());
    }

    static byte[] Number(uint n)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, n);
        return bytes;
    }

    static byte[] Half(int n)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, checked((ushort)n));
        return bytes;
    }
}
