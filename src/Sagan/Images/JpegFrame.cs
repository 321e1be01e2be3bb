namespace Sagan.Native.Images;

/// <summary>What the start-of-frame segment of a JPEG says.</summary>
sealed class JpegFrame
{
    public required int Width { get; init; }

    public required int Height { get; init; }

    public required bool Progressive { get; init; }

    public required JpegComponent[] Components { get; init; }

    /// <summary>The largest sampling factors, after <see cref="Place"/>.</summary>
    public int HMax { get; private set; }

    public int VMax { get; private set; }

    /// <summary>Size in MCUs of 8 Hmax x 8 Vmax pixels.</summary>
    public int McusWide { get; private set; }

    public int McusHigh { get; private set; }

    /// <summary>Lays the components out; returns the number of blocks in all.</summary>
    public long Place()
    {
        int h = HMax = Components.Max(c => c.H), v = VMax = Components.Max(c => c.V);
        (McusWide, McusHigh) = ((Width + 8 * h - 1) / (8 * h), (Height + 8 * v - 1) / (8 * v));
        foreach (JpegComponent c in Components)
        {
            c.Place(Width, Height, h, v);
        }
        return Components.Sum(c => c.Blocks);
    }
}
