using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using static Sagan.Native.Tests.Data.DatasetFiles;

namespace Sagan.Native.Tests.Data;

/// <summary>What a data set makes of a folder of images.</summary>
public class DatasetTests
{
    static readonly DatasetOptions Small = new() { Size = 16 };

    [Fact]
    public void A_folder_is_searched_with_its_subfolders_in_ordinal_order()
    {
        using TemporaryFolder folder = new();
        Save(folder / "b.png", 1, 20, 30);
        Save(folder / "sub/deep/a.PNG", 2, 40, 20);
        File.WriteAllBytes(folder / "Z.jpg", Jpeg("p-420-33x21"));
        Save(folder / ".hidden.png", 3, 16, 16);
        Save(folder / ".git/x.png", 3, 16, 16);
        Save(folder / "__MACOSX/x.png", 3, 16, 16);
        File.WriteAllText(folder / "notes.txt", "hello");
        using ImageDataset data = Dataset.Open(folder.Path, Small);
        Assert.Equal(["Z.jpg", "b.png", "sub/deep/a.PNG"], Enumerable.Range(0, data.Count).Select(data.Name));
        Assert.Equal("image folder", data.Report.Kind);
        Assert.Equal(0, data.ClassCount);
        Assert.Equal((20, 20), data.Report.Smallest);
        Assert.Equal((40, 30), data.Report.Largest);
        Assert.Empty(data.Report.Skipped);
        Assert.Contains("1 other files are not images by their names: .txt 1", data.Report.Notes);
        string text = data.Report.ToText();
        Assert.Contains("image folder, 3 images, 20x20 to 40x30 -> 16x16 RGB, in memory", text);
    }

    /// <summary>The pixels are the centred square, resized, and each crop option does what it says.</summary>
    [Fact]
    public void Images_are_cropped_and_resized()
    {
        using TemporaryFolder folder = new();
        Image image = Creature.FromSeed(1, 0).Draw(40);
        Image wide = new(60, 40, 3);
        for (int y = 0; y < 40; y++)
        {
            image.Pixels.AsSpan(y * 120, 120).CopyTo(wide.Pixels.AsSpan((y * 60 + 10) * 3));
        }
        ImageFile.Save(folder / "wide.png", wide);
        byte[] Open(DatasetOptions options) => Dataset.Open(folder.Path, options).Image(0).Pixels;
        Assert.Equal(Resize.To(image, 16, 16).Pixels, Open(Small));
        Assert.Equal(Resize.To(wide, 16, 16).Pixels, Open(Small with { Crop = CropKind.None }));
        Assert.Equal(Resize.To(Resize.CentreCrop(image, 20, 20), 16, 16).Pixels, Open(Small with { CropPixels = 20 }));
        Assert.Equal(Resize.To(image, 16, 16).Pixels, Open(Small with { CropPixels = 500 }));
        Assert.Equal(Resize.To(image.ToChannels(1), 16, 16).Pixels, Open(Small with { Channels = 1 }));
    }

    [Fact]
    public void With_four_channels_alpha_is_kept_and_hidden_colours_do_not_bleed()
    {
        using TemporaryFolder folder = new();
        // Left half opaque blue, right half transparent over red.
        byte[] pixels = [.. Enumerable.Range(0, 16).SelectMany(i => i % 4 < 2 ? new byte[] { 0, 0, 255, 255 } : [255, 0, 0, 0])];
        File.WriteAllBytes(folder / "a/rgba.png", ImageFile.EncodePng(new Image(4, 4, 4, pixels)));
        File.WriteAllBytes(folder / "b/grey.png", ImageFile.EncodePng(new Image(4, 4, 1, [.. Enumerable.Repeat((byte)7, 16)])));
        using ImageDataset data = Dataset.Open(folder.Path, new DatasetOptions { Size = 2, Channels = 4 });
        // The filter reaches across the middle, so the alphas mix; the red that nobody sees does not.
        byte[] halves = data.Pixels(0).ToArray();
        Assert.Equal((0, 0, 255), (halves[0], halves[1], halves[2]));
        Assert.Equal((0, 0, 255), (halves[4], halves[5], halves[6]));
        Assert.True(halves[3] > 200 && halves[7] < 55);
        Assert.Equal([7, 7, 7, 255], data.Pixels(1)[..4].ToArray());
        using ImageDataset one = Dataset.Open(folder.Path, new DatasetOptions { Size = 1, Channels = 4 });
        byte[] mixed = one.Pixels(0).ToArray();
        Assert.Equal((0, 0, 255), (mixed[0], mixed[1], mixed[2]));
        Assert.InRange(mixed[3], 126, 129);
    }

    [Fact]
    public void The_content_hash_tells_sets_apart()
    {
        using TemporaryFolder a = new(), b = new();
        Save(a / "x.png", 1);
        Save(a / "y.png", 2);
        Save(b / "1.png", 1);
        Save(b / "2.png", 2);
        string Hash(TemporaryFolder folder, DatasetOptions options) => Dataset.Open(folder.Path, options).Report.ContentHash;
        string first = Hash(a, Small);
        Assert.Matches("^[0-9a-f]{64}$", first);
        Assert.Equal(first, Hash(b, Small));
        Assert.NotEqual(first, Hash(a, Small with { Channels = 1 }));
        Assert.NotEqual(first, Hash(a, Small with { Size = 17 }));
        Save(b / "2.png", 3);
        Assert.NotEqual(first, Hash(b, Small));
    }

    [Fact]
    public void Decoding_tells_its_progress_and_can_be_stopped()
    {
        using TemporaryFolder folder = new();
        for (int i = 0; i < 30; i++)
        {
            Save(folder / $"{i}.png", i);
        }
        List<DatasetProgress> seen = [];
        Dataset.Open(folder.Path, Small with { Progress = new Listener(p => { lock (seen) { seen.Add(p); } }) }).Dispose();
        Assert.Equal(30, seen.Max(p => p.Done));
        Assert.All(seen, p => Assert.Equal(30, p.Total));
        using CancellationTokenSource stop = new();
        Assert.ThrowsAny<OperationCanceledException>(() =>
            Dataset.Open(folder.Path, Small with { Progress = new Listener(_ => stop.Cancel()) }, stop.Token));
    }

    sealed class Listener(Action<DatasetProgress> told) : IProgress<DatasetProgress>
    {
        public void Report(DatasetProgress value) => told(value);
    }
}
