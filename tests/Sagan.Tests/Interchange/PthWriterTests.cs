using System.IO.Compression;
using System.Security.Cryptography;
using Sagan.Native.Interchange.Torch;
using Sagan.Native.IO;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests.Interchange;

[Quick]
public class PthWriterTests
{
    static byte[] Write(Action<PthWriter> add)
    {
        PthWriter w = new();
        add(w);
        using MemoryStream s = new();
        w.Write(s);
        return s.ToArray();
    }

    static void Everything(PthWriter w)
    {
        w.Add("w", new Shape(2, 3), () => new float[] { 1, 2, 3, -4, 0.5f, float.NaN });
        w.Add("f64", new Shape(), () => new[] { Math.PI });
        w.Add("f16", new Shape(2, 1), () => new[] { (Half)1, (Half)(-2) });
        w.Add("n", new Shape(), () => new[] { 1L << 40 });
        w.Add("i32", new Shape(300), () => Enumerable.Range(0, 300).ToArray());
        w.Add("mask", new Shape(3), () => new[] { true, false, true });
        w.Add("u8", new Shape(1, 1, 1, 1), () => new byte[] { 255 });
        w.Add("empty ü", new Shape(0, 4), () => Array.Empty<float>());
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        using PthReader r = new(new MemoryStream(Write(Everything)), "memory");
        Assert.Equal(["w", "f64", "f16", "n", "i32", "mask", "u8", "empty ü"], r.Entries.Select(e => e.Name));
        Assert.Equal([1, 2, 3, -4, 0.5f, float.NaN], r.Read<float>("w"));
        Assert.Equal([2L, 3], r["w"].Shape);
        Assert.Equal([Math.PI], r.Read<double>("f64"));
        Assert.Equal([(Half)1, (Half)(-2)], r.Read<Half>("f16"));
        Assert.Equal([1L << 40], r.Read<long>("n"));
        Assert.Equal(Enumerable.Range(0, 300), r.Read<int>("i32"));
        Assert.Equal([1, 0, 1], r.Read<int>("mask"));
        Assert.Equal([255], r.Read<int>("u8"));
        Assert.Equal([0L, 4], r["empty ü"].Shape);
    }

    /// <summary>
    /// The hash of a small file that torch.load of PyTorch 1.13.1 was seen to read, with and without weights_only: names, order, types,
    /// shapes, values right.
    /// </summary>
    [Fact]
    public void The_bytes_are_those_that_pytorch_reads()
    {
        byte[] file = Write(Everything);
        Assert.Equal(file, Write(Everything));
        Assert.Equal("6fbb5b2e63e974672bfcdb34a30d8ce308e28605f4eed7f28db8ca1b33bf1c69", Convert.ToHexStringLower(SHA256.HashData(file)));
    }

    [Fact]
    public void Data_is_stored_and_begins_at_multiples_of_64()
    {
        byte[] file = Write(Everything);
        using ZipArchive zip = new(new MemoryStream(file));
        Assert.All(zip.Entries, e => Assert.Equal(e.Length, e.CompressedLength));
        // The six numbers of w, as they lie in the file.
        int at = file.AsSpan().IndexOf([.. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(2f), .. BitConverter.GetBytes(3f)]);
        Assert.True(at > 0 && at % 64 == 0, $"the data begins at {at}");
    }

    [Fact]
    public void Mistakes_are_named()
    {
        PthWriter w = new();
        w.Add("w", new Shape(2), () => new float[3]);
        Assert.Contains("two tensors named 'w'",
            Assert.Throws<ArgumentException>(() => w.Add("w", new Shape(2), () => new float[2])).Message);
        Assert.Contains("'w' is [2], but 3 values", Assert.Throws<InvalidOperationException>(() => w.Write(Stream.Null)).Message);
    }
}
