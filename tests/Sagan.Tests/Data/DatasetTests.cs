using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using Sagan.Native.Commands;
using Sagan.Native.Configuration;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Interchange;
using Sagan.Native.Interchange.StateDicts;
using Sagan.Native.Tests.Images;
using Sagan.Native.Training;

namespace Sagan.Native.Tests.Data;

public class DatasetTests
{
    static readonly DatasetOptions Small = new() { Size = 16 };

    [Fact]
    public void A_folder_is_searched_with_its_subfolders_in_ordinal_order()
    {
        using TemporaryFolder folder = new();
        Save(folder / "b.png", 1, 20, 30);
        Save(folder / "sub/deep/a.PNG", 2, 40, 20);
        File.WriteAllBytes(folder / "Z.jpg", ImageGolden("p-420-33x21"));
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
    public void Bad_images_are_listed_or_an_error()
    {
        using TemporaryFolder folder = new();
        Save(folder / "a/good.png", 1);
        Save(folder / "b/good.png", 2);
        File.WriteAllBytes(folder / "a/cut.jpg", ImageGolden("p-420-33x21")[..^40]);
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

    [Fact]
    public void Links_are_followed_once_and_never_in_circles()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "making links needs rights on Windows");
        using TemporaryFolder folder = new(), other = new();
        Save(folder / "a/1.png", 1);
        Save(other / "far/2.png", 2);
        Directory.CreateSymbolicLink(folder / "a/up", folder.Path);
        Directory.CreateSymbolicLink(folder / "b", other / "far/../far");
        Directory.CreateSymbolicLink(folder / "c", System.IO.Path.Combine(other.Path, "far"));
        File.CreateSymbolicLink(folder / "a/3.png", System.IO.Path.Combine(other.Path, "far", "2.png"));
        File.CreateSymbolicLink(folder / "a/gone.png", "/nowhere.png");
        using ImageDataset data = Dataset.Open(folder.Path, Small);
        Assert.Equal(3, data.Count);
        Assert.Equal("a/gone.png", Assert.Single(data.Report.Skipped).Name);
    }

