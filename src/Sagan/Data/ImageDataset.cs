using System.Buffers.Binary;
using System.Security.Cryptography;
using Sagan.Native.Data.Images;
using Sagan.Native.Kernels;

namespace Sagan.Native.Data;

/// <summary>
/// A set of images of one size, each with a label (0 where the set has none). All images were decoded once when it was opened, so every
/// index is known to be good; they stay in memory as bytes where they fit, else they are decoded again when asked for. Thread-safe for
/// reading.
/// </summary>
public sealed class ImageDataset : IDisposable
{
    readonly ImageSource source;
    readonly DatasetOptions options;
    readonly int[] items;
    readonly byte[][]? cache;

    ImageDataset(ImageSource source, DatasetOptions options, int[] items, byte[][]? cache, DatasetReport report) =>
        (this.source, this.options, this.items, this.cache, Report) = (source, options, items, cache, report);

    /// <summary>What was found.</summary>
    public DatasetReport Report { get; }

    /// <summary>Number of usable images; an index is below it.</summary>
    public int Count => items.Length;

    /// <summary>Width and height.</summary>
    public int Size => options.Size;

    /// <summary>3 (RGB), 4 (RGB and alpha) or 1 (grey), whatever the originals have.</summary>
    public int Channels => options.Channels;

    /// <summary>Number of classes; 0 for a set without labels.</summary>
    public int ClassCount => Report.Classes.Count;

    /// <summary>Bytes of one image, Size Size Channels.</summary>
    public int ImageBytes => Size * Size * Channels;

    /// <summary>Label of an image, 0 .. ClassCount - 1.</summary>
    public int Label(int index) => source.Label(items[index]);

    /// <summary>Name of an image: a path in the folder or archive, or a number in a file.</summary>
    public string Name(int index) => source.Name(items[index]);

    /// <summary>
    /// Pixels of an image, [Size, Size, Channels]. Throws <see cref="DataException"/> where an image that is decoded on demand has gone
    /// meanwhile.
    /// </summary>
    public ReadOnlySpan<byte> Pixels(int index) => cache is null ? Prepare(source.Read(items[index]), options).Pixels : cache[index];

    /// <summary>An image of the set.</summary>
    public Image Image(int index) => new(Size, Size, Channels, Pixels(index).ToArray());

    /// <summary>These images as a tensor, in [-1, 1].  [n, Size, Size, Channels]</summary>
    public Tensor ToTensor(ReadOnlySpan<int> indices, Device? device = null)
    {
        float[] x = new float[checked(indices.Length * ImageBytes)];
        for (int i = 0; i < indices.Length; i++) PixelRange.ToSigned(Pixels(indices[i]), x.AsSpan(i * ImageBytes, ImageBytes));
        return Tensor.From(x, new Shape(indices.Length, Size, Size, Channels), device);
    }

    /// <summary>Some images of the set, the same ones every time.</summary>
    public Image[] Some(int count)
    {
        EpochOrder order = new(0, Count);
        return [.. Enumerable.Range(0, Math.Min(count, Count)).Select(i => Image(order[i]))];
    }

    /// <summary>The labels of <see cref="Some"/>.</summary>
    public IEnumerable<int> SomeLabels(int count)
    {
        EpochOrder order = new(0, Count);
        return Enumerable.Range(0, Math.Min(count, Count)).Select(i => Label(order[i]));
    }

    /// <summary>A picture of some images of the set, the same ones every time.</summary>
    public Image Grid(int count = 64, int columns = 8) => ImageGrid.Of(Some(count), columns);

    /// <summary>Closes the files. Images in memory stay usable.</summary>
    public void Dispose() => source.Dispose();

