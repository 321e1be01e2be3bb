using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Sagan.Native.Interchange;
using Sagan.Native.Interchange.Numpy;
using Sagan.Native.IO;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests.Interchange;

[Quick]
public class NpzTests
{
    public static TheoryData<string> Arrays =>
        InterchangeGolden.Names("npy", ".npy", n => !n.StartsWith("refused", StringComparison.Ordinal));

    static NpzReader Open(byte[] file, string name = "file.npy") => new(new MemoryStream(file), name);

    static string Refusal(byte[] file) => Assert.Throws<InterchangeException>(() => Open(file).Dispose()).Message;

    [Theory]
    [MemberData(nameof(Arrays))]
    public void Reads_an_array_that_numpy_saved(string name)
    {
        using NpzReader r = Open(InterchangeGolden.File($"npy/{name}.npy"), name + ".npy");
        InterchangeGolden.AssertHolds(r, $"npy/{name}.safetensors");
    }

    [Theory]
    [InlineData("stored")]
    [InlineData("deflated")]
    public void Reads_what_numpy_savez_wrote(string name)
    {
        using NpzReader r = Open(InterchangeGolden.File($"npz/{name}.npz"));
        InterchangeGolden.AssertHolds(r, $"npz/{name}.safetensors");
    }

    [Theory]
    [InlineData("object", "an array of Python objects, a pickle that can run any code, and is refused")]
    [InlineData("record", "is an array of records")]
    [InlineData("complex", "has elements of type '<c8'")]
    public void Refuses_what_is_not_an_array_of_numbers(string name, string reason) =>
        Assert.Contains(reason, Refusal(InterchangeGolden.File($"npy/refused_{name}.npy")));

    static byte[] Npy(string dict, int bytes = 0, byte major = 1) =>
        [0x93, .. "NUMPY"u8, major, 0, (byte)dict.Length, (byte)(dict.Length >> 8), .. Encoding.Latin1.GetBytes(dict), .. new byte[bytes]];

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 7, "has 74 bytes, where its header and array of [2] take 75")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 9, "has 76 bytes, where its header and array of [2] take 75")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,), }", 0, "states more elements than any file has")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 0, "a shape that is no tuple of numbers")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", 0, "a shape that is no tuple of numbers")]
    [InlineData("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (), }", 4, "neither True nor False")]
    [InlineData("{'descr': '<f4', 'descr': '<f4', 'shape': (), }", 4, "has a key twice")]
    [InlineData("{'descr': '<f4', 'evil': __import__('os'), }", 4, "has an unknown key")]
    [InlineData("{'descr': '<f4', 'shape': ()}", 4, "lacks descr, fortran_order or shape")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': ()} + 1", 4, "goes on after its dict")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (", 4, "no tuple of numbers")]
    [InlineData("{'descr", 0, "has a text without an end")]
    [InlineData("[]", 0, "lacks a '{'")]
    public void A_bad_header_is_refused_with_the_reason(string dict, int bytes, string reason) =>
        Assert.Contains(reason, Refusal(Npy(dict, bytes)));

    [Fact]
    public void Bad_files_are_refused_with_the_reason()
    {
        Assert.Contains("has version 9", Refusal(Npy("{}", major: 9)));
        Assert.Contains("truncated", Refusal(Npy("{}")[..9]));
        Assert.Contains("does not begin with", Refusal([1, 2, 3, 4, 5, 6, 7, 8, 9]));
        Assert.Contains("truncated", Refusal([]));
        Assert.Contains("damaged", Refusal([(byte)'P', (byte)'K', 3, 4]));
        using MemoryStream s = new();
        using (ZipArchive zip = new(s, ZipArchiveMode.Create, leaveOpen: true)) zip.CreateEntry("readme.txt");
        Assert.Contains("holds 'readme.txt', which is no .npy", Refusal(s.ToArray()));
    }

    static byte[] Written()
    {
        NpzWriter w = new();
        w.Add("arr_0", new Shape(2, 1, 2, 3), () => Enumerable.Range(0, 12).Select(i => (byte)i).ToArray());
        w.Add("folder/w", new Shape(3), () => new float[] { 1, -2, 0.5f });
        w.Add("n", new Shape(), () => new[] { 1L << 40 });
        w.Add("mask", new Shape(0, 2), Array.Empty<bool>);
        using MemoryStream s = new();
        w.Write(s);
        return s.ToArray();
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        using NpzReader r = Open(Written());
        Assert.Equal(["arr_0", "folder/w", "n", "mask"], r.Entries.Select(e => e.Name));
        Assert.Equal([2L, 1, 2, 3], r["arr_0"].Shape);
        Assert.Equal(Enumerable.Range(0, 12), r.Read<int>("arr_0"));
        Assert.Equal([1, -2, 0.5f], r.Read<float>("folder/w"));
        Assert.Equal([1L << 40], r.Read<long>("n"));
        Assert.Equal([0L, 2], r["mask"].Shape);
    }

    /// <summary>The hash of a file that numpy.load of numpy 1.24 was seen to read: names, types, shapes, values right.</summary>
    [Fact]
    public void The_bytes_are_those_that_numpy_reads() =>
        Assert.Equal("c4371eb5767db261c0ed9acd04d27ee3fbf9accbe79366d5784049fc06dc1db1",
            Convert.ToHexStringLower(SHA256.HashData(Written())));

    [Fact]
    public void Damage_is_refused_or_harmless()
    {
        Random random = new(5);
        foreach (string name in (string[])["npz/stored.npz", "npz/deflated.npz", "npy/fortran.npy"])
        {
            byte[] whole = InterchangeGolden.File(name);
            for (int i = 0; i < 700; i++)
            {
                byte[] file = [.. whole];
                for (int k = 1 << random.Next(4); k > 0; k--) file[random.Next(file.Length)] ^= (byte)(1 << random.Next(8));
                if (i % 7 == 0) file = file[..random.Next(file.Length)];
                try
                {
                    using NpzReader r = Open(file);
                    foreach (TensorEntry e in r.Entries) Assert.Equal(e.Count, r.Read<double>(e.Name).Length);
                }
                catch (SaganException e)
                {
                    Assert.True(e.Message.Length is > 20 and < 3000 && e.Message.All(c => !char.IsControl(c)), e.Message);
                }
            }
        }
    }
}
