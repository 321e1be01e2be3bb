using Sagan.Native.IO;

namespace Sagan.Native.Interchange.Onnx;

/// <summary>The weights of an ONNX file under their names, and what there is to say of its graph. The file is held in memory.</summary>
sealed class OnnxReader : TensorFile
{
    const int MostTensors = 1 << 20;

    sealed record Entry(string Name, TensorDtype Dtype, IReadOnlyList<long> Shape, ReadOnlyMemory<byte> Bytes)
        : TensorEntry(Name, Dtype, Shape);

    readonly string file;
    readonly List<Entry> entries = [];
    readonly SortedDictionary<string, int> operators = new(StringComparer.Ordinal);
    readonly List<(string, string)> about = [];

    /// <summary>Opens a file. Throws <see cref="InterchangeException"/> when it is malformed.</summary>
    public OnnxReader(string path) : this(Bytes(path), path) { }

    /// <summary>Reads a file's bytes.</summary>
    public OnnxReader(byte[] bytes, string name)
    {
        file = name;
        ProtobufReader model = new(bytes, name);
        bool found = false;
        while (model.Next())
            if (model.Field == 1) about.Add(("ir_version", $"{model.Number}"));
            else if (model.Field == 2) about.Add(("producer", Shown(model.Text)));
            else if (model.Field == 7)
            {
                found = true;
                ReadGraph(model.Message);
            }
            else if (model.Field == 14) about.Add(Pair(model.Message));
        if (!found) throw new InterchangeException($"{file}: is no ONNX file: it has no graph.");
        about.Add(("operators", string.Join(", ", operators.Select(o => $"{o.Value} {o.Key}"))));
        if (entries.DistinctBy(e => e.Name).Count() < entries.Count)
            throw new InterchangeException($"{file}: has two weights of one name.");
    }

    public override IReadOnlyList<TensorEntry> Entries => entries;

    /// <summary>Version, producer, metadata, and how often each operator occurs.</summary>
    public IReadOnlyList<(string Key, string Value)> About => about;

    void ReadGraph(ProtobufReader graph)
    {
        while (graph.Next())
            if (graph.Field == 1) Count(graph.Message);
            else if (graph.Field == 5)
            {
                if (entries.Count == MostTensors) throw new InterchangeException($"{file}: has more than {MostTensors} weights.");
                entries.Add(Tensor(graph.Message));
            }
    }

    void Count(ProtobufReader node)
    {
        while (node.Next())
            if (node.Field == 4)
            {
                string op = Shown(node.Text);
                operators[op] = operators.GetValueOrDefault(op) + 1;
            }
    }

    Entry Tensor(ProtobufReader t)
    {
        List<long> dims = [];
        string name = "";
        ulong type = 0;
        ReadOnlyMemory<byte>? raw = null;
        bool outside = false;
        while (t.Next())
            switch (t.Field)
            {
                case 1 when t.Bytes.Length > 0:
                    throw new InterchangeException($"{file}: the sizes of a weight are packed, which is not "
                    + "read.");
                case 1: dims.Add((long)t.Number); break;
                case 2: type = t.Number; break;
                // Packed floats are the same bytes as raw ones.
                case 4 or 9: raw = t.Bytes; break;
                case 8: name = t.Text; break;
                case 13 or 14: outside |= t.Field == 13 || t.Number != 0; break;
            }
        string shown = $"{file}: weight '{Shown(name)}'";
        if (outside) throw new InterchangeException($"{shown} lies in another file, which is not read.");
        TensorDtype dtype = type switch
        {
            1 => TensorDtype.F32,
            2 => TensorDtype.U8,
            6 => TensorDtype.I32,
            7 => TensorDtype.I64,
            9 => TensorDtype.Bool,
            10 => TensorDtype.F16,
            11 => TensorDtype.F64,
            16 => TensorDtype.BF16,
            _ => throw new InterchangeException($"{shown} has the element type {type}, which is not read."),
        };
        long bytes = Size(dims, dtype) ?? throw new InterchangeException($"{shown} states sizes that no tensor has.");
        if (bytes != (raw?.Length ?? 0))
            throw new InterchangeException($"{shown} takes {bytes} bytes by its sizes and has {raw?.Length ?? 0} as raw data.");
        return new Entry(name, dtype, dims, raw ?? default);
    }

    static long? Size(List<long> dims, TensorDtype dtype)
    {
        if (dims.Count > SafetensorsHeader.MaxRank || dims.Any(n => n < 0)) return null;
        try
        {
            return dims.Aggregate((long)dtype.Size(), (product, n) => checked(product * n));
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    protected internal override Stream Data(TensorEntry entry) => new MemoryStream(((Entry)entry).Bytes.ToArray(), writable: false);

    protected internal override Exception Missing(string name) => new InterchangeException($"{file}: there is no weight '{Shown(name)}'.");

    protected internal override Exception NotConvertible(TensorEntry entry, string problem, Exception? inner = null) =>
        new InterchangeException($"{file}: weight '{Shown(entry.Name)}' {problem}.", inner);

    protected override void Dispose(bool disposing)
    {
    }

    static (string, string) Pair(ProtobufReader entry)
    {
        (string key, string value) = ("", "");
        while (entry.Next())
            if (entry.Field == 1) key = entry.Text;
            else if (entry.Field == 2) value = entry.Text;
        return (Shown(key), Shown(value));
    }

    static string Shown(string text) => SafetensorsHeader.Show(text);

    static byte[] Bytes(string path)
    {
        using FileStream s = InterchangeFile.Open(path);
        if (s.Length > Array.MaxLength) throw new InterchangeException($"{path}: has 2 GiB or more, which no ONNX file has.");
        byte[] bytes = new byte[s.Length];
        s.ReadExactly(bytes);
        return bytes;
    }
}
