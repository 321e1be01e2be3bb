using Sagan.Native.Data;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Training.Diagnosis;

/// <summary>
/// How much the images of a grid on the disk differ from each other, as <see cref="Watchdog.Spread"/> measures it, kept for grids that were
/// looked at before.
/// </summary>
sealed class SampleSpread
{
    const int MostImages = 32, Padding = ImageGrid.Padding;

    readonly Dictionary<string, (DateTime Written, double? Value)> known = [];

    /// <summary>In levels of 0 to 255; null for a picture that cannot be read, or is no grid of images of this size.</summary>
    public double? Of(string path, int size)
    {
        DateTime written = File.GetLastWriteTimeUtc(path);
        if (known.TryGetValue(path, out (DateTime Written, double? Value) seen) && seen.Written == written) return seen.Value;
        double? value = Read(path, size);
        known[path] = (written, value);
        return value;
    }

    static double? Read(string path, int size)
    {
        try
        {
            Image grid = ImageFile.Decode(File.ReadAllBytes(path), path);
            int cell = size + Padding;
            if ((grid.Width - Padding) % cell != 0 || (grid.Height - Padding) % cell != 0) return null;
            List<Image> images = [];
            for (int y = Padding; y < grid.Height && images.Count < MostImages; y += cell)
                for (int x = Padding; x < grid.Width && images.Count < MostImages; x += cell) images.Add(Cut(grid, x, y, size));
            // The places that were left over in the last row.
            int last = images.Count;
            while (last > 0 && images[last - 1].Pixels.All(p => p == 0)) last--;
            return last < 2 ? null : Watchdog.Spread(images[..last]);
        }
        catch (Exception e) when (e is DataException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    static Image Cut(Image grid, int x, int y, int size)
    {
        int n = grid.Channels;
        Image image = new(size, size, n);
        for (int row = 0; row < size; row++)
            grid.Pixels.AsSpan(((y + row) * grid.Width + x) * n, size * n).CopyTo(image.Pixels.AsSpan(row * size * n));
        return image;
    }
}
