using Sagan.Native.Data.Images;

namespace Sagan.Native.Data;

/// <summary>How a data set is read.</summary>
public sealed record DatasetOptions
{
    /// <summary>Width and height of every image of the set.</summary>
    public int Size { get; init; } = 64;

    /// <summary>3 (RGB), 4 (RGB and alpha, opaque where an image has none) or 1 (grey).</summary>
    public int Channels { get; init; } = 3;

    /// <summary>Names of the classes to use, whose places here become their labels; empty = all.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>Which square of an image is used, before it is resized.</summary>
    public CropKind Crop { get; init; } = CropKind.Centre;

    /// <summary>
    /// Side of the centred square in pixels of the original, at most the short side; 0 is the short side. (160 is the usual crop of the
    /// aligned CelebA faces.)
    /// </summary>
    public int CropPixels { get; init; }

    /// <summary>Millions of pixels that an image may have, 1 to 500: larger ones are left out before they are decoded.</summary>
    public int MaxMegapixels { get; init; } = ImageLimit.DefaultMegapixels;

    /// <summary>True: images that cannot be read are left out and listed. False: the first of them is an error.</summary>
    public bool SkipBadImages { get; init; } = true;

    /// <summary>
    /// Most bytes for decoded images; null is a quarter of the memory, at most 4 GB. A set that needs more is decoded again for every
    /// batch.
    /// </summary>
    public long? CacheBytes { get; init; }

    /// <summary>Number of images of the built-in set.</summary>
    public int CreatureCount { get; init; } = 10_000;

    /// <summary>Seed of the built-in set.</summary>
    public ulong CreatureSeed { get; init; } = 1;

    /// <summary>Told now and then while images are decoded, from any thread.</summary>
    public IProgress<DatasetProgress>? Progress { get; init; }

    internal ImageLimit Limit => new(MaxMegapixels);

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Size, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Size, 4096);
        ArgumentOutOfRangeException.ThrowIfNegative(CropPixels);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxMegapixels, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxMegapixels, ImageLimit.MaxMegapixels);
        ArgumentOutOfRangeException.ThrowIfLessThan(CreatureCount, 1);
        if (Channels is not (1 or 3 or 4))
        {
            throw new ArgumentOutOfRangeException(nameof(Channels), Channels, "images of a data set have 1 channel (grey), 3 (RGB) or 4 "
                + "(RGB and alpha).");
        }
    }
}

/// <summary>How far the reading of a data set has come.</summary>
public readonly record struct DatasetProgress(int Done, int Total, int Skipped);
