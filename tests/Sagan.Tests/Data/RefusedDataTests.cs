using System.IO.Compression;
using Sagan.Native.Commands;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using static Sagan.Native.Tests.Data.DatasetFiles;

namespace Sagan.Native.Tests.Data;

/// <summary>What is no data set, and images that are left out of one.</summary>
public class RefusedDataTests
{
    static readonly DatasetOptions Small = new() { Size = 16 };

    [Fact]
    public void Bad_images_are_listed_or_an_error()
    {
        using TemporaryFolder folder = new();
        Save(folder / "a/good.png", 1);
        Save(folder / "b/good.png", 2);
        File.WriteAllBytes(folder / "a/cut.jpg", Jpeg("p-420-33x21")[..^40]);
        File.WriteAllText(folder / "a/page.jpg", "<html>not found</html>");
        File.WriteAllBytes(folder / "b/anim.gif", [.. "GIF89a"u8, 1, 2, 3, 4]);
        File.WriteAllBytes(folder / "b/empty.png", []);
        using ImageDataset data = Dataset.Open(folder.Path, Small);
        Assert.Equal(2, data.Count);
        Assert.Equal([0, 1], [data.Label(0), data.Label(1)]);
        Assert.Equal([new("a", 1), new("b", 1)], data.Report.Classes);
        Dictionary<string, string> reasons = data.Report.Skipped.ToDictionary(s => s.Name, s => s.Reason);
        Assert.Equal(4, reasons.Count);
        Assert.Contains("ends early", reasons["a/cut.jpg"]);
        Assert.Contains("not an image", reasons["a/page.jpg"]);
        Assert.Contains("the GIF ends early", reasons["b/anim.gif"]);
        Assert.Equal("the file is empty", reasons["b/empty.png"]);
        Assert.Contains("skipped 4:\n    a/cut.jpg: ", data.Report.ToText());
        Assert.Contains("and 2 more", data.Report.ToText(mostSkipped: 2));
        DataException e = Assert.Throws<DataException>(() => Dataset.Open(folder.Path, Small with { SkipBadImages = false }));
        Assert.Equal("a/cut.jpg", e.FileName);
        File.Delete(folder / "a/good.png");
        File.Delete(folder / "b/good.png");
        e = Assert.Throws<DataException>(() => Dataset.Open(folder.Path, Small));
        Assert.Contains("none of 4 images can be read; the first: a/cut.jpg: ", e.Message);
    }

    [Fact]
    public void What_is_no_data_set_is_refused_with_the_way_out()
    {
        using TemporaryFolder folder = new();
        string Message(string source) => Assert.Throws<DataException>(() => Dataset.Open(source, Small)).Message;
        Assert.Contains("no such file or folder (the built-in set is called creatures)", Message(folder / "nothing"));
        Assert.Contains("the folder holds no images", Message(folder.Path));
        File.WriteAllText(folder / "x/readme.md", "x");
        Assert.Contains("the folder holds no images, IDX files or CIFAR-10 batches; 1 other files are not images by their names: .md 1",
            Message(folder.Path));
        Save(folder / "one.png", 1);
        Assert.Contains("one PNG image is not a data set: give the folder it lies in", Message(folder / "one.png"));
        File.WriteAllText(folder / "x.tar", "ustar");
        Assert.Contains("not a data set", Message(folder / "x.tar"));
        using (ZipArchive zip = ZipFile.Open(folder / "none.zip", ZipArchiveMode.Create))
        {
            zip.CreateEntry("readme.txt");
        }
        Assert.Contains("the archive holds no images", Message(folder / "none.zip"));
        Save(folder / "run/samples/step-0000001.png", 1);
        using (ImageDataset samples = Dataset.Open(folder / "run", Small)) Assert.Equal(1, samples.Count);
        File.WriteAllText(folder / "run/config.json", "{}");
        File.WriteAllText(folder / "run/checkpoints/step-0000001", "");
        Assert.Contains("run: is the folder of a run, not one of images", Message(folder / "run"));
        Assert.Throws<ArgumentOutOfRangeException>(() => Dataset.Open("creatures", new DatasetOptions { Channels = 2 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Dataset.Open("creatures", new DatasetOptions { Size = 0 }));
    }

    [Fact]
    public void Images_above_the_limit_are_left_out_until_it_is_raised()
    {
        using TemporaryFolder folder = new();
        Save(folder / "small.png", 1);
        ImageFile.Save(folder / "large.png", new Image(2000, 1000, 1));
        using ImageDataset one = Dataset.Open(folder.Path, Small with { MaxMegapixels = 1 });
        string reason = Assert.Single(one.Report.Skipped).Reason;
        Assert.Equal("2000 x 1000 pixels are more than the limit of 1 megapixels: reduce the picture, or raise data.maxMegapixels (up "
            + "to 500)", reason);
        using ImageDataset two = Dataset.Open(folder.Path, Small with { MaxMegapixels = 2 });
        Assert.Equal((2, (2000, 1000)), (two.Count, two.Report.Largest));
        using StringWriter output = new(), error = new();
        Assert.Equal(0, SaganCommandLine.Run(["data", "check", folder.Path, "--set", "data.maxMegapixels=1"], output, error));
        Assert.Contains("large.png: " + reason, output.ToString());
        Assert.Equal(2, SaganCommandLine.Run(["data", "check", folder.Path, "--set", "data.maxMegapixels=0"], output, error));
        Assert.Contains("data.maxMegapixels = 0", error.ToString());
    }
}
