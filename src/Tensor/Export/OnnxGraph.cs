using Sagan.Native.Kernels;

namespace Sagan.Native.Export;

/// <summary>A tensor inside a graph.</summary>
/// <param name="Name">Its name, which is that of the node that makes it.</param>
/// <param name="Dims">Its sizes after the first, which is the number of images and stays open. Images are [N, C, H, W].</param>
sealed record OnnxValue(string Name, params int[] Dims);

/// <summary>What the images of a batch are to be: their classes [N] and, where a network has made vectors of them, those.</summary>
sealed record OnnxCondition(OnnxValue Labels, OnnxValue? Vector = null);

/// <summary>One operation, whose first output has its name. Attributes are long, float, string or long[].</summary>
sealed record OnnxNode(string Op, string Name, IReadOnlyList<string> Inputs, IReadOnlyList<(string Name, object Value)> Attributes)
{
    /// <summary>Names of outputs after the first.</summary>
    public IReadOnlyList<string> Others { get; init; } = [];
}

/// <summary>A weight or another constant: float[] or long[].</summary>
sealed record OnnxTensor(string Name, Array Values, IReadOnlyList<int> Dims);

/// <summary>
/// A network as a graph of ONNX operators (operator set 13), built by its modules: each knows its own form, <c>Module.Export</c>. Names are the
/// modules' paths. Source: the ONNX operator definitions.
/// </summary>
sealed class OnnxGraph
{
    readonly List<string> path = [];
    readonly HashSet<string> names = [];

    public List<OnnxNode> Nodes { get; } = [];

    public List<OnnxTensor> Constants { get; } = [];

    /// <summary>Runs what builds a module's part, under its name.</summary>
    public T Within<T>(string name, Func<T> build)
    {
        path.Add(name);
        T result = build();
        path.RemoveAt(path.Count - 1);
        return result;
    }

    /// <summary>Where the graph is being built, for errors and names.</summary>
    public string Path => string.Join('.', path);

    /// <summary>Adds a node.</summary>
    /// <param name="op">Its operator.</param>
    /// <param name="inputs">Names of its inputs; "" for one that is left out.</param>
    /// <param name="dims">Sizes of its output after the first.</param>
    /// <param name="attributes">Its attributes.</param>
    public OnnxValue Add(string op, string[] inputs, int[] dims, params (string, object)[] attributes)
    {
        string name = Unique($"{Path}/{op}");
        Nodes.Add(new OnnxNode(op, name, inputs, attributes));
        return new OnnxValue(name, dims);
    }

    /// <summary>A weight of the module that is being built, in PyTorch's layout.</summary>
    public string Weight(string name, Parameter parameter, Tensor? value = null) =>
        Constant(name, Saved(parameter, value ?? parameter.Value), parameter.SavedShape.ToArray());

    // As StateDict, which knows modules and is not known here.
    static float[] Saved(Parameter p, Tensor value) => p.SavedOrder == null ? value.ToArray() : Step.Run(() => Autograd.NoGrad(() =>
        Ops.Permute(value.Detach().Reshape((p.SavedView ?? p.Shape).ToArray()), p.SavedOrder).ToArray()));

    /// <summary>A constant.</summary>
    public string Constant(string name, Array values, params int[] dims)
    {
        string unique = Unique($"{Path}.{name}");
        Constants.Add(new OnnxTensor(unique, values, dims));
        return unique;
    }

    /// <summary>The same numbers in the same order, [N, dims].</summary>
    public OnnxValue Reshape(OnnxValue x, params int[] dims)
    {
        // The first size is as it was: 0 copies it.
        long[] shape = [0, .. dims.Select(d => (long)d)];
        return Add("Reshape", [x.Name, Constant("shape", shape, shape.Length)], dims);
    }

    /// <summary>Exchanges axes; the first stays.</summary>
    public OnnxValue Transpose(OnnxValue x, params int[] order) =>
        Add("Transpose", [x.Name], [.. order[1..].Select(axis => x.Dims[axis - 1])], ("perm", order.Select(o => (long)o).ToArray()));

    /// <summary>y = a op b; the sizes are those of a.</summary>
    public OnnxValue Binary(string op, OnnxValue a, string b) => Add(op, [a.Name, b], a.Dims);

    public OnnxValue Activate(OnnxValue x, Activation activation) => activation.Kind switch
    {
        ActivationKind.None => x,
        ActivationKind.Tanh => Add("Tanh", [x.Name], x.Dims),
        ActivationKind.LeakyRelu when activation.Slope == 0 => Add("Relu", [x.Name], x.Dims),
        _ => Add("LeakyRelu", [x.Name], x.Dims, ("alpha", activation.Slope)),
    };

    /// <summary>Each pixel of [N, C, H, W] twice both ways.</summary>
    public OnnxValue Upsample2x(OnnxValue x)
    {
        string scales = Constant("scales", new float[] { 1, 1, 2, 2 }, 4);
        return Add("Resize", [x.Name, "", scales], [x.Dims[0], 2 * x.Dims[1], 2 * x.Dims[2]],
            ("mode", "nearest"), ("coordinate_transformation_mode", "asymmetric"), ("nearest_mode", "floor"));
    }

    /// <summary>The k-th largest number of each row, with equal ones counted apart: [..., n] to [..., 1].</summary>
    public OnnxValue KthLargest(OnnxValue x, int k)
    {
        string name = Unique($"{Path}/TopK"), places = Unique($"{Path}/TopK.indices");
        Nodes.Add(new OnnxNode("TopK", name, [x.Name, Long("k", k)], [("axis", -1L)]) { Others = [places] });
        // They come sorted, the largest first.
        return Add("Slice", [name, Long("starts", k - 1), Long("ends", k), Long("axes", x.Dims.Length)], [.. x.Dims[..^1], 1]);
    }

    string Long(string name, long value) => Constant(name, new[] { value }, 1);

    string Unique(string name)
    {
        name = name.TrimStart('.', '/');
        string unique = name;
        for (int i = 2; !names.Add(unique); i++) unique = $"{name}_{i}";
        return unique;
    }
}
