using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Interchange.Numpy;
using Sagan.Native.IO;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

[Quick]
public class TensorSourceTests
{
    static readonly string[] files = ["a/0.png", "a/1.png", "b/0.png", "b/1.png", "b/2.png"];

    [Theory]
    [InlineData(3, null)]
    [InlineData(1, null)]
    [InlineData(4, null)]
    // Not in memory: decoded again while the file is written.
    [InlineData(3, 0L)]
    public void A_packed_set_is_the_set(int channels, long? cache)
    {
        using TemporaryFolder folder = new();
        for (int i = 0; i < files.Length; i++) WriteImage(folder.File(files[i]), i, 19, 12);
        DatasetOptions options = new() { Size = 8, Channels = channels, CacheBytes = cache };
        using ImageDataset set = Dataset.Open(folder.Path, options);
        DatasetPack.Write(set, folder.File("packed.safetensors"));
        using ImageDataset packed = Dataset.Open(folder.File("packed.safetensors"), options);
        Assert.Equal(set.Report.ContentHash, packed.Report.ContentHash);
        Assert.Equal(["a", "b"], packed.Report.Classes.Select(c => c.Name));
        Assert.Equal((8, 8), packed.Report.Largest);
        for (int i = 0; i < files.Length; i++)
        {
            Assert.Equal(set.Name(i), packed.Name(i));
            Assert.Equal(set.Label(i), packed.Label(i));
            Assert.Equal(set.Pixels(i), packed.Pixels(i));
        }
    }

    [Fact]
    public void Images_are_read_in_every_layout_and_from_every_file()
    {
        using TemporaryFolder folder = new();
        byte[] rgb = [.. Enumerable.Range(0, 2 * 4 * 4 * 3).Select(i => (byte)(i * 37))];
        byte[] planes = new byte[rgb.Length];
        for (int n = 0; n < 2; n++)
            for (int i = 0; i < 16; i++)
                for (int c = 0; c < 3; c++) planes[n * 48 + c * 16 + i] = rgb[n * 48 + i * 3 + c];
        Npz("rows.npz", "arr_0", new Shape(2, 4, 4, 3), rgb, [4, 7]);
        Npz("planes.npz", "x", new Shape(2, 3, 4, 4), planes, null);
        Npz("grey.npz", "x_train", new Shape(6, 4, 4), rgb, null);
        SafetensorsWriter s = new();
        s.Add("anything", new Shape(2, 3, 4, 4), planes);
        s.Save(folder.File("planes.safetensors"));
        DatasetOptions options = new() { Size = 4 };
        foreach (string name in (string[])["rows.npz", "planes.npz", "planes.safetensors"])
        {
            using ImageDataset set = Dataset.Open(folder.File(name), options);
            Assert.Equal(rgb.AsSpan(0, 48), set.Pixels(0));
            Assert.Equal(rgb.AsSpan(48), set.Pixels(1));
            Assert.Equal(name == "rows.npz" ? 8 : 0, set.ClassCount);
            if (name == "rows.npz") Assert.Equal(7, set.Label(1));
        }
        using ImageDataset grey = Dataset.Open(folder.File("grey.npz"), options with { Channels = 1 });
        Assert.Equal(6, grey.Count);
        Assert.Equal(rgb.AsSpan(16, 16), grey.Pixels(1));

        void Npz(string file, string name, Shape shape, byte[] pixels, int[]? labels)
        {
            NpzWriter npz = new();
            npz.Add(name, shape, () => pixels);
            if (labels != null) npz.Add("labels", new Shape(labels.Length), () => labels);
            using FileStream stream = File.Create(folder.File(file));
            npz.Write(stream);
        }
    }

    [Theory]
    [InlineData("float", "no images among its tensors")]
    [InlineData("two", "only one may be u8")]
    [InlineData("channels", "1, 3 or 4 channels")]
    [InlineData("labels", "labels are [2]")]
    [InlineData("negative", "label -1 of image 1")]
    [InlineData("classes", "names of 1 classes, but label 1")]
    [InlineData("json", "no JSON list of names")]
    [InlineData("truncated", "")]
    [InlineData("empty", "")]
    public void What_is_wrong_with_a_file_is_said(string what, string message)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("set.safetensors");
        SafetensorsWriter s = new();
        if (what == "float") s.Add("images", new Shape(2, 4, 4, 3), new float[96]);
        else s.Add("images", what == "channels" ? new Shape(2, 6, 8, 2) : new Shape(2, 4, 4, 3), new byte[what == "channels" ? 192 : 96]);
        if (what == "two") s.Add("others", new Shape(1, 2, 2, 3), new byte[12]);
        if (what == "labels") s.Add("labels", new Shape(3), [0, 0, 0]);
        if (what == "negative") s.Add("labels", new Shape(2), [0, -1]);
        if (what is "classes" or "json") s.Add("labels", new Shape(2), [0, 1]);
        if (what == "classes") s.Metadata["classes"] = "[\"a\"]";
        if (what == "json") s.Metadata["classes"] = "[\"a\", null]";
        s.Save(path);
        if (what == "truncated") File.WriteAllBytes(path, File.ReadAllBytes(path)[..^7]);
        if (what == "empty") File.WriteAllBytes(path, []);
        DataException e = Assert.Throws<DataException>(() => Dataset.Open(path, new DatasetOptions { Size = 4 }));
        Assert.StartsWith(path, e.Message, StringComparison.Ordinal);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    static void WriteImage(string path, int seed, int width, int height)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        byte[] pixels = new byte[width * height * 3];
        new Random(seed).NextBytes(pixels);
        File.WriteAllBytes(path, ImageFile.EncodePng(new Image(width, height, 3, pixels)));
    }
}
