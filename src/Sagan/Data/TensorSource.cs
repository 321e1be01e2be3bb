using System.Text.Json;
using Sagan.Native.Data.Images;
using Sagan.Native.Interchange.Numpy;
using Sagan.Native.IO;

namespace Sagan.Native.Data;

/// <summary>
/// Images that lie in a file of tensors as they are, not packed: the one u8 tensor of [n, height, width, channels], [n, channels, height,
/// width] or [n, height, width] of a .safetensors, .npz or .npy file, whatever its name; labels are the integers [n] called labels, label
/// or y, if there are any, and their names the texts called class_names of an .npz file.
/// <see cref="DatasetPack"/> writes such a file; so do numpy and many programs that sample images. A safetensors file may be larger than
/// memory.
/// </summary>
sealed class TensorSource : ImageSource
{
    const int MostClasses = 65536;
    static readonly string[] labelNames = ["labels", "label", "y"];

    readonly string path;
    readonly TensorFile file;
    readonly TensorEntry images;
    readonly int count, height, width, channels;
    readonly bool planes;
    readonly int[]? labels;
    readonly string[] classes = [];
    readonly string[]? names;
    // All of it, where single images cannot be read.
    readonly byte[]? pixels;
    readonly Lock gate = new();

    public TensorSource(string path, ImageLimit limit)
    {
        this.path = path;
        file = Guard(path, () => Open(path));
        try
        {
            images = Find(file, path);
            (count, height, width, channels, planes) = Layout(images, path, limit);
            labels = Guard(path, ReadLabels);
            classes = labels == null ? [] : ClassNames(labels);
            names = Guard(path, ReadNames);
            // Arrays in a zip cannot be sought in.
            if (file is not SafetensorsReader) pixels = Guard(path, () => file.Read<byte>(images.Name));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Whether a file of this name is one of tensors.</summary>
    public static bool Is(string path) => Path.GetExtension(path).ToLowerInvariant() is ".safetensors" or ".npz" or ".npy";

    static TensorFile Open(string path) =>
        Path.GetExtension(path).Equals(".safetensors", StringComparison.OrdinalIgnoreCase) ? new SafetensorsReader(path)
            : new NpzReader(path);

    public override string Kind => "images in a tensor file";

    public override int Count => count;

    public override IReadOnlyList<string> Classes => classes;

    public override string Name(int index) => names?[index] ?? $"{System.IO.Path.GetFileName(path)} image {index}";

    public override int Label(int index) => labels?[index] ?? 0;

    public override Image Read(int index)
    {
        byte[] bytes = new byte[height * width * channels];
        if (pixels != null) pixels.AsSpan(checked(index * bytes.Length), bytes.Length).CopyTo(bytes);
        else ReadFromFile(index, bytes);
        return new Image(width, height, channels, planes ? Interleaved(bytes) : bytes);
    }

    public override void Dispose()
    {
        file.Dispose();
        base.Dispose();
    }

    void ReadFromFile(int index, byte[] bytes)
    {
        try
        {
            lock (gate)
            {
                Stream s = file.Data(images);
                s.Seek((long)index * bytes.Length, SeekOrigin.Current);
                s.ReadExactly(bytes);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            throw new DataException(Name(index), $"cannot be read from {path}: {e.Message}", e);
        }
    }

    byte[] Interleaved(byte[] planar)
    {
        byte[] pixels = new byte[planar.Length];
        int plane = height * width;
        for (int c = 0; c < channels; c++)
            for (int i = 0; i < plane; i++) pixels[i * channels + c] = planar[c * plane + i];
        return pixels;
    }

    static TensorEntry Find(TensorFile file, string path)
    {
        TensorEntry[] found = [.. file.Entries.Where(e => e.Dtype == TensorDtype.U8 && e.Shape.Count is 3 or 4)];
        string shown = string.Join(", ", file.Entries.Take(8).Select(e => SafetensorsHeader.Show(e.ToString())));
        return found.Length switch
        {
            1 => found[0],
            0 => throw new DataException(path, $"no images among its tensors ({shown}): they are u8 of [n, height, width, channels]"),
            _ => throw new DataException(path, $"{found.Length} of its tensors could be the images ({shown}): only one may be u8 of three "
                + "or four axes"),
        };
    }

    static (int Count, int Height, int Width, int Channels, bool Planes) Layout(TensorEntry e, string path, ImageLimit limit)
    {
        IReadOnlyList<long> s = e.Shape;
        // [n, 3, 4, 4] could be either: rather 4 x 4 pixels than 3 x 4.
        bool planes = s.Count == 4 && (s[3] is not (1 or 3 or 4) || s[1] is 1 or 3 or 4 && s[2] == s[3] && s[1] != s[2]);
        (long h, long w, long c) = s.Count == 3 ? (s[1], s[2], 1) : planes ? (s[2], s[3], s[1]) : (s[1], s[2], s[3]);
        if (c is not (1 or 3 or 4)) throw new DataException(path, $"{SafetensorsHeader.Show(e.ToString())}: neither the last axis nor the "
            + "second has 1, 3 or 4 channels");
        if (s[0] > int.MaxValue) throw new DataException(path, $"{s[0]} images; at most {int.MaxValue} are read");
        limit.Require(path, w, h);
        return ((int)s[0], (int)h, (int)w, (int)c, planes);
    }

    int[]? ReadLabels()
    {
        if (labelNames.FirstOrDefault(file.Contains) is not { } name) return null;
        TensorEntry e = file[name];
        if (e.Shape.Count != 1 || e.Count != count)
            throw new DataException(path, $"{SafetensorsHeader.Show(e.ToString())}: labels are [{count}], one for each image");
        int[] read = file.Read<int>(name);
        int wrong = Array.FindIndex(read, l => l is < 0 or >= MostClasses);
        return wrong < 0 ? read : throw new DataException(path, $"label {read[wrong]} of image {wrong}: labels are 0 to {MostClasses - 1}");
    }

    string[] ClassNames(int[] labels)
    {
        int most = labels.Length == 0 ? 0 : labels.Max() + 1;
        string[]? named = file is NpzReader npz ? npz.Texts.GetValueOrDefault("class_names")
            : (file as SafetensorsReader)?.Metadata.GetValueOrDefault(DatasetPack.ClassesKey) is { } json ? Strings(json) : null;
        if (named is { } n && n.Length < most) throw new DataException(path, $"names of {n.Length} classes, but label {most - 1}");
        return named ?? [.. Enumerable.Range(0, most).Select(i => i.ToString())];
    }

    string[] Strings(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, DataJson.Default.StringArray) is { } s && Array.TrueForAll(s, x => x != null)
                ? s
                : throw new JsonException("a null");
        }
        catch (JsonException e)
        {
            throw new DataException(path, $"its metadata '{DatasetPack.ClassesKey}' is no JSON list of names", e);
        }
    }

    string[]? ReadNames()
    {
        if (!file.Contains(DatasetPack.NamesTensor) || file[DatasetPack.NamesTensor].Dtype != TensorDtype.U8) return null;
        string[] lines = System.Text.Encoding.UTF8.GetString(file.Read<byte>(DatasetPack.NamesTensor)).Split('\n');
        return lines.Length == count ? lines : null;
    }

    // To whom asks for a data set, a broken file of tensors is a broken data set.
    static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is SaganException or TensorFileException or IOException or UnauthorizedAccessException)
        {
            string message = e.Message.StartsWith(path + ": ", StringComparison.Ordinal) ? e.Message[(path.Length + 2)..] : e.Message;
            throw new DataException(path, message, e);
        }
    }
}
