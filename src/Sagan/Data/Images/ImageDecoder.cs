using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.Formats.Bmp;
using SixLabors.ImageSharp.Formats.Gif;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.Formats.Webp;
using SixLabors.ImageSharp.Memory;
using SixLabors.ImageSharp.Metadata;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;
using PackageConfiguration = SixLabors.ImageSharp.Configuration;

namespace Sagan.Native.Data.Images;

/// <summary>
/// Decodes through the package SixLabors.ImageSharp. Files are made sure to be whole first (<see cref="PngFile"/> and its kin): the package
/// fills what is missing with grey. Its decoder is called for the format that was found and no other is registered: TIFF, TGA and PBM
/// cannot be reached.
/// </summary>
static class ImageDecoder
{
    static readonly JpegDecoder jpeg = new();
    static readonly PngDecoder png = new();
    static readonly GifDecoder gif = new() { DecodingMode = FrameDecodingMode.First, IgnoreMetadata = true };
    static readonly BmpDecoder bmp = new();
    static readonly WebpDecoder webp = new();
    static readonly ConcurrentDictionary<ImageLimit, PackageConfiguration> configurations = new();

    /// <summary>The upright picture of a file of this format (<see cref="ImageFormat"/>), with the channels it has in the file.</summary>
    /// <exception cref="DataException">The file is damaged, or of a kind that is not read.</exception>
    public static Image Decode(byte[] file, string name, string format, ImageLimit limit)
    {
        try
        {
            switch (format)
            {
                case ImageFormat.Jpeg:
                    byte[] sound = JpegFile.Sound(file, name, limit, out int channels);
                    return channels == 1 ? Decode<L8>(jpeg, sound, name, limit, 1) : Decode<Rgb24>(jpeg, sound, name, limit, 3);
                case ImageFormat.Png:
                    return DecodePng(PngFile.Sound(file, name, limit), name, limit);
                case ImageFormat.Gif:
                    return Decode<Rgba32>(gif, GifFile.Sound(file, name, limit), name, limit, 4);
                case ImageFormat.Bmp:
                    return Decode<Rgba32>(bmp, BmpFile.Sound(file, name, limit), name, limit, 4);
                default:
                    return Decode<Rgba32>(webp, WebpFile.Sound(file, name, limit), name, limit, 4);
            }
        }
        catch (Exception e) when (e is not (DataException or OutOfMemoryException))
        {
            // Beside its own exceptions the package lets through what its code runs into on damaged files (null, index, arithmetic): each
            // means a bad file.
            throw new DataException(name, "cannot be decoded: " + e.Message.ReplaceLineEndings(" "), e);
        }
    }

    static Image DecodePng(PngPicture picture, string name, ImageLimit limit) => (picture.Channels, picture.Depth) switch
    {
        (1, 16) => DecodePng<L16>(picture, name, limit),
        (2, 16) => DecodePng<La32>(picture, name, limit),
        (3, 16) => DecodePng<Rgb48>(picture, name, limit),
        (4, 16) => DecodePng<Rgba64>(picture, name, limit),
        (1, _) => DecodePng<L8>(picture, name, limit),
        (2, _) => DecodePng<La16>(picture, name, limit),
        (3, _) => DecodePng<Rgb24>(picture, name, limit),
        _ => DecodePng<Rgba32>(picture, name, limit),
    };

    static Image DecodePng<TPixel>(PngPicture picture, string name, ImageLimit limit)
        where TPixel : unmanaged, IPixel<TPixel>
    {
        if (picture.Parts is [{ StepX: 1 } whole]) return Decode<TPixel>(png, whole.File, name, limit, picture.Channels);
        using Image<TPixel> woven = new(configurations.GetOrAdd(limit, Configure), picture.Width, picture.Height);
        foreach (PngPart part in picture.Parts)
        {
            using Image<TPixel> pass = Load<TPixel>(png, part.File, name, limit);
            woven.ProcessPixelRows(pass, (to, from) =>
            {
                for (int y = 0; y < from.Height; y++)
                {
                    Span<TPixel> row = to.GetRowSpan(part.Y + y * part.StepY), pixels = from.GetRowSpan(y);
                    for (int x = 0; x < pixels.Length; x++) row[part.X + x * part.StepX] = pixels[x];
                }
            });
            woven.Metadata.ExifProfile ??= pass.Metadata.ExifProfile;
        }
        return Upright(woven, picture.Channels);
    }

    static Image Decode<TPixel>(IImageDecoder decoder, byte[] sound, string name, ImageLimit limit, int channels)
        where TPixel : unmanaged, IPixel<TPixel>
    {
        using Image<TPixel> decoded = Load<TPixel>(decoder, sound, name, limit);
        return Upright(decoded, channels);
    }

    /// <summary>The size is read first, and pixels only where it is within the limit.</summary>
    static Image<TPixel> Load<TPixel>(IImageDecoder decoder, byte[] sound, string name, ImageLimit limit)
        where TPixel : unmanaged, IPixel<TPixel>
    {
        PackageConfiguration configuration = configurations.GetOrAdd(limit, Configure);
        using MemoryStream stream = new(sound, writable: false);
        IImageInfo info = ((IImageInfoDetector)decoder).Identify(configuration, stream, CancellationToken.None);
        limit.Require(name, info.Width, info.Height);
        stream.Position = 0;
        return decoder.Decode<TPixel>(configuration, stream, CancellationToken.None);
    }

    static Image Upright<TPixel>(Image<TPixel> decoded, int channels)
        where TPixel : unmanaged, IPixel<TPixel>
    {
        if (decoded.Metadata.ExifProfile is not null) decoded.Mutate(x => x.AutoOrient());
        Image result = new(decoded.Width, decoded.Height, channels);
        if (Unsafe.SizeOf<TPixel>() == channels)
        {
            decoded.CopyPixelDataTo(result.Pixels);
            return result;
        }
        // Samples of 16 bits give their high byte, as libpng's strip does: the package would round.
        decoded.ProcessPixelRows(rows =>
        {
            for (int y = 0, i = 0; y < rows.Height; y++)
            {
                foreach (ushort sample in MemoryMarshal.Cast<TPixel, ushort>(rows.GetRowSpan(y))) result.Pixels[i++] = (byte)(sample >> 8);
            }
        });
        return result;
    }

    // One thread for an image: the loader decodes several at once.
    static PackageConfiguration Configure(ImageLimit limit) => new()
    {
        MaxDegreeOfParallelism = 1,
        MemoryAllocator = MemoryAllocator.Create(new MemoryAllocatorOptions { AllocationLimitMegabytes = 16 + 8 * limit.Megapixels }),
    };
}
