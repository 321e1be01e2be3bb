namespace Sagan.Native.Data.Images;

/// <summary>
/// How large an image may be that is read: a claim in a file's first bytes is checked against it before any pixel has memory.
/// </summary>
readonly record struct ImageLimit(int Megapixels)
{
    /// <summary>Largest width and height: what JPEG can say.</summary>
    public const int MaxSide = 65535;

    /// <summary>What is read where nothing else is said: 67 megapixels, 8192 x 8192 among them.</summary>
    public const int DefaultMegapixels = 67;

    /// <summary>Most that may be asked for: four channels of it are one array.</summary>
    public const int MaxMegapixels = 500;

    const int Million = 1_000_000;

    public static ImageLimit Default => new(DefaultMegapixels);

    /// <summary>Throws <see cref="DataException"/> for an image without pixels, or with too many.</summary>
    public void Require(string name, long width, long height)
    {
        if (width < 1 || height < 1)
        {
            throw new DataException(name, $"an image of {width} x {height} pixels");
        }
        if (width > MaxSide || height > MaxSide)
        {
            throw new DataException(name, $"{width} x {height} pixels are more than the limit of {MaxSide} a side: "
                + "reduce the picture first");
        }
        if (width * height / Million > Megapixels)
        {
            string wayOut = $"reduce the picture, or raise data.maxMegapixels (up to {MaxMegapixels})";
            throw new DataException(name, $"{width} x {height} pixels are more than the limit of {Megapixels} megapixels: {wayOut}");
        }
    }
}
