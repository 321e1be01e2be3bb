using Sagan.Native.Commands;
using Sagan.Native.Data;
using static Sagan.Native.Tests.Data.DatasetFiles;

namespace Sagan.Native.Tests.Data;

/// <summary>Folders of a data set as classes.</summary>
public class DatasetClassTests
{
    static readonly DatasetOptions Small = new() { Size = 16 };

    [Theory]
    [InlineData("", "class folders")]
    [InlineData("wrapped/in/", "class folders")]
    public void Class_folders_give_labels_in_ordinal_order(string prefix, string kind)
    {
        using TemporaryFolder folder = new();
        Save(folder / $"{prefix}dogs/1.png", 1);
        Save(folder / $"{prefix}dogs/more/2.png", 2);
        Save(folder / $"{prefix}Zebras/1.png", 3);
        Save(folder / $"{prefix}cats/1.png", 4);
        using ImageDataset data = Dataset.Open(folder.Path, Small);
        Assert.Equal(kind, data.Report.Kind);
        Assert.Equal([new("Zebras", 1), new("cats", 1), new("dogs", 2)], data.Report.Classes);
        Assert.Equal([0, 1, 2, 2], Enumerable.Range(0, 4).Select(data.Label));
        using ImageDataset zipped = Dataset.Open(Zip(folder), Small);
        Assert.Equal("zip of class folders", zipped.Report.Kind);
        Assert.Equal(data.Report.Classes, zipped.Report.Classes);
        Assert.Equal(data.Report.ContentHash, zipped.Report.ContentHash);
        Assert.Equal(data.Image(2).Pixels, zipped.Image(2).Pixels);
    }

    [Fact]
    public void One_folder_or_images_beside_folders_are_no_classes()
    {
        using TemporaryFolder folder = new();
        Save(folder / "cats/1.png", 1);
        Save(folder / "cats/2.png", 2);
        using ImageDataset one = Dataset.Open(folder.Path, Small);
        Assert.Equal(0, one.ClassCount);
        Save(folder / "dogs/1.png", 1);
        Save(folder / "0.png", 1);
        using ImageDataset mixed = Dataset.Open(folder.Path, Small);
        Assert.Equal(0, mixed.ClassCount);
        Assert.Equal(4, mixed.Count);
    }

    [Fact]
    public void Some_classes_are_picked_by_name_and_numbered_in_that_order()
    {
        using ImageDataset all = Dataset.Open("creatures", new DatasetOptions { Size = 16, CreatureCount = 60 });
        using ImageDataset two =
            Dataset.Open("creatures", new DatasetOptions { Size = 16, CreatureCount = 60, Classes = ["long ears", "round ears"] });
        Assert.Equal(["long ears", "round ears"], two.Report.Classes.Select(c => c.Name));
        Assert.Equal(all.Report.Classes[2].Count, two.Report.Classes[0].Count);
        Assert.Equal(all.Report.Classes[0].Count + all.Report.Classes[2].Count, two.Count);
        int first = Enumerable.Range(0, all.Count).First(i => all.Label(i) == 2);
        int same = Enumerable.Range(0, two.Count).First(i => two.Label(i) == 0);
        Assert.Equal(all.Pixels(first).ToArray(), two.Pixels(same).ToArray());
        Assert.Contains("there is no class 'short ears'; there are round ears, pointed ears, long ears",
            Assert.Throws<DataException>(() => Dataset.Open("creatures", new DatasetOptions { Classes = ["short ears"] })).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("wrapped/in/")]
    public void Classes_without_an_image_are_warned_of(string prefix)
    {
        using TemporaryFolder folder = new(), other = new();
        Save(folder / $"{prefix}cats/1.png", 1);
        Save(folder / $"{prefix}dogs/1.png", 2);
        Directory.CreateDirectory(folder / $"{prefix}empty/deep");
        Directory.CreateDirectory(folder / $"{prefix}.hidden");
        File.WriteAllText(folder / $"{prefix}texts/a.txt", "a");
        File.WriteAllText(folder / $"{prefix}bad/a.png", "a");
        string[] expected = ["class 'empty' has no images", "class 'texts' has no images", "class 'bad' has no images"];
        using (ImageDataset data = Dataset.Open(folder.Path, Small)) Assert.Equal(expected, data.Report.Warnings);
        using (ImageDataset data = Dataset.Open(Zip(folder), Small)) Assert.Equal(expected, data.Report.Warnings);
        using StringWriter output = new(), error = new();
        Assert.Equal(0, SaganCommandLine.Run(["data", "check", folder.Path], output, error));
        Assert.Contains("warning: class 'empty' has no images", error.ToString());
        // A single folder with images is no class; that it has an empty one beside it is said all the same.
        Save(other / $"{prefix}cats/1.png", 1);
        Directory.CreateDirectory(other / $"{prefix}dogs");
        using (ImageDataset data = Dataset.Open(other.Path, Small))
            Assert.Equal((0, "class 'dogs' has no images"), (data.ClassCount, Assert.Single(data.Report.Warnings)));
        Save(other / "0.png", 1);
        using (ImageDataset data = Dataset.Open(other.Path, Small)) Assert.Empty(data.Report.Warnings);
    }
}
