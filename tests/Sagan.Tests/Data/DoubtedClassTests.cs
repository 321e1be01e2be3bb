using System.IO.Compression;
using Sagan.Native.Commands;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Tests.Data;

/// <summary>Folders that look like parts of one set, not like classes.</summary>
public class DoubtedClassTests
{
    /// <summary>train and val are no classes, and cat and dog are none where they lie beside each other in both.</summary>
    [Theory]
    [InlineData("'train' and 'val' hold subfolders of the same names (cat, dog)", "train/cat", "train/dog", "val/cat", "val/dog")]
    [InlineData("'in/test' and 'in/train'", "in/train/cat", "in/train/dog", "in/train/cow", "in/test/cat", "in/test/dog", "in/other")]
    [InlineData(null, "cat", "dog")]
    [InlineData(null, "a/images", "b/images")]
    [InlineData(null, "a/x", "a/y", "b/x", "b/z")]
    [InlineData(null, "train/cat", "train/dog", "val")]
    public void Folders_that_hold_the_same_subfolders_are_doubted_as_classes(string? doubt, params string[] folders)
    {
        using TemporaryFolder temporary = new();
        foreach (string f in folders)
            for (int i = 0; i < 2; i++) ImageFile.Save(temporary / $"data/{f}/{i}.png", Creature.FromSeed(1, i).Draw(16));
        string data = temporary.File("data"), zip = temporary.File("data.zip");
        ZipFile.CreateFromDirectory(data, zip);
        foreach (string source in (string[])[data, zip])
        {
            using ImageDataset set = Dataset.Open(source, new DatasetOptions { Size = 16, Channels = 3 });
            // What trains equally stays equal: the classes are there as ever.
            Assert.True(set.ClassCount >= 2);
            if (doubt == null) Assert.Null(set.Report.ClassDoubt);
            else Assert.Contains(doubt, set.Report.ClassDoubt);
            if (doubt != null) Assert.Contains(set.Report.Notes, n => n.Contains(doubt, StringComparison.Ordinal));

            string run = temporary.File("run-" + Path.GetFileName(source));
            string[] train = ["train", "--data", source, "--size", "16", "--conv-dim", "8", "--g-attention", "none", "--d-attention",
                "none", "--steps", "1", "--batch", "2", "-q",
                "--set", "sampling.images=8"];
            if (doubt == null) continue;
            Assert.Equal(3, Run([.. train, "--conditional", "true", "--out", run], out string error));
            Assert.Contains("they look like parts of one set, not like classes; give one of them with --data", error,
                StringComparison.Ordinal);
            Assert.Equal(0, Run([.. train, "--out", run], out _));
            // Who means it says so.
            string named = ClassNames.Join(set.Report.Classes.Select(c => c.Name));
            Assert.Equal(0, Run([.. train, "--conditional", "true", "--set", $"data.classes={named}", "--out", run + "c"], out error));
        }
    }

    [Fact]
    public void The_advice_to_name_doubted_classes_names_them_all_as_the_shell_takes_them()
    {
        using TemporaryFolder temporary = new();
        string[] classes = [.. Enumerable.Range(10, 23).Select(i => $"class {i} (it's)"), "cats, dogs"];
        foreach (string name in classes)
            foreach (string part in (string[])["a", "b"])
                ImageFile.Save(temporary / $"data/{name}/{part}/0.png", Creature.FromSeed(1, 0).Draw(16));
        string[] train = ["train", "--data", temporary.File("data"), "--conditional", "--size", "16", "--conv-dim", "8",
            "--g-attention", "none", "--d-attention", "none", "--steps", "1", "--batch", "2", "--set", "sampling.images=8", "-q",
            "--out", temporary.File("run")];
        Assert.Equal(3, Run(train, out string error));
        string value = $"data.classes={string.Join(',', classes.Order(StringComparer.Ordinal)).Replace("cats, dogs", "\"cats, dogs\"")}";
        Assert.Contains($"or name the classes if they are such: --set {ShellCommand.Quote(value)}", error, StringComparison.Ordinal);
        int code = Run([.. train, "--set", value], out error);
        Assert.True(code == 0, error);
    }

    static int Run(string[] arguments, out string error)
    {
        using StringWriter said = new();
        int code = SaganCommandLine.Run(arguments, TextWriter.Null, said);
        error = said.ToString();
        return code;
    }
}
