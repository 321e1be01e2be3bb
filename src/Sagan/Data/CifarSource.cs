using Sagan.Native.Data.Images;

namespace Sagan.Native.Data;

/// <summary>
/// CIFAR-10, binary version: records of 3073 bytes, one label 0..9 and 32x32 pixels as three planes R, G, B; one file, or the
/// data_batch_*.bin of a folder.
/// </summary>
sealed class CifarSource : ImageSource
{
    const int Side = 32, Plane = Side * Side, ClassTotal = 10;
    public const int Record = 1 + 3 * Plane;
    public const string Pattern = "data_batch_*.bin";

    static readonly string[] Names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

    readonly List<(string Path, byte[] Data)> files = [];
    readonly List<int> starts = [];
    readonly string[] classes;

    public CifarSource(IEnumerable<string> paths)
    {
        string? folder = null;
        foreach (string path in paths)
        {
            folder ??= Path.GetDirectoryName(path) ?? "";
            byte[] data = Files.ReadAll(path, path);
            Check(path, data);
            starts.Add(Count);
            Count += data.Length / Record;
            files.Add((path, data));
        }
        classes = ReadNames(Path.Combine(folder ?? "", "batches.meta.txt")) ?? Names;
    }

    public override string Kind => "CIFAR-10";

    public override int Count { get; }

    public override IReadOnlyList<string> Classes => classes;

    public override string Name(int index)
    {
        (string path, _, int record) = Find(index);
        return $"{Path.GetFileName(path)} record {record}";
    }

    public override int Label(int index)
    {
        (_, byte[] data, int record) = Find(index);
        return data[record * Record];
    }

    public override Image Read(int index)
    {
        (_, byte[] data, int record) = Find(index);
        ReadOnlySpan<byte> planes = data.AsSpan(record * Record + 1, 3 * Plane);
        Image image = new(Side, Side, 3);
        for (int i = 0; i < Plane; i++)
        {
            (image.Pixels[3 * i], image.Pixels[3 * i + 1], image.Pixels[3 * i + 2]) = (planes[i], planes[Plane + i], planes[2 * Plane + i]);
        }
        return image;
    }

    static void Check(string path, byte[] data)
    {
        if (data.Length == 0 || data.Length % Record != 0)
        {
            bool hundred = data.Length > 0 && data.Length % (Record + 1) == 0;
            throw new DataException(path, data.Length - data.Length % Record, hundred
                ? "this looks like CIFAR-100 (records of 3074 bytes): only CIFAR-10 is read"
                : $"{data.Length} bytes are no whole number of CIFAR-10 records of {Record}");
        }
        for (int at = 0; at < data.Length; at += Record)
        {
            if (data[at] >= ClassTotal)
            {
                throw new DataException(path, at, $"label {data[at]} in record {at / Record}: CIFAR-10 has 0 .. 9");
            }
        }
    }

    static string[]? ReadNames(string path)
    {
        if (!File.Exists(path) || new FileInfo(path).Length > 4096)
        {
            return null;
        }
        string text = System.Text.Encoding.UTF8.GetString(Files.ReadAll(path, path));
        string[] lines = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return lines.Length == ClassTotal ? lines : null;
    }

    (string Path, byte[] Data, int Record) Find(int index)
    {
        int file = starts.BinarySearch(index);
        file = file < 0 ? ~file - 1 : file;
        return (files[file].Path, files[file].Data, index - starts[file]);
    }
}
