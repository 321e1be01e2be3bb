using Sagan.Native.IO;

namespace Sagan.Native.Data.Images;

/// <summary>Reads image files, told apart by their content and not by their name, and writes them.</summary>
public static class ImageFile
{
    internal const string WayOut = "convert it to PNG or JPEG";

    /// <summary>
    /// Decodes a PNG, JPEG, GIF (its first frame), BMP or WebP, upright by its EXIF orientation. A file that is not whole is an error.
    /// </summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What errors call the file.</param>
    /// <exception cref="DataException">
    /// The file is damaged, of more than 67 megapixels, or of a format that is not read; the message names the format and the way out.
    /// </exception>
    public static Image Decode(byte[] bytes, string name) => Decode(bytes, name, ImageLimit.Default);

    /// <summary>The bytes of an 8-bit PNG with the given text entries (tEXt; iTXt where a text is not Latin-1).</summary>
    public static byte[] EncodePng(Image image, IEnumerable<KeyValuePair<string, string>>? text = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        return ImageEncoder.Encode(image, ".png", text);
    }

    /// <summary>
    /// Writes a picture in the format of its name (.png, .jpg, .webp or .bmp), whole or not at all, and makes its folder.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="image">The picture.</param>
    /// <param name="text">Entries of a PNG.</param>
    /// <exception cref="RunFileException">The file cannot be written.</exception>
    public static void Save(string path, Image image, IEnumerable<KeyValuePair<string, string>>? text = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(image);
        Write(path, () => ImageEncoder.Encode(image, Path.GetExtension(path), text));
    }

    /// <summary>Writes the bytes of a picture, whole or not at all, and makes its folder.</summary>
    internal static void Write(string path, Func<byte[]> encode)
    {
        try
        {
            byte[] bytes = encode();
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder) Directory.CreateDirectory(folder);
            AtomicFile.WriteAllBytes(path, bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunFileException($"{path}: the picture cannot be written: {e.Message}", e);
        }
    }

    internal static Image Decode(byte[] bytes, string name, ImageLimit limit)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        ArgumentNullException.ThrowIfNull(name);
        return ImageFormat.Of(bytes) switch
        {
            null when bytes.Length == 0 => throw new DataException(name, "the file is empty"),
            null => throw new DataException(name, 0, "not an image: its first bytes are those of no known format"),
            string format when !ImageFormat.IsRead(format) =>
                throw new DataException(name, $"{format} is not read: {WayOut}") { Unsupported = true },
            string format => ImageDecoder.Decode(bytes, name, format, limit),
        };
    }
}
