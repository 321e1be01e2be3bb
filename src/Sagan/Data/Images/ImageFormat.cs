using System.Text;

namespace Sagan.Native.Data.Images;

/// <summary>Names an image format by the first bytes of a file.</summary>
static class ImageFormat
{
    public const string Png = "PNG", Jpeg = "JPEG", Gif = "GIF", Bmp = "BMP", Webp = "WebP";

    /// <summary>True for a format that is read.</summary>
    public static bool IsRead(string format) => format is Png or Jpeg or Gif or Bmp or Webp;

    /// <summary>Extensions of image files, read or not: what is looked at in a folder or an archive.</summary>
    public static readonly HashSet<string> Extensions = new(StringComparer.OrdinalIgnoreCase)
    {
        ".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".dib", ".tif", ".tiff", ".webp", ".heic", ".heif", ".avif",
            ".jp2",
        ".j2k", ".jxl", ".ico", ".psd", ".tga", ".pbm", ".pgm", ".ppm", ".pnm", ".qoi", ".exr", ".hdr", ".svg", ".dng", ".cr2", ".nef",
    };

    /// <summary>The format's name, null where the bytes belong to none.</summary>
    public static string? Of(ReadOnlySpan<byte> file)
    {
        // Part of a signature is enough for the two that are read, so that a damaged one is called damaged.
        if (file.StartsWith(PngFile.Signature) || file.Length >= 4 && file[1..].StartsWith("PNG"u8))
        {
            return Png;
        }
        if (file.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]))
        {
            return Jpeg;
        }
        if (file.StartsWith("RIFF"u8) && file.Length >= 12 && file[8..].StartsWith("WEBP"u8))
        {
            return Webp;
        }
        if (file.Length >= 12 && file[4..].StartsWith("ftyp"u8))
        {
            string brand = Encoding.Latin1.GetString(file.Slice(8, 4));
            return brand switch
            {
                "avif" or "avis" => "AVIF",
                "heic" or "heix" or "hevc" or "hevx" or "heim" or "heis" or "mif1" or "msf1" => "HEIC",
                "crx " => "Canon CR3",
                _ => "a video or picture in an ISO media file",
            };
        }
        foreach ((byte[] magic, string format) in Magics)
        {
            if (file.StartsWith(magic))
            {
                return format;
            }
        }
        bool netpbm = file.Length >= 3 && file[0] == 'P' && file[1] is >= (byte)'1' and <= (byte)'7' && char.IsWhiteSpace((char)file[2]);
        return netpbm ? "PNM" : null;
    }

    static readonly (byte[] Magic, string Format)[] Magics =
    [
        ("GIF87a"u8.ToArray(), Gif),
        ("GIF89a"u8.ToArray(), Gif),
        ("BM"u8.ToArray(), Bmp),
        ("II*\0"u8.ToArray(), "TIFF"),
        ("MM\0*"u8.ToArray(), "TIFF"),
        ("8BPS"u8.ToArray(), "Photoshop"),
        ("qoif"u8.ToArray(), "QOI"),
        ("<svg"u8.ToArray(), "SVG"),
        ("#?RADIANCE"u8.ToArray(), "Radiance HDR"),
        ([0x76, 0x2F, 0x31, 0x01], "OpenEXR"),
        ([0, 0, 1, 0], "ICO"),
        ([0xFF, 0x0A], "JPEG XL"),
        ([0, 0, 0, 0x0C, (byte)'J', (byte)'X', (byte)'L', (byte)' '], "JPEG XL"),
        ([0, 0, 0, 0x0C, (byte)'j', (byte)'P', (byte)' ', (byte)' '], "JPEG 2000"),
        ([0xFF, 0x4F, 0xFF, 0x51], "JPEG 2000"),
    ];
}
