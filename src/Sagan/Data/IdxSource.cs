using System.Buffers.Binary;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Data;

/// <summary>
/// Images of an IDX file, u8 of [n, height, width] or [n, height, width, 1 or 3]. Labels come from the file beside it whose name says
/// labels where this one says images (train-images-idx3-ubyte.gz: train-labels-idx1-ubyte, with or without .gz).
/// </summary>
sealed class IdxSource : ImageSource
{
    const int MaxClasses = 65536;

    readonly string path;
    readonly byte[] pixels;
    readonly int count, height, width, channels;
    readonly int[]? labels;
    readonly string[] classes = [];
    readonly string? note;

    public IdxSource(string path, byte[] file, ImageLimit limit, string? note = null)
    {
        this.path = path;
        this.note = note;
        IdxFile idx = IdxFile.Read(file, path);
        int[] s = idx.Sizes;
        if (idx.Type != IdxFile.U8 || s.Length is not (3 or 4) || s.Length == 4 && s[3] is not (1 or 3))
        {
            throw new DataException(path, 2, "images in IDX are u8 of [n, height, width] or [n, height, width, 1 or 3], "
                + $"this is type 0x{idx.Type:x2} of [{string.Join(", ", s)}]"
                + (s.Length == 1 ? ": give the images file, its labels are found beside it" : ""));
        }
        (count, height, width, channels) = (s[0], s[1], s[2], s.Length == 4 ? s[3] : 1);
        limit.Require(path, width, height);
        pixels = idx.Data;
        string? beside = LabelPaths(path).FirstOrDefault(File.Exists);
        if (beside is not null)
        {
            labels = ReadLabels(beside);
            classes = [.. Enumerable.Range(0, labels.Length == 0 ? 0 : labels.Max() + 1).Select(i => i.ToString())];
        }
    }

    public override string Kind => "IDX";

    public override int Count => count;

    public override IReadOnlyList<string> Classes => classes;

    public override IEnumerable<string> Notes => note is null ? [] : [note];

    public override string Name(int index) => $"{Path.GetFileName(path)} image {index}";

    public override int Label(int index) => labels?[index] ?? 0;

    public override Image Read(int index)
    {
        int length = height * width * channels;
        return new Image(width, height, channels, pixels.AsSpan((int)((long)index * length), length).ToArray());
    }

    int[] ReadLabels(string beside)
    {
        IdxFile idx = IdxFile.Read(Files.ReadAll(beside, beside), beside);
        if (idx.Sizes.Length != 1 || idx.Type is not (IdxFile.U8 or IdxFile.I32))
        {
            throw new DataException(beside, 2, $"labels in IDX are u8 or i32 of [n], this is type 0x{idx.Type:x2} of "
                + $"[{string.Join(", ", idx.Sizes)}]");
        }
        if (idx.Sizes[0] != count)
        {
            throw new DataException(beside, 4, $"{idx.Sizes[0]} labels for the {count} images of {path}");
        }
        int[] values = new int[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = idx.Type == IdxFile.U8 ? idx.Data[i] : BinaryPrimitives.ReadInt32BigEndian(idx.Data.AsSpan(4 * i));
            if (values[i] is < 0 or >= MaxClasses)
            {
                throw new DataException(beside, 8 + 4L * i, $"label {values[i]} of image {i}: labels are 0 .. {MaxClasses - 1}");
            }
        }
        return values;
    }

    static IEnumerable<string> LabelPaths(string images)
    {
        string folder = Path.GetDirectoryName(images) ?? "", file = Path.GetFileName(images);
        if (!file.Contains("images", StringComparison.Ordinal))
        {
            yield break;
        }
        string labels = file.Replace("images", "labels", StringComparison.Ordinal)
            .Replace("idx3", "idx1", StringComparison.Ordinal).Replace("idx4", "idx1", StringComparison.Ordinal);
        string bare = labels.EndsWith(".gz", StringComparison.Ordinal) ? labels[..^3] : labels;
        string dashed = bare.Replace(".idx1", "-idx1", StringComparison.Ordinal),
            dotted = bare.Replace("-idx1", ".idx1", StringComparison.Ordinal);
        foreach (string name in (string[])[labels, bare, bare + ".gz", dashed, dotted])
        {
            yield return Path.Combine(folder, name);
        }
    }
}
