namespace Sagan.Native.Data.Images;

/// <summary>Between the bytes of images and the range [-1, 1] of a generator's tanh.</summary>
public static class PixelRange
{
    static readonly float[] Table = [.. Enumerable.Range(0, 256).Select(v => (float)(v * 2.0 / 255 - 1))];

    /// <summary>x = v 2/255 - 1.</summary>
    public static void ToSigned(ReadOnlySpan<byte> pixels, Span<float> x)
    {
        x = x[..pixels.Length];
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = Table[pixels[i]];
        }
    }

    /// <summary>v = floor(255 clamp((x + 1)/2, 0, 1) + 1/2); NaN gives 0.</summary>
    public static void ToBytes(ReadOnlySpan<float> x, Span<byte> pixels)
    {
        pixels = pixels[..x.Length];
        for (int i = 0; i < pixels.Length; i++)
        {
            float v = Math.Clamp((x[i] + 1) * 0.5f, 0f, 1f);
            pixels[i] = float.IsNaN(v) ? (byte)0 : (byte)(255 * v + 0.5f);
        }
    }

    /// <summary>The images of a batch x [n, height, width, channels] in [-1, 1].</summary>
    public static Image[] ToImages(ReadOnlySpan<float> x, int height, int width, int channels)
    {
        int length = height * width * channels;
        if (length <= 0 || x.Length % length != 0)
        {
            throw new ArgumentException($"{x.Length} values are no whole number of images of {height} x {width} x {channels}.", nameof(x));
        }
        Image[] images = new Image[x.Length / length];
        for (int i = 0; i < images.Length; i++)
        {
            images[i] = new Image(width, height, channels);
            ToBytes(x.Slice(i * length, length), images[i].Pixels);
        }
        return images;
    }
}
