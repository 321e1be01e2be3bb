using Sagan.Native.Kernels;
using Sagan.Native.Modules;
using static Sagan.Native.Ops;

namespace Sagan.Native.Interchange.Onnx;

/// <summary>
/// The translation of a trace: one line of <see cref="Table"/> for each operation. It is done with the traces of two batch sizes, since a
/// size that differs between them is the batch's.
/// </summary>
/// <param name="module">What ran: gives names to nodes and constants.</param>
/// <param name="ops">What ran with few examples.</param>
/// <param name="again">The same with more.</param>
sealed partial class OnnxOps(Module module, IReadOnlyList<TracedOp> ops, IReadOnlyList<TracedOp> again)
{
    readonly Dictionary<TracedValue, OnnxValue> values = [];
    readonly Dictionary<Module, string> paths = PathsOf(module);
    int at;

    /// <summary>The graph so far.</summary>
    public OnnxGraph Graph { get; } = new();

    // The sizes of the output of the operation that is being translated.
    OnnxDim[] Dims => DimsOf(ops[at].Output, again[at].Output);

    /// <summary>An input of the model.</summary>
    public void Begin(TracedValue few, TracedValue more, string name, bool channelsFirst)
    {
        Graph.Reserve(name);
        values[few] = new OnnxValue(name, DimsOf(few, more), channelsFirst);
    }

    /// <summary>What a traced value has become.</summary>
    public OnnxValue ValueOf(TracedValue value) => values[value];

    /// <summary>Translates all that the output depends on.</summary>
    public OnnxValue Run(TracedValue output)
    {
        if (ops.Count != again.Count || ops.Zip(again).Any(p => p.First.Op != p.Second.Op))
            throw new NotSupportedException("it does not run the same operations for every number of examples");
        HashSet<TracedValue> needed = [output];
        for (int i = ops.Count - 1; i >= 0; i--)
            if (needed.Contains(ops[i].Output))
                foreach (TracedInput? input in Inputs(ops[i]))
                    if (input?.Value is { } value) needed.Add(value);
        for (at = 0; at < ops.Count; at++)
        {
            TracedOp op = ops[at];
            if (!needed.Contains(op.Output)) continue;
            Graph.Path = op.Owner is Module owner && paths.TryGetValue(owner, out string? path) ? path : "";
            if (!Table.TryGetValue(op.Op, out Translation? translate))
                throw new NotSupportedException($"the operation '{op.Op}'{(Graph.Path.Length == 0 ? "" : $" in '{Graph.Path}'")} has no "
                    + "ONNX form here");
            values[op.Output] = translate(this, op);
        }
        OnnxValue y = values[output];
        if (y.Rank == 0 || y.Dims[0] != new OnnxDim(0, 1) || y.Dims.Skip(1).Any(d => d.IsOpen))
            throw new NotSupportedException("its output is not one row for each example");
        // Images leave with their channels first.
        if (!ops.Any(op => op.Output == output)) throw new NotSupportedException("it gives back its input");
        return y.Rank == 4 ? ChannelsFirst(y) : RowMajor(y);
    }

    // An index lies in the attributes.
    static IEnumerable<TracedInput?> Inputs(TracedOp op) =>
        op.Attributes is Rows rows ? [.. op.Inputs, TracedInput.Of(rows.Index.Elements)] : op.Inputs;

    static OnnxDim[] DimsOf(TracedValue few, TracedValue more)
    {
        if (few.Shape.Rank != more.Shape.Rank) throw new NotSupportedException("the number of axes depends on the number of examples");
        return [.. Enumerable.Range(0, few.Shape.Rank).Select(i => DimOf(few.Shape[i], more.Shape[i]))];
    }

    // The traces are of 2 and 3 examples.
    static OnnxDim DimOf(int two, int three) => new(3 * two - 2 * three, three - two);

    static Dictionary<Module, string> PathsOf(Module module)
    {
        Dictionary<Module, string> paths = [];
        foreach ((string name, Module m) in module.Descendants())
        {
            paths.TryAdd(m, name);
            if (m is SpectralNorm norm) paths.TryAdd(norm.Layer, name);
        }
        return paths;
    }

    // The value of an input. A constant becomes one of the graph; with a rank given, as it is broadcast to so many axes of images.
    OnnxValue In(TracedOp op, int i, string role = "constant", int rank = 0)
    {
        TracedInput input = op.Inputs[i]!.Value;
        if (input.Value is { } value) return values[value];
        Tensor t = input.Constant!;
        if (t.Shape != again[at].Inputs[i]!.Value.Shape)
            throw new NotSupportedException($"'{op.Op}' in '{Graph.Path}' takes a constant whose size depends on the number of examples");
        bool images = rank > 2 && t.Count > 1;
        int[] sizes = images ? [.. Enumerable.Repeat(1, rank - t.Rank), .. t.Shape.ToArray()] : t.Shape.ToArray();
        OnnxValue c = new("", [.. sizes.Select(n => (OnnxDim)n)], images);
        return c with { Name = Constant(role, images ? Ops.Permute(t.Reshape(sizes), c.Order) : t, t.Name) };
    }

    bool IsConstant(TracedOp op, int i) => op.Inputs[i] is { Value: null };

    // A constant under the parameter's name, where it is one.
    string Constant(string role, Tensor t, string? name = null) => Graph.Constant(name ?? t.Name ?? role, t.ToArray(), t.Shape.ToArray());

    string Scalar(string role, float value) => Graph.Constant(role, new[] { value }, 1);

    OnnxValue RowMajor(OnnxValue x)
    {
        if (!x.ChannelsFirst) return x;
        long[] perm = [0, .. Enumerable.Range(2, x.Rank - 2), 1];
        return new OnnxValue(Graph.Add("Transpose", [x.Name], ("perm", perm)), x.Dims);
    }

    OnnxValue ChannelsFirst(OnnxValue x)
    {
        if (x.ChannelsFirst || x.Rank < 3) return x;
        OnnxValue y = x with { ChannelsFirst = true };
        return y with { Name = Graph.Add("Transpose", [x.Name], ("perm", y.Order.Select(o => (long)o).ToArray())) };
    }

    // The same numbers in these sizes of the file. One size may be open.
    string Reshaped(string x, IReadOnlyList<OnnxDim> sizes)
    {
        if (sizes.Count(d => d.IsOpen) > 1)
            throw new NotSupportedException($"a reshape in '{Graph.Path}' has two sizes that depend on the number of examples");
        return Graph.Add("Reshape", [x, Graph.Longs("shape", [.. sizes.Select(d => d.IsOpen ? -1L : d.Fixed)])]);
    }

    string Activated(string x, Activation activation) => activation.Kind switch
    {
        ActivationKind.None => x,
        ActivationKind.Tanh => Graph.Add("Tanh", [x]),
        ActivationKind.LeakyRelu when activation.Slope == 0 => Graph.Add("Relu", [x]),
        _ => Graph.Add("LeakyRelu", [x], ("alpha", activation.Slope)),
    };
}
