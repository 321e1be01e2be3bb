using System.IO.Compression;
using System.Text.Json;
using Sagan.Native.IO;

namespace Sagan.Native.Tests.Interchange;

/// <summary>The files of tests/golden/interchange.zip, made by PyTorch and numpy: see make_interchange.py beside it.</summary>
static class InterchangeGolden
{
    static readonly Dictionary<string, byte[]> entries = Read();

    /// <summary>Names of the entries of a folder that have this ending, without both.</summary>
    public static TheoryData<string> Names(string folder, string ending, Func<string, bool> want)
    {
        TheoryData<string> names = [];
        foreach (string key in entries.Keys.Order())
        {
            if (!key.StartsWith(folder + "/", StringComparison.Ordinal) || !key.EndsWith(ending, StringComparison.Ordinal)) continue;
            string name = key[(folder.Length + 1)..^ending.Length];
            if (want(name)) names.Add(name);
        }
        return names;
    }

    public static byte[] File(string name) => [.. entries[name]];

    public static SafetensorsReader Numbers(string name) => new(new MemoryStream(entries[name]), name);

    /// <summary>Asserts that a file holds the tensors of a golden file: names, dtypes, shapes and every value.</summary>
    public static void AssertHolds(TensorFile actual, string golden)
    {
        using SafetensorsReader expected = Numbers(golden);
        Dictionary<string, string> dtypes = JsonSerializer.Deserialize<Dictionary<string, string>>(expected.Metadata["dtypes"])!;
        Assert.Equal(dtypes.Keys.Order(), actual.Entries.Select(e => e.Name).Order());
        foreach ((string name, string dtype) in dtypes)
        {
            Assert.Equal(dtype, actual[name].Dtype.Name());
            Assert.Equal(expected[name].Shape, actual[name].Shape);
            Assert.Equal(expected.Read<double>(name), actual.Read<double>(name));
        }
    }

    static Dictionary<string, byte[]> Read()
    {
        using ZipArchive zip = new(typeof(InterchangeGolden).Assembly.GetManifestResourceStream("interchange.zip")!);
        Dictionary<string, byte[]> read = [];
        foreach (ZipArchiveEntry entry in zip.Entries)
        {
            using MemoryStream bytes = new();
            using Stream stream = entry.Open();
            stream.CopyTo(bytes);
            read[entry.FullName] = bytes.ToArray();
        }
        return read;
    }
}
