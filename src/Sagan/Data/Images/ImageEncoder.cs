using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.Formats.Bmp;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.Formats.Webp;
using SixLabors.ImageSharp.Metadata;
using SixLabors.ImageSharp.PixelFormats;
using PackageConfiguration = SixLabors.ImageSharp.Configuration;

namespace Sagan.Native.Data.Images;

/// <summary>Encodes through the package SixLabors.ImageSharp; the same image gives the same bytes.</summary>
static class ImageEncoder
{
    // All of the colours: a grid is looked at pixel by pixel.
    static readonly JpegEncoder jpeg = new() { Quality = 95, ColorType = JpegColorType.YCbCrRatio444 };
    static readonly PackageConfiguration configuration = new() { MaxDegreeOfParallelism = 1 };

    /// <summary>Extensions of the files that are written.</summary>
    public static readonly string[] Extensions = [".png", ".jpg", ".jpeg", ".webp", ".bmp"];

    /// <summary>
    /// The bytes of a file: PNG with the given text entries; JPEG of quality 95; WebP without loss; BMP. JPEG and BMP have no alpha: it is
    /// composited over white.
    /// </summary>
    /// <param name="image">The image; PNG keeps its channels.</param>
    /// <param name="extension">One of <see cref="Extensions"/>.</param>
    /// <param name="text">Keywords (1 to 79 printable Latin-1 characters) and texts; PNG only.</param>
    /// <exception cref="IOException">The format has no pictures of this size.</exception>
    public static byte[] Encode(Image image, string extension, IEnumerable<KeyValuePair<string, string>>? text = null) =>
        extension.ToLowerInvariant() switch
        {
            ".png" => Png(image, text ?? []),
            ".jpg" or ".jpeg" => Encode<Rgb24>(Within(65535, extension, image).ToChannels(3), jpeg, []),
            ".webp" => Encode<Rgba32>(Within(16383, extension, image).WithAlpha(),
                new WebpEncoder { FileFormat = WebpFileFormatType.Lossless }, []),
            ".bmp" => Encode<Rgb24>(image.ToChannels(3), new BmpEncoder { BitsPerPixel = BmpBitsPerPixel.Pixel24 }, []),
            _ => throw new ArgumentException($"an image file is {string.Join(", ", Extensions)}, not '{extension}'.", nameof(extension)),
        };

    static Image Within(int most, string extension, Image image) => image.Width <= most && image.Height <= most ? image
        : throw new IOException($"a {extension} has at most {most} x {most} pixels, this picture {image.Width} x {image.Height}; write "
            + "a .png");

    static byte[] Png(Image image, IEnumerable<KeyValuePair<string, string>> text)
    {
        PngTextData[] texts = [.. text.Select(t => Text(t.Key, t.Value))];
        return image.Channels switch
        {
            1 => Encode<L8>(image, Png(PngColorType.Grayscale), texts),
            2 => Encode<La16>(image, Png(PngColorType.GrayscaleWithAlpha), texts),
            3 => Encode<Rgb24>(image, Png(PngColorType.Rgb), texts),
            _ => Encode<Rgba32>(image, Png(PngColorType.RgbWithAlpha), texts),
        };
    }

    static PngEncoder Png(PngColorType colours) => new()
    {
        ColorType = colours,
        BitDepth = PngBitDepth.Bit8,
        FilterMethod = PngFilterMethod.Adaptive,
        TransparentColorMode = PngTransparentColorMode.Preserve,
        ChunkFilter = PngChunkFilter.ExcludePhysicalChunk | PngChunkFilter.ExcludeGammaChunk | PngChunkFilter.ExcludeExifChunk,
        TextCompressionThreshold = int.MaxValue,
    };

    static PngTextData Text(string keyword, string value)
    {
        if (keyword.Length is 0 or > 79 || keyword.Any(c => c is < ' ' or (> '~' and < (char)161) or > (char)255))
        {
            throw new ArgumentException($"a PNG keyword is 1 to 79 printable Latin-1 characters, not '{keyword}'.", nameof(keyword));
        }
        if (value.Contains('\0'))
        {
            throw new ArgumentException($"the PNG text '{keyword}' holds a zero character.", nameof(value));
        }
        return new PngTextData(keyword, value, "", "");
    }

    static byte[] Encode<TPixel>(Image image, IImageEncoder encoder, PngTextData[] texts)
        where TPixel : unmanaged, IPixel<TPixel>
    {
        using Image<TPixel> wrapped = SixLabors.ImageSharp.Image.WrapMemory<TPixel>(configuration, image.Pixels, image.Width, image.Height);
        foreach (PngTextData text in texts) wrapped.Metadata.GetPngMetadata().TextData.Add(text);
        using MemoryStream file = new();
        encoder.Encode(wrapped, file);
        return file.ToArray();
    }
}