    /// <summary>A pipe would wait for a writer: neither in a folder nor as the source is one opened.</summary>
    [Fact]
    public void Pipes_and_devices_are_left_out_or_refused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there is no mkfifo on Windows");
        using TemporaryFolder folder = new();
        Save(folder / "a/1.png", 1);
        Pipe(folder / "a/pipe.png");
        File.CreateSymbolicLink(folder / "a/null.png", "/dev/null");
        File.CreateSymbolicLink(folder / "a/zero.png", "/dev/zero");
        File.CreateSymbolicLink(folder / "a/linked.png", folder / "a/pipe.png");
        using ImageDataset data = Dataset.Open(folder / "a", Small);
        Assert.Equal(1, data.Count);
        Dictionary<string, string> reasons = data.Report.Skipped.ToDictionary(s => s.Name, s => s.Reason);
        const string reason = "cannot be opened: it is a pipe, a socket or a device, not a file";
        Assert.Equal((reason, reason, reason), (reasons["pipe.png"], reasons["linked.png"], reasons["zero.png"]));
        Assert.Equal("the file is empty", reasons["null.png"]);
        foreach (string name in (string[])["set", "set.zip", "set.npz", "set.npy", "set.safetensors", "set.bin", "folder/data_batch_1.bin",
            "idx/train-images-idx3-ubyte"])
        {
            Pipe(folder / name);
            string source = name.Contains('/') ? folder / name[..name.IndexOf('/')] : folder / name;
            Assert.Contains("it is a pipe, a socket or a device", Assert.Throws<DataException>(() => Dataset.Open(source, Small)).Message);
        }
        foreach (string name in (string[])["c.json", "c.pth", "d.safetensors"]) Pipe(folder / name);
        Assert.Contains("it is a pipe",
            Assert.Throws<ConfigException>(() => ResolvedConfig.Resolve(new ConfigSources { File = folder / "c.json" })).Message);
        Assert.Contains("it is a pipe", Assert.Throws<InterchangeException>(() => TensorFiles.Open(folder / "c.pth").Dispose()).Message);
        Assert.Contains("it is a pipe", Assert.ThrowsAny<Exception>(() => TensorFiles.Open(folder / "d.safetensors").Dispose()).Message);
    }

    static void Pipe(string path)
    {
        using Process made = Process.Start("mkfifo", [path]);
        made.WaitForExit();
        Assert.Equal(0, made.ExitCode);
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

    [Fact]
    public void Names_in_archives_are_only_names()
    {
        using TemporaryFolder folder = new();
        byte[] png = ImageFile.EncodePng(Creature.FromSeed(1, 1).Draw(16));
        string path = folder / "in/x.zip";
        using (ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Create))
        {
            foreach (string name in (string[])["../../evil.png", "/etc/evil.png", "C:\\evil.png", "__MACOSX/._x.png", "\u001b[31mred.png"])
            {
                using Stream stream = zip.CreateEntry(name).Open();
                stream.Write(name.Contains('\u001b') ? png[..30] : png);
            }
        }
        using ImageDataset data = Dataset.Open(path, Small);
        Assert.Equal(3, data.Count);
        Assert.Equal("?[31mred.png", Assert.Single(data.Report.Skipped).Name);
        Assert.Equal([path], Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories));
    }

    /// <summary>
    /// 1 MB of zeros pack to 1 KB; an entry that lies about its length, or is damaged, is refused without taking the memory.
    /// </summary>
    [Fact]
    public void Archive_bombs_and_lies_are_refused()
    {
        using TemporaryFolder folder = new();
        string path = folder / "bomb.zip";
        using (ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Create))
        {
            using (Stream stream = zip.CreateEntry("bomb.png", CompressionLevel.SmallestSize).Open())
            {
                stream.Write(new byte[1 << 20]);
            }
            using Stream good = zip.CreateEntry("good.png").Open();
            good.Write(ImageFile.EncodePng(Creature.FromSeed(1, 1).Draw(16)));
        }
        using (ImageDataset data = Dataset.Open(path, Small))
        {
            Assert.Contains("not an image", Assert.Single(data.Report.Skipped).Reason);
        }
        byte[] file = File.ReadAllBytes(path);
        int central = Find(file, [0x50, 0x4B, 1, 2]);
        (file[central + 24], file[central + 25], file[central + 26], file[central + 27]) = (0, 0, 0, 0x0F);
        File.WriteAllBytes(path, file);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        using (ImageDataset data = Dataset.Open(path, Small))
        {
            Assert.Contains("cannot unpack to 251658240", Assert.Single(data.Report.Skipped).Reason);
        }
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 20_000_000);
        (file[central + 24], file[central + 25], file[central + 26], file[central + 27]) = (0xFF, 0xFF, 0x0F, 0);
        File.WriteAllBytes(path, file);
        using (ImageDataset data = Dataset.Open(path, Small))
        {
            Assert.Contains("its checksum in", Assert.Single(data.Report.Skipped).Reason);
        }
    }

    static void Save(string path, int index, int width = 16, int height = 16) =>
        ImageFile.Save(path, Resize.To(Creature.FromSeed(1, index).Draw(32), width, height));

    static byte[] ImageGolden(string name) => Tests.Images.ImageGolden.File($"jpeg/{name}.jpg");

    static string Zip(TemporaryFolder folder)
    {
        string path = folder.Path.TrimEnd('/') + ".zip";
        ZipFile.CreateFromDirectory(folder.Path, path);
        byte[] bytes = File.ReadAllBytes(path);
        File.Delete(path);
        // Into the folder itself, so that it goes with it.
        File.WriteAllBytes(folder / "all.zip", bytes);
        return folder / "all.zip";
    }

    static int Find(byte[] file, byte[] what) => file.AsSpan().IndexOf(what);

    sealed class Listener(Action<DatasetProgress> told) : IProgress<DatasetProgress>
    {
        public void Report(DatasetProgress value) => told(value);
    }

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
        System.IO.Compression.ZipFile.CreateFromDirectory(data, zip);
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

    static int Run(string[] arguments, out string error)
    {
        using StringWriter said = new();
        int code = Commands.SaganCommandLine.Run(arguments, TextWriter.Null, said);
        error = said.ToString();
        return code;
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
}
