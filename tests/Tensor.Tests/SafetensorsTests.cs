using System.Buffers.Binary;
using System.Text;
using Sagan.Native.IO;

namespace Sagan.Native.Tests;

[Quick]
public sealed class SafetensorsTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("sagan-safetensors-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>A file with the given header text and data, whatever they are.</summary>
    static byte[] Bytes(string header, params byte[] data) => Bytes(Encoding.UTF8.GetBytes(header), data);

    static byte[] Bytes(byte[] header, byte[] data)
    {
        byte[] file = new byte[8 + header.Length + data.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)header.Length);
        header.CopyTo(file, 8);
        data.CopyTo(file, 8 + header.Length);
        return file;
    }

    static SafetensorsReader Open(byte[] file) => new(new MemoryStream(file), "memory");

    static byte[] Write(SafetensorsWriter w)
    {
        using MemoryStream s = new();
        w.Write(s);
        return s.ToArray();
    }

    static SafetensorsException Rejects(SafetensorsRule rule, byte[] file)
    {
        SafetensorsException e = Assert.Throws<SafetensorsException>(() => Open(file).Dispose());
        Assert.True(rule == e.Rule, $"expected {rule}, got: {e.Message}");
        Assert.StartsWith("memory: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(rule.ToString(), e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
        return e;
    }

    // The sample of the format notes, made with Python's struct: F32 before I64 is legal though not the reference's order.
    const string SampleHeader =
        """{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"""
        + "\"b\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[16,24]}}";

    static byte[] Sample()
    {
        byte[] data = new byte[24];
        for (int i = 0; i < 4; i++) BinaryPrimitives.WriteSingleLittleEndian(data.AsSpan(4 * i), i + 1);
        BinaryPrimitives.WriteInt64LittleEndian(data.AsSpan(16), 7);
        return Bytes(SampleHeader.PadRight(144), data);
    }

    [Fact]
    public void Known_sample_is_read()
    {
        byte[] file = Sample();
        Assert.Equal(176, file.Length);
        using SafetensorsReader r = Open(file);
        Assert.Equal("pt", r.Metadata["format"]);
        Assert.Equal(["w F32 [2, 2]", "b I64 []"], r.Entries.Select(e => e.ToString()));
        Assert.Equal([1f, 2, 3, 4], r.Read<float>("w"));
        Assert.Equal([7L], r.Read<long>("b"));
        Assert.Equal([7], r.Read<int>("b"));
        Assert.Equal([7f], r.Read<float>("b"));
    }

    // Bytes published in the reference implementation's own tests.
    [Fact]
    public void Writer_gives_the_reference_bytes()
    {
        byte[] data = new byte[24];
        for (int i = 0; i < 6; i++) BinaryPrimitives.WriteSingleLittleEndian(data.AsSpan(4 * i), i);
        float[] values = [0, 1, 2, 3, 4, 5];

        SafetensorsWriter aligned = new();
        aligned.Add("attn.0", new Shape(1, 2, 3), values);
        Assert.Equal(Bytes("""{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}""", data), Write(aligned));

        SafetensorsWriter padded = new();
        padded.Add("attn0", new Shape(1, 1, 2, 3), values);
        Assert.Equal(Bytes("""{"attn0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}}       """, data), Write(padded));

        Assert.Equal(Bytes("{}      "), Write(new SafetensorsWriter()));
        SafetensorsWriter metadata = new();
        metadata.Metadata["framework"] = "pt";
        Assert.Equal(Bytes("""{"__metadata__":{"framework":"pt"}}     """), Write(metadata));
    }

    [Fact]
    public void Writer_orders_by_dtype_then_by_utf8_name_and_sorts_metadata()
    {
        SafetensorsWriter w = new();
        w.Metadata["b"] = "2";
        w.Metadata["B"] = "\"\\\n\u0001é<";
        w.Add("z", new Shape(1), new float[1]);
        // In UTF-16 order U+1D400 would come first: its surrogates are below U+FF21.
        w.Add("\U0001D400", new Shape(1), new float[1]);
        w.Add("\uFF21", new Shape(1), new float[1]);
        w.Add("flag", new Shape(1), new bool[1]);
        w.Add("n", new Shape(), new long[1]);
        w.Add("d", new Shape(1), new double[1]);
        w.Add("i", new Shape(1), new int[1]);
        w.Add("h", new Shape(1), new Half[1]);
        w.Add("u", new Shape(1), new byte[1]);
        w.AddBytes("bf", TensorDtype.BF16, new Shape(1), new byte[2]);
        byte[] file = Write(w);
        using SafetensorsReader r = Open(file);
        Assert.Equal(["n", "d", "z", "\uFF21", "\U0001D400", "i", "bf", "h", "u", "flag"], r.Entries.Select(e => e.Name));
        string header = Encoding.UTF8.GetString(file, 8, (int)BinaryPrimitives.ReadUInt64LittleEndian(file));
        Assert.StartsWith("""{"__metadata__":{"B":"\"\\\n\u0001é<","b":"2"},"n":{""", header, StringComparison.Ordinal);
        Assert.Equal(0UL, BinaryPrimitives.ReadUInt64LittleEndian(file) % 8);
        Assert.Equal("\"\\\n\u0001é<", r.Metadata["B"]);
    }

    public static TheoryData<SafetensorsRule, string> BadHeaders()
    {
        TheoryData<SafetensorsRule, string> d = [];
        void Json(string json) => d.Add(SafetensorsRule.InvalidHeaderDeserialization, json);
        Json("");
        Json("   ");
        Json("[]");
        Json("null");
        Json("{");
        Json("{}{}");
        Json("{}\0\0\0\0\0\0");
        Json("{} x");
        Json("\uFEFF{}");
        Json("{/*c*/}");
        Json("""{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},}""");
        Json("""{"w":1}""");
        Json("""{"w":{"shape":[0],"data_offsets":[0,0]}}""");
        Json("""{"w":{"dtype":"U8","data_offsets":[0,0]}}""");
        Json("""{"w":{"dtype":"U8","shape":[0]}}""");
        Json("""{"w":{"dtype":"F4","shape":[0],"data_offsets":[0,0]}}""");
        Json("""{"w":{"dtype":"f32","shape":[0],"data_offsets":[0,0]}}""");
        Json("""{"w":{"dtype":"5","shape":[0],"data_offsets":[0,0]}}""");
        Json("""{"w":{"dtype":"","shape":[0],"data_offsets":[0,0]}}""");
        Json("""{"w":{"dtype":5,"shape":[0],"data_offsets":[0,0]}}""");
        Json("""{"w":{"dtype":"U8","shape":0,"data_offsets":[0,0]}}""");
        Json("""{"w":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}""");
        Json("""{"w":{"dtype":"U8","shape":[-0],"data_offsets":[0,0]}}""");
        Json("""{"w":{"dtype":"U8","shape":[0.0],"data_offsets":[0,0]}}""");
        Json("""{"w":{"dtype":"U8","shape":[1e0],"data_offsets":[0,0]}}""");
        Json("""{"w":{"dtype":"U8","shape":["0"],"data_offsets":[0,0]}}""");
        Json("""{"w":{"dtype":"U8","shape":[[0]],"data_offsets":[0,0]}}""");
        Json("""{"w":{"dtype":"U8","shape":[18446744073709551616],"data_offsets":[0,0]}}""");
        Json("""{"w":{"dtype":"U8","shape":[0],"data_offsets":[0]}}""");
        Json("""{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0,0]}}""");
        Json("""{"w":{"dtype":"U8","shape":[0],"data_offsets":{"0":0}}}""");
        Json("""{"w\ud800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}""");
        Json("""{"__metadata__":{"a":1}}""");
        Json("""{"__metadata__":{"a":null}}""");
        Json("""{"__metadata__":"a"}""");
        Json($"{{\"w\":{{\"dtype\":\"U8\",\"shape\":[{string.Join(',', Enumerable.Repeat(0, 65))}],\"data_offsets\":[0,0]}}}}");
        Json($"{{\"w\":{{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0],\"extra\":{new string('[', 100)}{new string(']', 100)}}}}}");

        d.Add(SafetensorsRule.DuplicateKey,
            """{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}""");
        d.Add(SafetensorsRule.DuplicateKey,
            """{"w":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"\u0077":{"dtype":"U8","shape":[],"data_offsets":[1,2]}}""");
        d.Add(SafetensorsRule.DuplicateKey, """{"w":{"dtype":"U8","shape":[0],"shape":[0],"data_offsets":[0,0]}}""");
        d.Add(SafetensorsRule.DuplicateKey, """{"__metadata__":{"a":"1","a":"2"}}""");
        d.Add(SafetensorsRule.DuplicateKey, """{"__metadata__":{},"__metadata__":{}}""");
        d.Add(SafetensorsRule.NulInName, """{"w\u0000":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}""");

        // A hole, an overlap, a first begin that is not 0, an end before the begin, sharing.
        d.Add(SafetensorsRule.InvalidOffset,
            """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}""");
        d.Add(SafetensorsRule.InvalidOffset,
            """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""");
        d.Add(SafetensorsRule.InvalidOffset, """{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""");
        d.Add(SafetensorsRule.InvalidOffset,
            """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,1]}}""");
        d.Add(SafetensorsRule.InvalidOffset,
            """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""");

        d.Add(SafetensorsRule.ValidationOverflow, """{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,3]}}""");
        d.Add(SafetensorsRule.ValidationOverflow, """{"a":{"dtype":"U8","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}}""");
        d.Add(SafetensorsRule.ValidationOverflow, """{"a":{"dtype":"F64","shape":[288230376151711744],"data_offsets":[0,3]}}""");
        d.Add(SafetensorsRule.TensorInvalidInfo, """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,3]}}""");
        d.Add(SafetensorsRule.TensorInvalidInfo, """{"a":{"dtype":"F32","shape":[],"data_offsets":[0,0]}}""");
        d.Add(SafetensorsRule.MetadataIncompleteBuffer, """{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""");
        d.Add(SafetensorsRule.MetadataIncompleteBuffer, """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""");
        d.Add(SafetensorsRule.MetadataIncompleteBuffer,
            """{"a":{"dtype":"U8","shape":[2305843009213693951],"data_offsets":[0,2305843009213693951]}}""");
        d.Add(SafetensorsRule.MetadataIncompleteBuffer, "{}");
        return d;
    }

    /// <summary>Each header stands before 3 bytes of data.</summary>
    [Theory]
    [MemberData(nameof(BadHeaders))]
    public void Bad_headers_are_rejected_by_their_rule(SafetensorsRule rule, string header) => Rejects(rule, Bytes(header, 1, 2, 3));

    [Fact]
    public void Bad_lengths_are_rejected_by_their_rule()
    {
        Rejects(SafetensorsRule.HeaderTooSmall, []);
        Rejects(SafetensorsRule.HeaderTooSmall, new byte[7]);
        byte[] file = Sample();
        void Length(ulong n, SafetensorsRule rule)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(file, n);
            Rejects(rule, file);
        }
        Length(ulong.MaxValue, SafetensorsRule.HeaderTooLarge);
        Length(100_000_001, SafetensorsRule.HeaderTooLarge);
        Length(100_000_000, SafetensorsRule.InvalidHeaderLength);
        Length(169, SafetensorsRule.InvalidHeaderLength);
        // 168 takes the data for header too: the 1f in it is no UTF-8. 148 takes four bytes of it that are, if NUL.
        Length(168, SafetensorsRule.InvalidHeader);
        file.AsSpan(152, 4).Clear();
        Length(148, SafetensorsRule.InvalidHeaderDeserialization);
    }

    [Fact]
    public void Rules_apply_in_the_reference_order()
    {
        // Not UTF-8 and not JSON: the former comes first, and is named with its place.
        SafetensorsException e = Rejects(SafetensorsRule.InvalidHeader, Bytes([(byte)'{', (byte)'"', 0xC0, 0x80, (byte)'['], []));
        Assert.Equal(10, e.Offset);
        // An offset that is wrong and a size that overflows in one tensor; then a wrong size before a wrong offset in the next one.
        Rejects(SafetensorsRule.InvalidOffset, Bytes("""{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[1,3]}}"""));
        e = Rejects(SafetensorsRule.TensorInvalidInfo, Bytes(
            """{"b":{"dtype":"U8","shape":[9],"data_offsets":[5,6]},"a":{"dtype":"U8","shape":[9],"data_offsets":[0,1]}}"""));
        Assert.Equal("a", e.Tensor);
        Assert.Equal(8 + 53, e.Offset);
    }

    [Fact]
    public void Errors_name_file_rule_tensor_and_place()
    {
        SafetensorsException e = Rejects(SafetensorsRule.InvalidHeaderDeserialization,
            Bytes("""{"w":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}"""));
        Assert.Equal("memory: tensor 'w': dtype F8_E4M3 is not supported; supported are BOOL U8 I32 I64 F16 BF16 F32 F64 "
            + "(InvalidHeaderDeserialization, at byte 22).", e.Message);
        Assert.Equal(("memory", "w", 22L), (e.File, e.Tensor, e.Offset));
        e = Rejects(SafetensorsRule.InvalidHeaderDeserialization, Bytes("""{"\u001b[31m":{}}"""));
        Assert.DoesNotContain('\u001b', e.Message);
        using SafetensorsReader r = Open(Sample());
        e = Assert.Throws<SafetensorsException>(() => r.Read<float>("gamma"));
        Assert.Equal(SafetensorsRule.TensorNotFound, e.Rule);
        Assert.Contains("no tensor 'gamma' among the 2", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(" \t\r\n{}")]
    [InlineData("{} \t\r\n")]
    [InlineData("""{"__metadata__":{}}""")]
    [InlineData("""{"w":{"dtype":"U8","shape":[0,4294967296,4294967296],"data_offsets":[0,0],"extra":{"a":[1,2]}}}""")]
    [InlineData("""{"b":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[3,0],"data_offsets":[0,0]}}""")]
    [InlineData("""{"":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}""")]
    public void What_the_reference_accepts_is_accepted(string header) => Open(Bytes(header)).Dispose();

    [Fact]
    public void Every_dtype_makes_the_round_trip_bit_for_bit()
    {
        Random random = new(1);
        foreach (TensorDtype dtype in Enum.GetValues<TensorDtype>())
        {
            Shape shape = new(3, 1, 5);
            byte[] bytes = new byte[shape.Count * dtype.Size()];
            random.NextBytes(bytes);
            SafetensorsWriter w = new();
            w.AddBytes("t", dtype, shape, bytes);
            w.AddBytes("empty", dtype, new Shape(2, 0), []);
            byte[] file = Write(w);
            using SafetensorsReader r = Open(file);
            Assert.Equal(bytes, r.ReadBytes("t"));
            Assert.Equal([3L, 1, 5], r["t"].Shape);
            Assert.Equal(15, r["t"].Count);
            Assert.Empty(r.ReadBytes("empty"));
        }
    }

    [Fact]
    public void Values_convert()
    {
        SafetensorsWriter w = new();
        w.Add("f64", new Shape(3), [1.5, -1e300, double.NaN]);
        w.Add("f16", new Shape(3), [(Half)0.5f, Half.NegativeInfinity, (Half)65504f]);
        w.AddBytes("bf16", TensorDtype.BF16, new Shape(2), [0x80, 0x3F, 0x49, 0xC0]);
        w.Add("i64", new Shape(2), [long.MinValue, 3L]);
        w.Add("i32", new Shape(2), [-7, 300]);
        w.Add("u8", new Shape(2), new byte[] { 0, 255 });
        w.AddBytes("bool", TensorDtype.Bool, new Shape(3), [0, 1, 2]);
        using SafetensorsReader r = Open(Write(w));
        Assert.Equal([1.5f, float.NegativeInfinity, float.NaN], r.Read<float>("f64"));
        Assert.Equal([0.5f, float.NegativeInfinity, 65504f], r.Read<float>("f16"));
        Assert.Equal([1f, -3.140625f], r.Read<float>("bf16"));
        Assert.Equal([-7f, 300f], r.Read<float>("i32"));
        Assert.Equal([-7L, 300L], r.Read<long>("i32"));
        Assert.Equal([0, 255], r.Read<int>("u8"));
        Assert.Equal(new byte[] { 0, 1, 1 }, r.Read<byte>("bool"));
        Assert.Equal([0.0, 1, 1], r.Read<double>("bool"));
        Action[] refused = [() => r.Read<int>("i64"), () => r.Read<byte>("i32"), () => r.Read<int>("f64"),
            () => r.Read("u8", new float[3].AsSpan())];
        foreach (Action read in refused)
            Assert.Equal(SafetensorsRule.NotConvertible, Assert.Throws<SafetensorsException>(read).Rule);
    }

    [Fact]
    public void A_tensor_longer_than_a_chunk_converts()
    {
        const int n = 100_003;
        SafetensorsWriter w = new();
        w.Add("x", new Shape(n), [.. Enumerable.Range(0, n)]);
        w.Add("y", new Shape(n), [.. Enumerable.Range(0, n).Select(i => (Half)(i % 1000))]);
        using SafetensorsReader r = Open(Write(w));
        float[] x = r.Read<float>("x"), y = r.Read<float>("y");
        for (int i = 0; i < n; i++) Assert.True(x[i] == i && y[i] == i % 1000, $"element {i}");
    }

    [Fact]
    public void The_writer_refuses_what_the_reader_would()
    {
        SafetensorsWriter w = new();
        w.Add("a", new Shape(1), new float[1]);
        Assert.Throws<ArgumentException>(() => w.Add("a", new Shape(1), new float[1]));
        Assert.Throws<ArgumentException>(() => w.Add("b\0", new Shape(1), new float[1]));
        Assert.Throws<ArgumentException>(() => w.Add("\ud800", new Shape(1), new float[1]));
        Assert.Throws<ArgumentException>(() => w.Add("__metadata__", new Shape(1), new float[1]));
        Assert.Throws<ArgumentException>(() => w.Add("c", new Shape(2), new float[1]));
        Assert.Throws<ArgumentException>(() => w.Add("c", new Shape(1), new char[1]));
        Assert.Throws<ArgumentException>(() => w.AddBytes("c", TensorDtype.F16, new Shape(1), new byte[1]));
        using SafetensorsReader r = Open(Write(w));
        Assert.Single(r.Entries);
        w.Add("late", new Shape(2), () => new float[1]);
        Assert.Contains("'late' takes 2 values", Assert.Throws<InvalidOperationException>(() => Write(w)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Saving_replaces_the_file_or_leaves_it()
    {
        string path = Path.Combine(folder, "model.safetensors");
        SafetensorsWriter first = new();
        first.Add("x", new Shape(2), [1f, 2f]);
        first.Save(path);
        byte[] before = File.ReadAllBytes(path);

        SafetensorsWriter broken = new();
        broken.Add("x", new Shape(1 << 20), () => new float[1 << 20]);
        broken.Add("y", new Shape(1), float[] () => throw new IOException("the disk is full"));
        Assert.Throws<IOException>(() => broken.Save(path));
        Assert.Equal(before, File.ReadAllBytes(path));
        Assert.Equal(["model.safetensors"], Directory.GetFiles(folder).Select(Path.GetFileName));

        string temporary = AtomicFile.TemporaryPrefix + Path.GetFileName(path);
        File.WriteAllText(Path.Combine(Path.GetDirectoryName(path)!, temporary), "left by a crash");
        SafetensorsWriter second = new();
        second.Add("x", new Shape(1), [3f]);
        second.Save(path);
        using SafetensorsReader r = new(path);
        Assert.Equal([3f], r.Read<float>("x"));
        Assert.Single(Directory.GetFiles(folder));
    }

    [Fact]
    public void A_malformed_file_is_closed_and_named()
    {
        string path = Path.Combine(folder, "bad.safetensors");
        File.WriteAllBytes(path, [1, 2, 3]);
        SafetensorsException e = Assert.Throws<SafetensorsException>(() => new SafetensorsReader(path));
        Assert.Contains(path, e.Message, StringComparison.Ordinal);
        // On Windows this fails while a handle is open.
        File.Delete(path);
    }

    [Fact]
    public void Reads_from_the_position_of_a_stream()
    {
        using MemoryStream s = new();
        s.Write(new byte[13]);
        s.Write(Sample());
        s.Position = 13;
        using SafetensorsReader r = new(s, "inner", leaveOpen: true);
        Assert.Equal([7L], r.Read<long>("b"));
        Assert.Equal([1f, 2, 3, 4], r.Read<float>("w"));
    }

    /// <summary>A sparse file: 5 GB by its length, a few blocks on the disk.</summary>
    [Fact]
    public void Files_beyond_4_GB_are_read()
    {
        const long big = 5_000_000_000;
        string path = Path.Combine(folder, "big.safetensors");
        string header =
            $"{{\"big\":{{\"dtype\":\"U8\",\"shape\":[{big}],\"data_offsets\":[0,{big}]}},"
            + $"\"last\":{{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[{big},{big + 8}]}}}}";
        using (FileStream s = File.Create(path))
        {
            s.Write(Bytes(header));
            try
            {
                s.SetLength(s.Position + big + 8);
            }
            catch (IOException e)
            {
                Assert.Skip($"the temporary folder has no sparse files: {e.Message}");
            }
            s.Seek(-8, SeekOrigin.End);
            byte[] tail = new byte[8];
            BinaryPrimitives.WriteSingleLittleEndian(tail, 2.5f);
            BinaryPrimitives.WriteSingleLittleEndian(tail.AsSpan(4), -1);
            s.Write(tail);
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        using (SafetensorsReader r = new(path))
        {
            Assert.Equal([2.5f, -1f], r.Read<float>("last"));
            Assert.Equal(big, r["big"].Count);
            Assert.Equal(SafetensorsRule.NotConvertible, Assert.Throws<SafetensorsException>(() => r.ReadBytes("big")).Rule);
        }
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }
}
