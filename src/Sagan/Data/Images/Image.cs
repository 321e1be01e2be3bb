namespace Sagan.Native.Data.Images;

/// <summary>
/// An 8-bit image: <c>Pixels[(y * Width + x) * Channels + c]</c>, rows from the top, no padding.
/// Channels: 1 grey, 2 grey + alpha, 3 RGB, 4 RGB + alpha (alpha not premultiplied).
/// </summary>
public sealed class Image
{
    /// <summary>An image of zeros.</summary>
    public Image(int width, int height, int channels)
        : this(width, height, channels, new byte[Length(width, height, channels)])
    {
    }

    /// <summary>An image over <paramref name="pixels"/>, which are not copied.</summary>
    public Image(int width, int height, int channels, byte[] pixels)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        if (pixels.Length != Length(width, height, channels))
        {
            int length = Length(width, height, channels);
            throw new ArgumentException($"an image of {width} x {height} x {channels} has {length} bytes, not {pixels.Length}.",
                nameof(pixels));
        }
        (Width, Height, Channels, Pixels) = (width, height, channels, pixels);
    }

    /// <summary>Pixels of a row.</summary>
    public int Width { get; }

    /// <summary>Number of rows.</summary>
    public int Height { get; }

    /// <summary>1 to 4: grey, grey + alpha, RGB, RGB + alpha.</summary>
    public int Channels { get; }

    /// <summary>[Height, Width, Channels], not a copy.</summary>
    public byte[] Pixels { get; }

    /// <summary>
    /// The same picture with 1 (grey) or 3 (RGB) channels. Alpha is composited over white, which is what a page or a viewer shows: the
    /// colour stored under a transparent pixel is arbitrary. Grey is the luma of ITU-R BT.601, (19595 r + 38470 g + 7471 b + 2^15) / 2^16.
    /// Returns this image itself where nothing changes.
    /// </summary>
    public Image ToChannels(int channels)
    {
        if (channels is not (1 or 3))
        {
            throw new ArgumentOutOfRangeException(nameof(channels), channels, "an image has 1 channel (grey) or 3 (RGB).");
        }
        if (channels == Channels)
        {
            return this;
        }
        Image result = new(Width, Height, channels);
        byte[] from = Pixels, to = result.Pixels;
        bool alpha = Channels is 2 or 4, colour = Channels >= 3;
        for (int i = 0, j = 0; i < from.Length; i += Channels, j += channels)
        {
            int r = from[i], g = colour ? from[i + 1] : r, b = colour ? from[i + 2] : r;
            if (alpha)
            {
                int a = from[i + Channels - 1];
                (r, g, b) = (OverWhite(r, a), OverWhite(g, a), OverWhite(b, a));
            }
            if (channels == 1)
            {
                to[j] = colour ? (byte)((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16) : (byte)r;
            }
            else
            {
                (to[j], to[j + 1], to[j + 2]) = ((byte)r, (byte)g, (byte)b);
            }
        }
        return result;
    }

    /// <summary>The same picture with 4 channels, opaque where it has no alpha. Returns this image itself where nothing changes.</summary>
    internal Image WithAlpha()
    {
        if (Channels == 4)
        {
            return this;
        }
        Image result = new(Width, Height, 4);
        bool colour = Channels == 3;
        for (int i = 0, j = 0; i < Pixels.Length; i += Channels, j += 4)
        {
            (result.Pixels[j], result.Pixels[j + 1], result.Pixels[j + 2]) =
                (Pixels[i], Pixels[colour ? i + 1 : i], Pixels[colour ? i + 2 : i]);
            result.Pixels[j + 3] = Channels == 2 ? Pixels[i + 1] : (byte)255;
        }
        return result;
    }

    /// <summary>An image of 4 channels with its colours multiplied by alpha.</summary>
    internal Image Premultiplied() => WithColours((c, a) => (c * a + 127) / 255);

    /// <summary>The inverse of <see cref="Premultiplied"/>; black where nothing is seen.</summary>
    internal Image Straight() => WithColours((c, a) => a == 0 ? 0 : Math.Min(255, (c * 255 + a / 2) / a));

    Image WithColours(Func<int, int, int> map)
    {
        Image result = new(Width, Height, 4);
        for (int i = 0; i < Pixels.Length; i++) result.Pixels[i] = i % 4 == 3 ? Pixels[i] : (byte)map(Pixels[i], Pixels[i | 3]);
        return result;
    }

    static int OverWhite(int c, int a) => (c * a + 255 * (255 - a) + 127) / 255;

    static int Length(int width, int height, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(channels, 4);
        long length = (long)width * height * channels;
        return length <= Array.MaxLength
            ? (int)length
            : throw new ArgumentException($"an image of {width} x {height} x {channels} is larger than an array can be.");
    }
}
