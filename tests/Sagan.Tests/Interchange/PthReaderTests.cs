using System.IO.Compression;
using Sagan.Native.Data;
using Sagan.Native.Interchange;
using Sagan.Native.Interchange.Torch;
using Sagan.Native.IO;

namespace Sagan.Native.Tests.Interchange;

[Quick]
public class PthReaderTests
{
    public static TheoryData<string> Files =>
        InterchangeGolden.Names("pth", ".pth", n => !n.StartsWith("refused", StringComparison.Ordinal));

    static PthReader Open(byte[] file, string? key = null) => new(new MemoryStream(file), "file.pth", key);

    static string Refusal(byte[] file, string? key = null) => Assert.Throws<InterchangeException>(() => Open(file, key).Dispose()).Message;

    [Theory]
    [MemberData(nameof(Files))]
    public void Reads_what_pytorch_saved(string name)
    {
        using SafetensorsReader golden = InterchangeGolden.Numbers($"pth/{name}.safetensors");
        using PthReader r = Open(InterchangeGolden.File($"pth/{name}.pth"), golden.Metadata.GetValueOrDefault("key"));
        InterchangeGolden.AssertHolds(r, $"pth/{name}.safetensors");
        Assert.Equal(name.EndsWith("stream", StringComparison.Ordinal) || name == "before_0.4" ? "stream of pickles" : "zip", r.Container);
    }

    [Theory]
    [InlineData("refused_tensor", "is a tensor, not a state dict")]
    [InlineData("refused_module", "torch.nn.modules.linear.Linear, which is refused")]
    [InlineData("refused_module_stream", "torch.nn.modules.linear.Linear, which is refused")]
    [InlineData("refused_global", "numpy.core.multiarray.scalar, which is refused: to unpickle is to call what the file names")]
    [InlineData("refused_expanded", "has an expanded tensor, [1048576] of a storage of 1 elements")]
    [InlineData("refused_script", "is a TorchScript program")]
    public void Refuses_by_name_what_is_not_a_state_dict(string name, string reason) =>
        Assert.Contains(reason, Refusal(InterchangeGolden.File($"pth/{name}.pth")));

    [Fact]
    public void Of_several_state_dicts_one_is_chosen_by_its_key()
    {
        byte[] file = InterchangeGolden.File("pth/several.pth");
        Assert.Contains("holds several state dicts; choose one by its key: 'models.g', 'models.d'.", Refusal(file));
        Assert.Contains("holds no tensors under 'models.x'; there are: 'models.g', 'models.d'.", Refusal(file, "models.x"));
        using PthReader d = Open(file, "models.d");
        Assert.Equal([1f, 1], d.Read<float>("w"));
        Assert.Contains("there is no tensor 'v' among the 1", Assert.Throws<InterchangeException>(() => d.Read<float>("v")).Message);
        Assert.Contains("is F32, which does not convert to Int32", Assert.Throws<InterchangeException>(() => d.Read<int>("w")).Message);
    }