    /// <summary>Decodes everything once. Owns <paramref name="source"/>, also where it fails.</summary>
    internal static ImageDataset Build(ImageSource source, string name, DatasetOptions options, CancellationToken cancellation)
    {
        try
        {
            return Decode(source, name, options, cancellation);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    static ImageDataset Decode(ImageSource source, string name, DatasetOptions options, CancellationToken cancellation)
    {
        int count = source.Count;
        long bytes = (long)count * options.Size * options.Size * options.Channels;
        bool cached = bytes <= (options.CacheBytes ?? Math.Min(4L << 30, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4));
        byte[]?[] pixels = new byte[cached ? count : 0][];
        byte[]?[] hashes = new byte[count][];
        DataException?[] failures = new DataException[count];
        (int Width, int Height)[] sizes = new (int, int)[count];
        int done = 0, skipped = 0, every = Math.Max(1, count / 200);
        ParallelOptions parallel = new() { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount };
        ParallelLoopResult loop = Parallel.For(0, count, parallel, (i, state) =>
        {
            try
            {
                Image original = source.Read(i);
                sizes[i] = (original.Width, original.Height);
                byte[] prepared = Prepare(original, options).Pixels;
                hashes[i] = SHA256.HashData(prepared);
                if (cached)
                {
                    pixels[i] = prepared;
                }
            }
            catch (DataException e)
            {
                failures[i] = e;
                Interlocked.Increment(ref skipped);
                if (!options.SkipBadImages)
                {
                    // Break, not Stop: everything before i is still read, so that the failure reported is the first of the set.
                    state.Break();
                }
            }
            int n = Interlocked.Increment(ref done);
            if (n % every == 0 || n == count)
            {
                options.Progress?.Report(new DatasetProgress(n, count, Volatile.Read(ref skipped)));
            }
        });
        if (!loop.IsCompleted)
        {
            throw Array.Find(failures, f => f is not null)!;
        }
        int[] items = [.. Enumerable.Range(0, count).Where(i => failures[i] is null)];
        if (items.Length == 0)
        {
            DataException? first = Array.Find(failures, f => f is not null);
            string problem = first is null ? $"no images: {source.Kind} without one" : $"none of {count} images can be read; the first: "
                + $"{first.Message}";
            throw new DataException(name, problem, first);
        }
        DatasetClass[] classes = CountClasses(source, items);
        DatasetReport report = new()
        {
            Source = name,
            Kind = source.Kind,
            Count = items.Length,
            Size = options.Size,
            Channels = options.Channels,
            Smallest = (items.Min(i => sizes[i].Width), items.Min(i => sizes[i].Height)),
            Largest = (items.Max(i => sizes[i].Width), items.Max(i => sizes[i].Height)),
            Classes = classes,
            Skipped = [.. failures.Where(f => f is not null).Select(f => new SkippedFile(f!.FileName, f.Problem))],
            ClassDoubt = source.ClassDoubt,
            Notes = [.. source.Notes, .. source.ClassDoubt is { } doubt ? [doubt] : Array.Empty<string>(),
                .. SizeNotes(items, sizes, options)],
            Warnings = [.. EmptyClasses([.. source.EmptyClasses, .. classes.Where(c => c.Count == 0).Select(c => c.Name)])],
            ContentHash = Hash(source, options, items, hashes),
            Cached = cached,
        };
        ImageDataset data = new(source, options, items, cached ? [.. items.Select(i => pixels[i]!)] : null, report);
        if (cached)
        {
            source.Dispose();
        }
        return data;
    }

    /// <summary>
    /// Crop, composite, resize. Alpha goes before resizing, or the colours under transparent pixels would bleed into the edges. Grey is
    /// repeated to RGB after it: the same pixels for less.
    /// </summary>
    static Image Prepare(Image image, DatasetOptions options)
    {
        if (options.Channels == 4)
        {
            // With the colours weighted by alpha while resizing, what lies under transparent pixels does not bleed into the edges.
            image = image.WithAlpha().Premultiplied();
            int side = Math.Min(image.Width, image.Height);
            if (options.CropPixels > 0) side = Math.Min(side, options.CropPixels);
            return (options.Crop == CropKind.Centre ? Resize.CentreTo(image, side, options.Size)
                : Resize.To(image, options.Size, options.Size)).Straight();
        }
        if (options.Crop == CropKind.Centre)
        {
            int side = Math.Min(image.Width, image.Height);
            side = options.CropPixels > 0 ? Math.Min(side, options.CropPixels) : side;
            if (image.Channels == 1 || image.Channels == options.Channels)
            {
                return Resize.CentreTo(image, side, options.Size).ToChannels(options.Channels);
            }
            image = Resize.CentreCrop(image, side, side);
        }
        image = image.Channels == 1 ? image : image.ToChannels(options.Channels);
        return Resize.To(image, options.Size, options.Size).ToChannels(options.Channels);
    }

    static DatasetClass[] CountClasses(ImageSource source, int[] items)
    {
        int[] counts = new int[source.Classes.Count];
        if (counts.Length > 0)
        {
            foreach (int i in items)
            {
                counts[source.Label(i)]++;
            }
        }
        return [.. counts.Select((n, label) => new DatasetClass(source.Classes[label], n))];
    }

    static IEnumerable<string> EmptyClasses(string[] names)
    {
        const int most = 10;
        foreach (string name in names.Take(most)) yield return $"class '{DataException.Printable(name)}' has no images";
        if (names.Length > most) yield return $"{names.Length - most} more classes have no images";
    }

    static IEnumerable<string> SizeNotes(int[] items, (int Width, int Height)[] sizes, DatasetOptions options)
    {
        int small = items.Count(i => Math.Min(sizes[i].Width, sizes[i].Height) < options.Size);
        if (small > 0)
        {
            yield return $"{(small == items.Length ? "all" : small)} images are smaller than {options.Size}x{options.Size} "
                + "and are enlarged";
        }
    }

    static string Hash(ImageSource source, DatasetOptions options, int[] items, byte[]?[] hashes)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> number = stackalloc byte[12];
        BinaryPrimitives.WriteInt32LittleEndian(number, options.Size);
        BinaryPrimitives.WriteInt32LittleEndian(number[4..], options.Channels);
        BinaryPrimitives.WriteInt32LittleEndian(number[8..], source.Classes.Count);
        hash.AppendData(number);
        foreach (int i in items)
        {
            BinaryPrimitives.WriteInt32LittleEndian(number, source.Label(i));
            hash.AppendData(number[..4]);
            hash.AppendData(hashes[i]!);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
