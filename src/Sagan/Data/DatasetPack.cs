using System.Text;
using System.Text.Json;
using Sagan.Native.IO;

namespace Sagan.Native.Data;

/// <summary>
/// Writes a data set, cropped and resized, as one safetensors file that opens without decoding anything:
/// <code>images U8 [n, size, size, channels] | labels I32 [n], where the set has classes | names U8, UTF-8, a line for each image |
/// metadata: classes, a JSON list</code>
/// What trains from it trains as from the original: the content hash is the same.
/// </summary>
public static class DatasetPack
{
    internal const string ClassesKey = "classes", NamesTensor = "names", ImagesTensor = "images", LabelsTensor = "labels";

    /// <summary>
    /// Writes the file, whole or not at all. Images that are not in memory are decoded again, one at a time: the set may be larger than
    /// memory.
    /// </summary>
    /// <param name="data">The set.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="DataException">An image that was there when the set was opened cannot be read now.</exception>
    public static void Write(ImageDataset data, string path)
    {
        ArgumentNullException.ThrowIfNull(data);
        SafetensorsWriter file = new();
        file.AddPieces(ImagesTensor, TensorDtype.U8, [data.Count, data.Size, data.Size, data.Channels], Pixels(data));
        byte[] names = Encoding.UTF8.GetBytes(string
            .Join('\n', Enumerable.Range(0, data.Count).Select(i => data.Name(i).Replace('\n', ' '))));
        file.AddPieces(NamesTensor, TensorDtype.U8, [names.Length], [names]);
        if (data.ClassCount > 0)
        {
            file.Add(LabelsTensor, new Shape(data.Count), () => Enumerable.Range(0, data.Count).Select(data.Label).ToArray());
            string[] classes = [.. data.Report.Classes.Select(c => c.Name)];
            file.Metadata[ClassesKey] = JsonSerializer.Serialize(classes, DataJson.Default.StringArray);
        }
        file.Save(path);
    }

    static IEnumerable<ReadOnlyMemory<byte>> Pixels(ImageDataset data)
    {
        byte[] image = new byte[data.ImageBytes];
        for (int i = 0; i < data.Count; i++)
        {
            data.Pixels(i).CopyTo(image);
            yield return image;
        }
    }
}
