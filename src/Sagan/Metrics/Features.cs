namespace Sagan.Native.Metrics;

/// <summary>
/// What a <see cref="FeatureNetwork"/> sees in a set of images: a row of <see cref="Width"/> numbers for each, and a row of logits where
/// the network is a classifier. All finite.
/// </summary>
public sealed class Features
{
    /// <summary>Wraps the rows, which are not copied.</summary>
    /// <param name="values">[Count, width], row-major.</param>
    /// <param name="width">Numbers of a row.</param>
    /// <param name="logits">[Count, classes], or null.</param>
    /// <param name="name">What an error calls image i; its number unless given.</param>
    /// <exception cref="MetricException">A number is NaN or infinite; the message names the image.</exception>
    public Features(float[] values, int width, float[]? logits = null, Func<int, string>? name = null)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        if (values.Length % width != 0)
            throw new ArgumentException($"{values.Length} values are no whole number of rows of {width}.", nameof(values));
        (Values, Width, Logits, Count) = (values, width, logits, values.Length / width);
        if (logits != null && (Count == 0 || logits.Length % Count != 0))
            throw new ArgumentException($"{logits.Length} logits are no whole number of rows for {Count} images.", nameof(logits));
        Check(values, width, "features", name);
        if (logits != null) Check(logits, Classes, "logits", name);
    }

    /// <summary>[Count, Width], row-major.</summary>
    public float[] Values { get; }

    /// <summary>Number of images, N.</summary>
    public int Count { get; }

    /// <summary>Numbers of a row, D.</summary>
    public int Width { get; }

    /// <summary>[Count, Classes]; null where the network has none.</summary>
    public float[]? Logits { get; }

    /// <summary>Columns of the logits; 0 without.</summary>
    public int Classes => Logits == null ? 0 : Logits.Length / Count;

    /// <summary>The features of one image.</summary>
    public ReadOnlySpan<float> Row(int image) => Values.AsSpan(image * Width, Width);

    /// <summary>The features of these images, in this order.</summary>
    public Features Choose(IReadOnlyList<int> images)
    {
        float[] values = new float[images.Count * Width];
        for (int i = 0; i < images.Count; i++) Row(images[i]).CopyTo(values.AsSpan(i * Width));
        return new Features(values, Width);
    }

    /// <summary>Refuses sets that cannot be compared: of different width, or with fewer than <paramref name="least"/> images.</summary>
    internal static void CheckPair(string metric, Features a, Features b, int least = 2)
    {
        CheckWidths(metric, a.Width, b.Width);
        foreach (Features f in (Features[])[a, b])
            if (f.Count < least) throw new MetricException($"{metric}: {Images(f.Count)} in a set; at least {least} are needed.");
    }

    internal static void CheckWidths(string metric, int a, int b)
    {
        if (a != b) throw new MetricException($"{metric}: the features have {a} and {b} numbers: they are of two different networks.");
    }

    internal static string Images(int count) => count == 1 ? "1 image" : $"{count} images";

    static void Check(float[] x, int width, string what, Func<int, string>? name)
    {
        for (int i = 0; i < x.Length; i++)
            if (!float.IsFinite(x[i]))
                throw new MetricException($"the {what} of {name?.Invoke(i / width) ?? $"image {i / width}"} are not finite (number "
                    + $"{i % width} is {x[i]}): "
                    + "the image or the feature network is broken.");
    }
}
