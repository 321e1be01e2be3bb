using System.IO.Compression;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Tests.Data;

/// <summary>Zip files of images that lie or want to write elsewhere.</summary>
public class ImageArchiveTests
{
    static readonly DatasetOptions Small = new() { Size = 16 };

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
        int central = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x50, 0x4B, 1, 2]);
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
}
