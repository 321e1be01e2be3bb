using Sagan.Native.Configuration;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Data;

/// <summary>The images to learn from.</summary>
public sealed record DataConfig
{
    /// <summary>A folder, zip, IDX or CIFAR file, or <c>creatures</c>, the built-in set.</summary>
    public string Source { get; init; } = "creatures";

    /// <summary>
    /// Where that was when the run began, as an absolute path: written by the program, so that the run finds its images from any folder.
    /// </summary>
    public string Path { get; init; } = "";

    /// <summary>
    /// Names of the classes to learn from, separated by commas, one with a comma in double quotes; empty = all. Their labels are their
    /// places in this list.
    /// </summary>
    public string Classes { get; init; } = "";

    /// <summary>Mirror half of the images left to right.</summary>
    public bool Flip { get; init; }

    /// <summary>What becomes of an image that is not square.</summary>
    public CropKind Crop { get; init; } = CropKind.Centre;

    /// <summary>Side of the centre crop in pixels of the original; 0 = the short side.</summary>
    public int CropPixels { get; init; }

    /// <summary>Millions of pixels that an image may have; a larger one counts as one that cannot be read.</summary>
    public int MaxMegapixels { get; init; } = 67;

    /// <summary>True: an image that cannot be read is left out and listed. False: it is an error.</summary>
    public bool SkipBadImages { get; init; } = true;

    /// <summary>Number of images of the built-in set.</summary>
    public int CreatureCount { get; init; } = 10_000;

    /// <summary>Seed of the built-in set.</summary>
    public ulong CreatureSeed { get; init; } = 1;

    /// <summary>How the images are read for networks of this size and number of channels.</summary>
    public DatasetOptions Options(int size, int channels) => new()
    {
        Size = size,
        Channels = channels,
        Classes = ClassNames.TryParse(Classes, out string[]? names) ? names : [],
        Crop = Crop,
        CropPixels = CropPixels,
        MaxMegapixels = MaxMegapixels,
        SkipBadImages = SkipBadImages,
        CreatureCount = CreatureCount,
        CreatureSeed = CreatureSeed,
    };

    internal void Validate(ConfigRules rules)
    {
        rules.Require("source", Source, Source.Length > 0, "must be a folder, a file or creatures");
        rules.Require("classes", Classes, ClassNames.TryParse(Classes, out _),
            "a name in quotes ends with one, and then a comma or nothing; a quote in it is written twice: cats,\"dogs, \"\"small\"\"\"");
        rules.Range("cropPixels", CropPixels, 0, 65536, "0 = the short side");
        rules.Range("maxMegapixels", MaxMegapixels, 1, ImageLimit.MaxMegapixels);
        rules.Range("creatureCount", CreatureCount, 1, 10_000_000);
    }
}

/// <summary>What becomes of an image that is not square.</summary>
public enum CropKind
{
    /// <summary>Its centre is cut out: the square of the short side, or of <see cref="DataConfig.CropPixels"/>.</summary>
    Centre,

    /// <summary>It is stretched.</summary>
    None,
}
