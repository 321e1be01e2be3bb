namespace Sagan.Native.Data.Images;

/// <summary>Many images of one size in rows, on one picture.</summary>
public static class ImageGrid
{
    /// <summary>Pixels between and around the images, where nothing else is said.</summary>
    public const int Padding = 2;

    /// <summary>
    /// Rows of <paramref name="columns"/> images with <paramref name="padding"/> pixels of <paramref name="fill"/> between and around them:
    /// width min(n, columns) (w + padding) + padding. The images have one size; grey and RGB may be mixed and give RGB. With an image that
    /// has alpha the picture has it too, and is transparent between the images.
    /// </summary>
    public static Image Of(IReadOnlyList<Image> images, int columns = 8, int padding = Padding, byte fill = 0)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        ArgumentOutOfRangeException.ThrowIfNegative(padding);
        if (images.Count == 0)
        {
            throw new ArgumentException("a grid needs at least one image.", nameof(images));
        }
        bool alpha = images.Any(i => i.Channels is 2 or 4);
        int w = images[0].Width, h = images[0].Height, n = alpha ? 4 : images.Any(i => i.Channels == 3) ? 3 : 1;
        int across = Math.Min(columns, images.Count), down = (images.Count + columns - 1) / columns;
        Image grid = new(across * (w + padding) + padding, down * (h + padding) + padding, n);
        if (!alpha) Array.Fill(grid.Pixels, fill);
        for (int i = 0; i < images.Count; i++)
        {
            Image image = alpha ? images[i].WithAlpha() : images[i].ToChannels(n);
            if (image.Width != w || image.Height != h)
            {
                throw new ArgumentException($"image {i} of a grid is {image.Width} x {image.Height}, the first is {w} x {h}.",
                    nameof(images));
            }
            int x = padding + i % columns * (w + padding), y = padding + i / columns * (h + padding);
            for (int row = 0; row < h; row++)
            {
                image.Pixels.AsSpan(row * w * n, w * n).CopyTo(grid.Pixels.AsSpan(((y + row) * grid.Width + x) * n));
            }
        }
        return grid;
    }
}
