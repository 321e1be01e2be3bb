using Sagan.Native.Data;

namespace Sagan.Native.Images;

/// <summary>Decodes image files, told apart by their content and not by their name, and writes PNG.</summary>
public static partial class ImageFile
{
    /// <summary>
    /// Decodes a PNG or an 8-bit JPEG, upright by its EXIF orientation. Another format, or a rare kind of JPEG, is decoded by the optional image package where
    /// this build has it.
    /// </summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What errors call the file.</param>
    /// <exception cref="DataException">The file is damaged, or of a format that is not read; the message names the format and the way out.</exception>
    public static Image Decode(byte[] bytes, string name)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        ArgumentNullException.ThrowIfNull(name);
        try
        {
            return ImageFormat.Of(bytes) switch
            {
                ImageFormat.Png => PngReader.Read(bytes, name),
                ImageFormat.Jpeg => JpegReader.Read(bytes, name),
                null when bytes.Length == 0 => throw new DataException(name, "the file is empty"),
                null => throw new DataException(name, 0, "not an image: its first bytes are those of no known format"),
                string format => throw new DataException(name, $"{format} is not read by this build: {WayOut}") { Unsupported = true },
            };
        }
        catch (DataException e) when (e.Unsupported)
        {
            Image? image = null;
            TryDecodeWithPackage(bytes, name, ref image);
            if (image is null)
            {
                throw;
            }
            return image;
        }
    }

    /// <summary>Reads and decodes the file <paramref name="path"/>: see <see cref="Decode"/>.</summary>
    public static Image Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Decode(Files.ReadAll(path, path), path);
    }

    /// <summary>The bytes of an 8-bit PNG with the given text entries (tEXt; iTXt where a text is not Latin-1).</summary>
    public static byte[] EncodePng(Image image, IEnumerable<KeyValuePair<string, string>>? text = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        return PngWriter.Write(image, text);
    }

    /// <summary>Writes a PNG beside <paramref name="path"/> and renames it, so that no reader ever sees half a file.</summary>
    public static void SavePng(string path, Image image, IEnumerable<KeyValuePair<string, string>>? text = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        byte[] bytes = EncodePng(image, text);
        string temporary = path + ".tmp";
        using (FileStream stream = new(temporary, FileMode.Create, FileAccess.Write))
        {
            stream.Write(bytes);
            stream.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
    }

    internal const string WayOut = "convert it to PNG or JPEG, or build with the package SixLabors.ImageSharp";

    /// <summary>
    /// The seam of the optional package: implemented in ImageSharpDecoder.cs, which is compiled only where the package restores; otherwise the call vanishes.
    /// </summary>
    static partial void TryDecodeWithPackage(byte[] bytes, string name, ref Image? image);
}
