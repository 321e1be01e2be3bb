namespace Sagan.Native.Interchange.Onnx;

/// <summary>A size: so many, and so many more for each example of the batch, whose number stays open.</summary>
readonly record struct OnnxDim(int Fixed, int PerExample)
{
    public bool IsOpen => PerExample != 0;

    public bool IsOne => Fixed == 1 && !IsOpen;

    public static implicit operator OnnxDim(int size) => new(size, 0);
}

/// <summary>A tensor inside a graph.</summary>
/// <param name="Name">Its name, which is that of the node that makes it.</param>
/// <param name="Dims">Its sizes in the engine's order: [N, ..., C].</param>
/// <param name="ChannelsFirst">True when the file holds it as [N, C, ...], which is how ONNX has images.</param>
sealed record OnnxValue(string Name, IReadOnlyList<OnnxDim> Dims, bool ChannelsFirst = false)
{
    public int Rank => Dims.Count;

    /// <summary>The engine's axes in the order in which the file has them.</summary>
    public int[] Order => ChannelsFirst ? [0, Rank - 1, .. Enumerable.Range(1, Rank - 2)] : [.. Enumerable.Range(0, Rank)];

    /// <summary>The sizes in the file's order.</summary>
    public OnnxDim[] Sizes => [.. Order.Select(axis => Dims[axis])];

    /// <summary>Where the file has an axis.</summary>
    public int AxisOf(int axis) => Array.IndexOf(Order, axis);
}

/// <summary>One operation, whose first output has its name. Attributes are long, float, string or long[].</summary>
sealed record OnnxNode(string Op, string Name, IReadOnlyList<string> Inputs, IReadOnlyList<(string Name, object Value)> Attributes)
{
    /// <summary>Names of outputs after the first.</summary>
    public IReadOnlyList<string> Others { get; init; } = [];
}

/// <summary>A weight or another constant: float[] or long[].</summary>
sealed record OnnxTensor(string Name, Array Values, IReadOnlyList<int> Dims);

/// <summary>A network as a graph of ONNX operators (operator set 13). Source: the ONNX operator definitions.</summary>
sealed class OnnxGraph
{
    readonly HashSet<string> names = [];

    public List<OnnxNode> Nodes { get; } = [];

    public List<OnnxTensor> Constants { get; } = [];

    /// <summary>What the names of new nodes and constants begin with: the path of the module that they are of.</summary>
    public string Path { get; set; } = "";

    /// <summary>Adds an operation and returns its output's name.</summary>
    public string Add(string op, IReadOnlyList<string> inputs, params (string, object)[] attributes)
    {
        string name = Unique($"{Path}/{op}");
        Nodes.Add(new OnnxNode(op, name, inputs, attributes));
        return name;
    }

    /// <summary>Adds an operation of two outputs.</summary>
    public (string First, string Second) AddPair(string op, IReadOnlyList<string> inputs, string second,
        params (string, object)[] attributes)
    {
        (string name, string other) = (Unique($"{Path}/{op}"), Unique($"{Path}/{op}.{second}"));
        Nodes.Add(new OnnxNode(op, name, inputs, attributes) { Others = [other] });
        return (name, other);
    }

    /// <summary>Adds a constant and returns its name.</summary>
    public string Constant(string name, Array values, params IReadOnlyList<int> dims)
    {
        string unique = Unique($"{Path}.{name}");
        Constants.Add(new OnnxTensor(unique, values, dims));
        return unique;
    }

    /// <summary>A vector of integers.</summary>
    public string Longs(string name, params long[] values) => Constant(name, values, values.Length);

    /// <summary>Makes a name known that something else has.</summary>
    public void Reserve(string name) => names.Add(name);

    string Unique(string name)
    {
        name = name.TrimStart('.', '/');
        string unique = name;
        for (int i = 2; !names.Add(unique); i++) unique = $"{name}_{i}";
        return unique;
    }
}
