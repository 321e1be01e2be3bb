using Sagan.Native.Data;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;

namespace Sagan.Native.Images;

/// <summary>
/// Decodes by the package SixLabors.ImageSharp (2.1) what this project's readers refuse: WebP, GIF, BMP, TIFF, TGA, PBM, CMYK and 12-bit JPEG. Compiled only
/// where the package restores.
/// </summary>
public static partial class ImageFile
{
    static partial void TryDecodeWithPackage(byte[] bytes, string name, ref Image? image)
    {
        try
        {
            IImageInfo? info = SixLabors.ImageSharp.Image.Identify(bytes);
            if (info is null)
            {
                return;
            }
            if (info.Width > Image.MaxSide || info.Height > Image.MaxSide || (long)info.Width * info.Height > Image.MaxPixels)
            {
                throw new DataException(name, $"{info.Width} x {info.Height} pixels are more than the limit of {Image.MaxPixels}: reduce the picture first");
            }
            using Image<Rgba32> decoded = SixLabors.ImageSharp.Image.Load<Rgba32>(bytes);
            decoded.Mutate(x => x.AutoOrient());
            Image result = new(decoded.Width, decoded.Height, 4);
            decoded.CopyPixelDataTo(result.Pixels);
            image = result;
        }
        catch (UnknownImageFormatException)
        {
            // Not read by the package either: the refusal of this project's readers stands.
        }
        catch (Exception e) when (e is not (DataException or OutOfMemoryException))
        {
            // Beside its own exceptions the package lets through what its code runs into on damaged files (null, index, arithmetic): each means a bad file.
            throw new DataException(name, "cannot be decoded: " + e.Message.ReplaceLineEndings(" "), e);
        }
    }
}