    [Fact]
    public void Everything_in_a_file_can_be_listed_under_full_paths()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("nested.pth");
        File.WriteAllBytes(path, InterchangeGolden.File("pth/nested.pth"));
        using PthReader r = PthReader.Everything(path);
        Assert.Contains("optimizer.state.0.exp_avg", r.Entries.Select(e => e.Name));
        using SafetensorsReader golden = InterchangeGolden.Numbers("pth/nested.safetensors");
        Assert.Equal(golden.Read<float>("bias"), r.Read<float>("state_dict.bias"));
        Assert.Throws<InterchangeException>(() => new PthReader(folder.File("none.pth")));
    }

    // ---- hand-made pickles ----

    /// <summary>A .pth of this pickle and these storages.</summary>
    static byte[] Zip(byte[] pickle, params (string Name, byte[] Bytes)[] more)
    {
        using MemoryStream s = new();
        using (ZipArchive zip = new(s, ZipArchiveMode.Create, leaveOpen: true))
            foreach ((string name, byte[] bytes) in more.Prepend(("a/data.pkl", pickle)))
            {
                using Stream e = zip.CreateEntry(name, CompressionLevel.NoCompression).Open();
                e.Write(bytes);
            }
        return s.ToArray();
    }

    const string LargestLong = "\u008a\u0008\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f";

    const string Storage = "((X\u0007\0\0\0storagectorch\nFloatStorage\nX\u0001\0\0\00X\u0003\0\0\0cpuK\u0004tQ";

    /// <summary>{'w': tensor} of the storage of 4 floats, from this text for offset, size and stride.</summary>
    static byte[] Tensor(string view) =>
        Bytes($"\u0080\u0002}}X\u0001\0\0\0wctorch._utils\n_rebuild_tensor_v2\n{Storage}{view}\u0089)tRs.");

    static byte[] Bytes(string latin1) => System.Text.Encoding.Latin1.GetBytes(latin1);

    static (string, byte[]) Floats(params float[] values) => ("a/data/0", [.. values.SelectMany(BitConverter.GetBytes)]);

    [Fact]
    public void A_hand_made_file_is_read()
    {
        using PthReader r = Open(Zip(Tensor("K\u0000K\u0002K\u0002\u0086K\u0001K\u0002\u0086"), Floats(1, 2, 3, 4)));
        Assert.Equal([1f, 3, 2, 4], r.Read<float>("w"));
        Assert.Equal([2L, 2], r["w"].Shape);
    }

    [Theory]
    [InlineData("K\u0001K\u0004\u0085K\u0001\u0085", "leaves its storage of 4 elements")]
    [InlineData("K\u0000K\u0002K\u0003\u0086K\u0003K\u0001\u0086", "leaves its storage of 4 elements")]
    [InlineData("J\u00ff\u00ff\u00ff\u00ffK\u0001\u0085K\u0001\u0085", "leaves its storage")]
    [InlineData("K\u0000K\u0002\u0085J\u00ff\u00ff\u00ff\u00ff\u0085", "with the size or stride -1")]
    [InlineData($"K\u0000{LargestLong}\u0085{LargestLong}\u0085", "leaves its storage")]
    [InlineData("K\u0000J\0\0\0\u0010\u0085K\u0000\u0085", "expanded tensor")]
    [InlineData("K\u0000K\u0004\u0085K\u0001K\u0001\u0086", "1 sizes and 2 strides")]
    [InlineData("K\u0000K\u0004K\u0001\u0085", "calls torch._utils._rebuild_tensor_v2 with other arguments")]
    public void A_view_must_stay_in_its_storage(string view, string reason) =>
        Assert.Contains(reason, Refusal(Zip(Tensor(view), Floats(1, 2, 3, 4))));

    [Fact]
    public void Storages_must_be_there_whole_and_stored()
    {
        byte[] pickle = Tensor("K\u0000K\u0004\u0085K\u0001\u0085");
        Assert.Contains("lacks the storage '0'", Refusal(Zip(pickle)));
        Assert.Contains("has 12 bytes of the storage '0', where its type and size take 16", Refusal(Zip(pickle, Floats(1, 2, 3))));
        Assert.Contains("has two entries 'a/data/0'", Refusal(Zip(pickle, Floats(1, 2, 3, 4), Floats(1, 2, 3, 5))));
        Assert.Contains("big-endian", Refusal(Zip(pickle, Floats(1, 2, 3, 4), ("a/byteorder", Bytes("big")))));
        using MemoryStream s = new();
        using (ZipArchive zip = new(s, ZipArchiveMode.Create, leaveOpen: true))
        {
            // A bomb: a thousand times its size once it is unpacked.
            using Stream e = zip.CreateEntry("a/data.pkl", CompressionLevel.SmallestSize).Open();
            e.Write(new byte[1 << 20]);
        }
        Assert.Contains("has a compressed entry 'a/data.pkl'", Refusal(s.ToArray()));
    }

    public static TheoryData<string, string> BadPickles => new()
    {
        { "cposix\nsystem\nX\u0002\0\0\0ls\u0085R.", "its pickle wants posix.system, which is refused" },
        { "c__builtin__\neval\n.", "its pickle wants __builtin__.eval, which is refused" },
        { "}X\u0001\0\0\0wcbuiltins\nexec\n)Rs.", "builtins.exec, which is refused" },
        { "h\u0005.", "gets 5 from its memo" },
        { "j\u00ff\u00ff\u00ff\u00ff.", "gets 4294967295 from its memo" },
        { "t.", "a mark that was not set" },
        { "R.", "empty stack" },
        { "K\u0001(\u0086.", "empty stack" },
        { "X\u00ff\u00ff\u00ff\u007fabc.", "text of 2147483647 bytes, more than are left" },
        { "X\u0001\0\0\0\u00ff.", "not UTF-8" },
        { "}", "ends in the middle" },
        { "NN.", "ends with more than one object" },
        { "\u0080\u0004N.", "has protocol 4" },
        { "I1\n.", "the opcode 0x49" },
        { "cc\n", "ends in the middle" },
        { "Na.", "empty stack" },
        { "NNa.", "appends to something that is not a list" },
        { "N}b.", "sets attributes of something that is not a dict" },
        { "}(K\u0001u.", "sets a key without a value" },
        { "K\u0001)R.", "calls something that is not a function" },
        { ".", "empty stack" },
        { "}.", "holds no state dict" },
        { "}X\u0001\0\0\0wctorch._utils\n_rebuild_tensor_v2\n)Rs.", "with other arguments than a tensor's" },
        { "}X\u0001\0\0\0wNQs.", "holds no state dict" },
        { "c" + new string('a', 300), "a name of more than 256 bytes" },
    };

    [Theory]
    [MemberData(nameof(BadPickles))]
    public void A_bad_pickle_is_refused_with_the_reason(string pickle, string reason) =>
        Assert.Contains(reason, Refusal(Zip(Bytes(pickle))));

    [Fact]
    public void Depth_and_cycles_are_bounded()
    {
        // A dict in itself, beside a tensor: read. A hundred dicts in each other: refused. Lists that double forty times over: each is
        // looked at once.
        byte[] tensor = Tensor("K\u0000K\u0004\u0085K\u0001\u0085");
        string self = System.Text.Encoding.Latin1.GetString(tensor)[..^1] + "q\u0000X\u0001\0\0\0sh\u0000s.";
        using (PthReader r = Open(Zip(Bytes(self), Floats(1, 2, 3, 4)))) Assert.Equal(["w"], r.Entries.Select(e => e.Name));
        Assert.Contains("is nested deeper than 64",
            Refusal(Zip(Bytes(string.Concat(Enumerable.Repeat("}K\u0001", 100)) + "N" + new string('s', 100) + "."))));
        string doubling = "]q\u00000" + string.Concat(Enumerable.Range(0, 40).Select(i => $"](h{(char)i}h{(char)i}eq{(char)(i + 1)}0"))
            + "h\u0028.";
        Assert.Contains("holds no state dict", Refusal(Zip(Bytes(doubling))));
        Assert.Contains("makes more than", Refusal(Zip(Bytes("](" + new string('N', 3_000_000) + "e."))));
    }
}
