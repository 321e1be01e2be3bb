using Sagan.Native.Data;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Metrics;

/// <summary>Images of one size to be judged, made or read one after the other while they are asked for.</summary>
/// <param name="Count">How many.</param>
/// <param name="Images">The images, <paramref name="Count"/> of them, as bytes: a generator's are judged as they would be saved.</param>
/// <param name="NameOf">What an error calls image i.</param>
public sealed record ImageSet(int Count, IEnumerable<Image> Images, Func<int, string> NameOf)
{
    // Of the choice of a part of a large set: a constant, so that it is always the same part.
    const ulong ChoiceSeed = 0;

    /// <summary>Images in memory.</summary>
    public static ImageSet Of(IReadOnlyList<Image> images)
    {
        ArgumentNullException.ThrowIfNull(images);
        return new ImageSet(images.Count, images, i => $"image {i}");
    }

    /// <summary>A data set, or, where it is larger than <paramref name="most"/>, a random part of it that is always the same.</summary>
    public static ImageSet Of(ImageDataset data, int most = int.MaxValue)
    {
        int[] chosen = Chosen(data, most);
        return new ImageSet(chosen.Length, chosen.Select(data.Image), i => data.Name(chosen[i]));
    }

    /// <summary>Which images of the data set <see cref="Of(ImageDataset, int)"/> takes, in its order.</summary>
    internal static int[] Chosen(ImageDataset data, int most)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        if (most >= data.Count) return [.. Enumerable.Range(0, data.Count)];
        EpochOrder order = new(ChoiceSeed, data.Count);
        return [.. Enumerable.Range(0, most).Select(i => order[i])];
    }

    /// <summary>The images of one class of a data set, in its order.</summary>
    public static ImageSet OfClass(ImageDataset data, int label)
    {
        ArgumentNullException.ThrowIfNull(data);
        int[] chosen = [.. Enumerable.Range(0, data.Count).Where(i => data.Label(i) == label)];
        return new ImageSet(chosen.Length, chosen.Select(data.Image), i => data.Name(chosen[i]));
    }
}
