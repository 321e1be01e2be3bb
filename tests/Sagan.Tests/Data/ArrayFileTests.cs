using System.Buffers.Binary;
using System.IO.Compression;
using Sagan.Native.Data;

namespace Sagan.Native.Tests.Data;

/// <summary>IDX and CIFAR-10.</summary>
[Quick]
public class ArrayFileTests
{
    static readonly DatasetOptions Small = new() { Size = 4, Channels = 1 };

    [Theory]
    [InlineData("train-images-idx3-ubyte", "train-labels-idx1-ubyte", false)]
    [InlineData("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", true)]
    [InlineData("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte", true)]
    [InlineData("train-images.idx3-ubyte", "train-labels.idx1-ubyte", false)]
    [InlineData("images.bin", "labels.bin", true)]
    public void Idx_is_read_with_the_labels_beside_it(string images, string labels, bool gzip)
    {
        using TemporaryFolder folder = new();
        byte[] pixels = [.. Enumerable.Range(0, 5 * 4 * 4).Select(i => (byte)i)];
        Write(folder / images, Idx(8, [5, 4, 4], pixels), gzip);
        Write(folder / labels, Idx(8, [5], [3, 0, 1, 3, 3]), gzip && labels.EndsWith(".gz", StringComparison.Ordinal));
        using ImageDataset data = Dataset.Open(folder / images, Small);
        Assert.Equal(5, data.Count);
        Assert.Equal(pixels[16..32], data.Image(1).Pixels);
        Assert.Equal([3, 0, 1, 3, 3], Enumerable.Range(0, 5).Select(data.Label));
        Assert.Equal([1, 1, 0, 3], data.Report.Classes.Select(c => c.Count));
        Assert.Equal((4, 4), data.Report.Largest);
    }

    [Fact]
    public void A_folder_of_idx_files_gives_the_training_images()
    {
        using TemporaryFolder folder = new();
        Write(folder / "t10k-images-idx3-ubyte.gz", Idx(8, [1, 2, 2], new byte[4]), true);
        Write(folder / "train-images-idx3-ubyte.gz", Idx(8, [2, 2, 2], new byte[8]), true);
        using ImageDataset data = Dataset.Open(folder.Path, Small);
        Assert.Equal(2, data.Count);
        Assert.Equal(0, data.ClassCount);
        Assert.Contains("train-images-idx3-ubyte.gz is read, not t10k-images-idx3-ubyte.gz", data.Report.Notes);
        Assert.Contains("all images are smaller than 4x4 and are enlarged", data.Report.Notes);
    }

    [Fact]
    public void Colour_idx_and_i32_labels_are_read()
    {
        using TemporaryFolder folder = new();
        Write(folder / "images-idx4-ubyte", Idx(8, [1, 1, 2, 3], [1, 2, 3, 4, 5, 6]), false);
        Write(folder / "labels-idx1-ubyte", Idx(0x0C, [1], [0, 0, 0, 2]), false);
        using ImageDataset data = Dataset.Open(folder / "images-idx4-ubyte", new DatasetOptions { Size = 1 });
        Assert.Equal([1, 2, 3], data.Image(0).Pixels);
        Assert.Equal(2, data.Label(0));
    }

