using System.Globalization;
using System.IO.Compression;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Tests.Data;

/// <summary>Real files, where the test data folder has them.</summary>
public class RealDataTests
{
    /// <summary>
    /// Every file of awkward/ behaves as its MANIFEST.tsv says: decoded, with size and channels, or rejected with a clear error.
    /// </summary>
    [Fact]
    public void Awkward_files_behave_as_their_manifest_says()
    {
        string folder = TestData.Path("awkward");
        string[] lines = File.ReadAllLines(Path.Combine(folder, "MANIFEST.tsv"));
        int decoded = 0, rejected = 0;
        foreach (string line in lines.Skip(1).Where(l => l.Length > 0))
        {
            string[] fields = line.Split('\t');
            (string file, string special, string expected) = (fields[0], fields[1], fields[2]);
            byte[] bytes = File.ReadAllBytes(Path.Combine(folder, file));
            Image? image = null;
            Exception? error = Record.Exception(() => image = ImageFile.Decode(bytes, file));
            if (image is null)
            {
                Assert.True(expected != "decode", $"{file}: {error?.Message}");
                DataException e = Assert.IsType<DataException>(error);
                Assert.StartsWith(file + ": ", e.Message);
                Assert.True(expected == "reject" || e.Unsupported, e.Message);
                rejected++;
                continue;
            }
            Assert.True(expected != "reject", $"{file} was decoded");
            decoded++;
            if (fields[3] == "decode")
            {
                Assert.Equal((Number(fields[4]), Number(fields[5])), (image.Width, image.Height));
                Assert.Equal(Channels(fields, special, bytes), image.Channels);
            }
        }
        Assert.Equal(lines.Length - 1, decoded + rejected);
    }

    /// <summary>
    /// Channels are those of the file: Pillow's count, but a palette (counted 1 there) is RGB here, transparency (kept aside there) is a
    /// channel here, and 16-bit grey + alpha (RGBA there) is two.
    /// </summary>
    static int Channels(string[] fields, string special, byte[] file)
    {
        bool transparent = file.AsSpan().IndexOf("tRNS"u8) >= 0;
        if (special.Contains("colour=3", StringComparison.Ordinal))
        {
            return transparent ? 4 : 3;
        }
        if (special.Contains("colour=4", StringComparison.Ordinal))
        {
            return 2;
        }
        return Number(fields[6]) + (transparent ? 1 : 0);
    }

    [Fact]
    public void Cats_are_read()
    {
        using ImageDataset data = Dataset.Open(TestData.Path("cats64/cat-avatars-64.zip"), new DatasetOptions { Size = 64 });
        Assert.Equal(5328, data.Count);
        Assert.Empty(data.Report.Skipped);
        Assert.Equal(((64, 64), (64, 64), 0), (data.Report.Smallest, data.Report.Largest, data.ClassCount));
        Assert.Equal("cats/00000.png", data.Name(0));
        Assert.Equal(64 * 8 + 9 * 2, data.Grid().Width);
        using ImageDataset again =
            Dataset.Open(TestData.Path("cats64/cat-avatars-64.zip"), new DatasetOptions { Size = 64, CacheBytes = 0 });
        Assert.Equal(data.Report.ContentHash, again.Report.ContentHash);
    }

    /// <summary>The pixels of JPEG are not Pillow's (JpegTests says why); those of PNG are.</summary>
    [Fact]
    public void Cats_in_PNG_have_the_pixels_that_Pillow_reads()
    {
        using TemporaryFolder folder = new();
        string pngs = folder.File("pngs.zip");
        using (ZipArchive from = ZipFile.OpenRead(TestData.Path("cats64/cat-avatars-64.zip")),
            to = ZipFile.Open(pngs, ZipArchiveMode.Create))
        {
            foreach (ZipArchiveEntry entry in from.Entries.Where(e => e.Name.EndsWith(".png", StringComparison.Ordinal)))
            {
                using Stream source = entry.Open(), copy = to.CreateEntry(entry.FullName, CompressionLevel.NoCompression).Open();
                source.CopyTo(copy);
            }
        }
        using ImageDataset data = Dataset.Open(pngs, new DatasetOptions { Size = 64 });
        Assert.Equal((1332, CatsHash), (data.Count, data.Report.ContentHash));
    }

    [Fact]
    public void Fashion_is_read()
    {
        using ImageDataset data =
            Dataset.Open(TestData.Path("fashion-mnist/t10k-images-idx3-ubyte.gz"), new DatasetOptions { Size = 28, Channels = 1 });
        Assert.Equal(10_000, data.Count);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => new DatasetClass(i.ToString(CultureInfo.InvariantCulture), 1000)),
            data.Report.Classes);
        Assert.Equal(FashionHash, data.Report.ContentHash);
    }

    // Computed from the same files by Python: Pillow's pixels, hashed the same way.
    const string CatsHash = "7365e368f49dfb14f3a5269401689f85a4c12c7827439ee5ccc93ce0b6ab4a4e";
    const string FashionHash = "20556048a1164096a29c699352634483352d7b5566c55645e84d55fa9cbea6cc";

    static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