    [Theory]
    [InlineData("0000080300000002000000020000000200", "cannot hold them")]
    [InlineData("00000803000000010000000100000001aabb", "goes on after the 1 bytes of [1, 1, 1]")]
    [InlineData("00000803ffffffffffffffffffffffff", "axis 0 has 4294967295 elements")]
    [InlineData("00000803000100000001000000010000", "axis 1 has 65536 elements")]
    [InlineData("0000080300000001", "ends early: 8 bytes are missing")]
    [InlineData("00000d03000000010000000100000001aabbccdd", "images in IDX are u8 of [n, height, width]")]
    [InlineData("0000080100000001aa", "give the images file, its labels are found beside it")]
    [InlineData("000008040000000100000001000000010000000211", "[1, 1, 1, 2] needs 2 bytes")]
    [InlineData("00000804000000010000000100000001000000021122", "images in IDX are u8")]
    [InlineData("00000803000000010000000000000001", "an image of 1 x 0 pixels")]
    [InlineData("00000803000000000000000100000001", "no images")]
    [InlineData("1f8b080000000000000304", "gzip data are damaged|ends early")]
    public void Damaged_idx_is_named(string hex, string messages)
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder / "x-idx", Convert.FromHexString(hex));
        DataException e = Assert.Throws<DataException>(() => Dataset.Open(folder / "x-idx", Small));
        Assert.Contains(messages.Split('|'), m => e.Message.Contains(m, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0x08, 4, "4 labels for the 5 images")]
    [InlineData(0x0D, 5, "labels in IDX are u8 or i32")]
    [InlineData(0x0C, 5, "label -1 of image 0")]
    public void Labels_that_do_not_fit_are_an_error(int type, int count, string message)
    {
        using TemporaryFolder folder = new();
        Write(folder / "images-idx3-ubyte", Idx(8, [5, 1, 1], new byte[5]), false);
        byte[] values = new byte[count * (type == 8 ? 1 : 4)];
        Array.Fill(values, (byte)255);
        Write(folder / "labels-idx1-ubyte", Idx(type, [count], values), false);
        DataException e = Assert.Throws<DataException>(() => Dataset.Open(folder / "images-idx3-ubyte", Small));
        Assert.Contains(message, e.Message);
        Assert.EndsWith("labels-idx1-ubyte", e.FileName);
    }

    /// <summary>
    /// 1 MB of gzip that claims and holds 1 GB less one byte than it says: the claim is checked against what deflate can reach, the end
    /// against the claim.
    /// </summary>
    [Fact]
    public void A_gzip_claim_that_cannot_be_takes_no_memory()
    {
        using TemporaryFolder folder = new();
        Write(folder / "x.gz", Idx(8, [1000, 1000, 1000], []), true);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        DataException e = Assert.Throws<DataException>(() => Dataset.Open(folder / "x.gz", Small));
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 5_000_000);
        Assert.Contains("[1000, 1000, 1000] needs 1000000000 bytes, the file cannot hold them", e.Message);
    }

    [Fact]
    public void Cifar_10_is_read_from_files_and_folders()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder / "data_batch_2.bin", [.. Record(7, 70), .. Record(9, 90)]);
        File.WriteAllBytes(folder / "data_batch_1.bin", Record(3, 30));
        File.WriteAllBytes(folder / "test_batch.bin", Record(1, 10));
        using ImageDataset data = Dataset.Open(folder.Path, new DatasetOptions { Size = 32 });
        Assert.Equal([3, 7, 9], Enumerable.Range(0, 3).Select(data.Label));
        Assert.Equal("CIFAR-10", data.Report.Kind);
        Assert.Equal(new DatasetClass("cat", 1), data.Report.Classes[3]);
        Assert.Equal([70, 71, 72], data.Image(1).Pixels[..3]);
        Assert.Equal([70 + 5, 71 + 5, 72 + 5], data.Image(1).Pixels[^3..]);
        using ImageDataset one = Dataset.Open(folder / "test_batch.bin", new DatasetOptions { Size = 32 });
        Assert.Equal(1, one.Count);
        File.WriteAllText(folder / "batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
        using ImageDataset named = Dataset.Open(folder.Path, new DatasetOptions { Size = 32 });
        Assert.Equal("d", named.Report.Classes[3].Name);
    }

    [Theory]
    [InlineData(3072, 0, "no whole number of CIFAR-10 records")]
    [InlineData(3074, 0, "looks like CIFAR-100")]
    [InlineData(0, 0, "no whole number")]
    [InlineData(3073, 10, "label 10 in record 0")]
    public void Damaged_cifar_is_named(int length, byte label, string message)
    {
        using TemporaryFolder folder = new();
        byte[] file = new byte[length];
        if (length > 0)
        {
            (file[0], file[1]) = (label, 99);
        }
        File.WriteAllBytes(folder / "x.bin", file);
        Assert.Contains(message, Assert.Throws<DataException>(() => Dataset.Open(folder / "x.bin", Small)).Message);
    }

    /// <summary>Planes of one value, the last pixel 5 more.</summary>
    static byte[] Record(byte label, int value)
    {
        byte[] record = new byte[CifarSource.Record];
        record[0] = label;
        for (int c = 0; c < 3; c++)
        {
            record.AsSpan(1 + c * 1024, 1024).Fill((byte)(value + c));
            record[(c + 1) * 1024] += 5;
        }
        return record;
    }

    static byte[] Idx(int type, int[] sizes, byte[] data)
    {
        byte[] head = new byte[4 + 4 * sizes.Length];
        (head[2], head[3]) = ((byte)type, (byte)sizes.Length);
        for (int i = 0; i < sizes.Length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(4 + 4 * i), sizes[i]);
        }
        return [.. head, .. data];
    }

    static void Write(string path, byte[] bytes, bool gzip)
    {
        using Stream file = File.Create(path);
        using Stream stream = gzip ? new GZipStream(file, CompressionLevel.Fastest) : file;
        stream.Write(bytes);
    }
}
