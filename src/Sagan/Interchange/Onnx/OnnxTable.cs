using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using Sagan.Native.Kernels;
using static Sagan.Native.Ops;

namespace Sagan.Native.Interchange.Onnx;

sealed partial class OnnxOps
{
    delegate OnnxValue Translation(OnnxOps t, TracedOp op);

    /// <summary>How each operation is said in ONNX: its name in the trace, and the node or nodes.</summary>
    static readonly FrozenDictionary<string, Translation> Table = new Dictionary<string, Translation>
    {
        ["identity"] = (t, op) => t.In(op, 0),
        ["affine"] = (t, op) => t.Affine(op, ((float Scale, float Shift))op.Attributes),
        ["divide_by"] = (t, op) => t.Unary(op, x => t.Graph.Add("Div", [x, t.Scalar("divisor", t.SameForAll<float>(op))])),
        ["divide_into"] = (t, op) => t.Unary(op, x => t.Graph.Add("Div", [t.Scalar("dividend", ((QuotientOf)op.Attributes).A), x])),
        ["exp"] = Unary("Exp"),
        ["log"] = Unary("Log"),
        ["sqrt"] = Unary("Sqrt"),
        ["square"] = (t, op) => t.Unary(op, x => t.Graph.Add("Mul", [x, x])),
        ["reciprocal"] = Unary("Reciprocal"),
        ["abs"] = Unary("Abs"),
        ["sign"] = Unary("Sign"),
        ["relu"] = Unary("Relu"),
        ["leaky_relu"] = (t, op) => t.Unary(op, x => t.Graph.Add("LeakyRelu", [x], ("alpha", ((Rectified)op.Attributes).Slope))),
        ["tanh"] = Unary("Tanh"),
        ["sigmoid"] = Unary("Sigmoid"),
        ["softplus"] = Unary("Softplus"),
        ["add"] = (t, op) => t.Binary("Add", op),
        ["subtract"] = (t, op) => t.Binary("Sub", op),
        ["multiply"] = (t, op) => t.Binary("Mul", op),
        ["divide"] = (t, op) => t.Binary("Div", op),
        ["max"] = (t, op) => t.Binary("Max", op),
        ["greater"] = Comparison("Greater"),
        ["greater_or_equal"] = Comparison("GreaterOrEqual"),
        ["equal"] = Comparison("Equal"),
        ["share"] = (t, op) => t.Binary(op, (g, share) =>
        {
            string zero = t.Scalar("zero", 0);
            return t.Graph.Add("Where", [t.Graph.Add("Equal", [share, zero]), zero, t.Graph.Add("Mul", [g, share])]);
        }),
        ["clamp"] = (t, op) => t.Unary(op, x => t.Clamp(x, (Clamped)op.Attributes)),
        ["residual"] = (t, op) => t.Residual(op),

        ["sum"] = (t, op) => t.Sum(op),
        ["broadcast_to"] = (t, op) => t.Broadcast(op),
        ["reshape"] = (t, op) => t.Reshape(t.In(op, 0)),
        ["permute"] = (t, op) => t.Permuted(op, (int[])op.Attributes),
        ["slice"] = (t, op) => t.Slice(op, (((int, int, Shape))op.Attributes).Item1, (((int, int, Shape))op.Attributes).Item2),
        ["pad"] = (t, op) => t.Pad(op, (((int, int, int))op.Attributes).Item1, (((int, int, int))op.Attributes).Item2),
        ["concat"] = (t, op) => t.Concat(op, (int)((ITuple)op.Attributes)[0]!),
        ["gather"] = (t, op) => t.Gather(op, (Rows)op.Attributes),

        ["matmul"] = (t, op) => t.MatMul(op, (Factors)op.Attributes),
        ["linear"] = (t, op) => t.Linear(op, (WeightedProduct<MatMulSpec>)op.Attributes),
        ["conv2d"] = (t, op) => op.Attributes is Convolved plain
            ? t.Convolution("Conv", op, plain.Spec, null, default)
            : t.Convolution("Conv", op, (WeightedProduct<Conv2dSpec>)op.Attributes),
        ["conv2d_input_grad"] = (t, op) => t.Convolution("ConvTranspose", op, ((Convolved)op.Attributes).Spec, null, default),
        ["conv_transpose2d"] = (t, op) => t.Convolution("ConvTranspose", op, (WeightedProduct<Conv2dSpec>)op.Attributes),
        ["batch_norm_inference"] = (t, op) => t.BatchNorm(op, (Normalized)op.Attributes),

        ["softmax"] = (t, op) => t.Unary(op, x => t.Graph.Add("Softmax", [x], ("axis", (long)t.In(op, 0).AxisOf(t.Dims.Length - 1)))),
        ["attention"] = (t, op) => t.Attention(op, ((Attended)op.Attributes).Spec.Scale),
        ["top_k_mask"] = (t, op) => t.TopKMask(op, ((Chosen)op.Attributes).K),

        ["upsample2x"] = (t, op) =>
            t.Pixels(op, x => t.Graph.Add("Resize", [x, "", t.Graph.Constant("scales", new float[] { 1, 1, 2, 2 }, 4)],
            ("mode", "nearest"), ("coordinate_transformation_mode", "asymmetric"), ("nearest_mode", "floor"))),
        ["sum_pool2x2"] = (t, op) => t.Pixels(op, x => t.Graph.Add("Mul",
            [t.Graph.Add("AveragePool", [x], ("kernel_shape", Twice(2)), ("strides", Twice(2))), t.Scalar("pixels", 4)])),
        ["max_pool2d"] = (t, op) => t.Pixels(op, x => t.MaxPool(x, ((Pooled)op.Attributes).Spec)),
    }.ToFrozenDictionary();

    static Translation Unary(string onnx) => (t, op) => t.Unary(op, x => t.Graph.Add(onnx, [x]));

    // As numbers 1 and 0.
    static Translation Comparison(string onnx) =>
        (t, op) => t.Binary(op, (a, b) => t.Graph.Add("Cast", [t.Graph.Add(onnx, [a, b])], ("to", 1L)));

    static long[] Twice(long n) => [n, n];

    // Elementwise: in whatever order the elements are.
    OnnxValue Unary(TracedOp op, Func<string, string> make)
    {
        OnnxValue x = In(op, 0);
        return x with { Name = make(x.Name) };
    }

    OnnxValue Affine(TracedOp op, (float Scale, float Shift) c)
    {
        SameForAll<(float, float)>(op);
        OnnxValue y = In(op, 0);
        if (c.Scale != 1) y = y with { Name = Graph.Add("Mul", [y.Name, Scalar("scale", c.Scale)]) };
        return c.Shift == 0 ? y : y with { Name = Graph.Add("Add", [y.Name, Scalar("shift", c.Shift)]) };
    }

    // A number that depends on the batch, as the count of a mean over it, would be right for one size alone.
    T SameForAll<T>(TracedOp op) => op.Attributes.Equals(again[at].Attributes)
        ? (T)op.Attributes
        : throw new NotSupportedException($"'{op.Op}' in '{Graph.Path}' takes a number that depends on the number of examples");

    OnnxValue Binary(string onnx, TracedOp op) => Binary(op, (a, b) => Graph.Add(onnx, [a, b]));

    OnnxValue Binary(TracedOp op, Func<string, string, string> make)
    {
        bool first = IsImages(op, 0) || IsImages(op, 1);
        OnnxValue a = Aligned(0), b = Aligned(1);
        return new OnnxValue(make(a.Name, b.Name), Dims, first);

        // Of the output's rank, where the order of the axes matters, and in its order.
        OnnxValue Aligned(int i)
        {
            if (IsConstant(op, i)) return In(op, i, rank: first ? Dims.Length : 0);
            OnnxValue x = ValueOf(op.Inputs[i]!.Value.Value!);
            if (!first || x.Rank == 0) return RowMajor(x);
            if (x.Rank == Dims.Length) return ChannelsFirst(x);
            x = RowMajor(x);
            OnnxValue wide = x with { Dims = [.. Enumerable.Repeat((OnnxDim)1, Dims.Length - x.Rank), .. x.Dims] };
            return ChannelsFirst(wide with { Name = Reshaped(x.Name, wide.Dims) });
        }
    }

    string Clamp(string x, Clamped c)
    {
        string low = float.IsNegativeInfinity(c.Low) ? "" : Graph.Constant("low", new[] { c.Low });
        return Graph.Add("Clip", float.IsPositiveInfinity(c.High) ? [x, low] : [x, low, Graph.Constant("high", new[] { c.High })]);
    }

    bool IsImages(TracedOp op, int i) =>
        op.Inputs[i] is { Value: { } v } && values[v] is { ChannelsFirst: true } x && x.Rank == Dims.Length;

    OnnxValue Residual(TracedOp op)
    {
        OnnxValue x = In(op, 0), o = In(op, 1), gamma = In(op, 2, "gamma");
        if (gamma.Rank > 1) gamma = gamma with { Name = Reshaped(gamma.Name, [1]) };
        if (x.ChannelsFirst) o = ChannelsFirst(o);
        else o = RowMajor(o);
        return x with { Name = Graph.Add("Add", [x.Name, Graph.Add("Mul", [o.Name, gamma.Name])]) };
    }

    OnnxValue Sum(TracedOp op)
    {
        (Shape kept, Shape whole) = ((Shape, Shape))op.Attributes;
        int[] axes = [.. Enumerable.Range(0, whole.Rank).Where(i => kept[i] != whole[i])];
        OnnxValue x = In(op, 0);
        bool keep = Dims.Length == whole.Rank;
        if (axes.Length == 0) return Reshape(x);
        // What is left of [N, C, H, W] is in the engine's order where the pixels are summed or the channels are not.
        int[] left = [.. x.Order.Where(axis => !axes.Contains(axis))];
        if (!keep && !left.SequenceEqual(left.Order())) x = RowMajor(x);
        long[] places = [.. axes.Select(axis => (long)x.AxisOf(axis)).Order()];
        // An axis of size 1 that is left out leaves the sum as it is.
        bool all = !keep && axes.Length < whole.Rank - Dims.Length;
        string y = Graph.Add("ReduceSum", [x.Name, Graph.Longs("axes", places)], ("keepdims", keep ? 1L : 0L));
        return all ? new OnnxValue(Reshaped(y, Dims), Dims) : new OnnxValue(y, Dims, keep && x.ChannelsFirst);
    }

    OnnxValue Broadcast(TracedOp op)
    {
        OnnxValue x = RowMajor(In(op, 0));
        // A size of 1 leaves that of x as it is.
        long[] sizes = [.. Dims.Select((d, i) => !d.IsOpen ? d.Fixed
            : i >= Dims.Length - x.Rank && x.Dims[i - Dims.Length + x.Rank] == d ? 1L
            : throw new NotSupportedException($"'broadcast_to' in '{Graph.Path}' repeats something once for each example"))];
        return new OnnxValue(Graph.Add("Expand", [x.Name, Graph.Longs("shape", sizes)]), Dims);
    }

    OnnxValue Reshape(OnnxValue x)
    {
        OnnxValue y = new("", Dims);
        bool lines = x.Rank > 1 && y.Rank > 1 && x.Dims[0] == y.Dims[0] && x.Dims[^1] == y.Dims[^1];
        // Pixels may become one axis, or an axis pixels, while the channels stay in front of them.
        if (x.ChannelsFirst && lines) y = y with { ChannelsFirst = y.Rank > 2 };
        else
        {
            if (x.ChannelsFirst && !x.Dims[^1].IsOne && !x.Dims.Skip(1).SkipLast(1).All(d => d.IsOne)) x = RowMajor(x);
            // With a single pixel both orders are one.
            if (y.Rank == 4 && y.Dims[1].IsOne && y.Dims[2].IsOne) y = y with { ChannelsFirst = true };
        }
        return y with { Name = Reshaped(x.Name, y.Sizes) };
    }

    // inverse[axis of x] = axis of y.
    OnnxValue Permuted(TracedOp op, int[] inverse)
    {
        OnnxValue x = In(op, 0);
        long[] perm = new long[x.Rank];
        for (int axis = 0; axis < x.Rank; axis++) perm[inverse[axis]] = x.AxisOf(axis);
        return new OnnxValue(Graph.Add("Transpose", [x.Name], ("perm", perm)), Dims);
    }

    OnnxValue Slice(TracedOp op, int axis, int start)
    {
        OnnxValue x = In(op, 0);
        if (x.Dims[axis].IsOpen) throw new NotSupportedException($"'slice' in '{Graph.Path}' takes some of the examples");
        string[] places = [Graph.Longs("starts", start), Graph.Longs("ends", start + Dims[axis].Fixed),
            Graph.Longs("axes", x.AxisOf(axis))];
        return new OnnxValue(Graph.Add("Slice", [x.Name, .. places]), Dims, x.ChannelsFirst);
    }

    OnnxValue Pad(TracedOp op, int axis, int start)
    {
        OnnxValue x = In(op, 0);
        if (x.Dims[axis].IsOpen) throw new NotSupportedException($"'pad' in '{Graph.Path}' adds examples");
        long[] pads = new long[2 * x.Rank];
        pads[x.AxisOf(axis)] = start;
        pads[x.Rank + x.AxisOf(axis)] = Dims[axis].Fixed - start - x.Dims[axis].Fixed;
        return new OnnxValue(Graph.Add("Pad", [x.Name, Graph.Longs("pads", pads)]), Dims, x.ChannelsFirst);
    }

    OnnxValue Concat(TracedOp op, int axis)
    {
        bool first = Enumerable.Range(0, op.Inputs.Count).Any(i => IsImages(op, i));
        OnnxValue[] parts = [.. Enumerable.Range(0, op.Inputs.Count).Select(i => In(op, i))
            .Select(x => first ? ChannelsFirst(x) : RowMajor(x))];
        string y = Graph.Add("Concat", [.. parts.Select(p => p.Name)], ("axis", (long)parts[0].AxisOf(axis)));
        return new OnnxValue(y, Dims, parts[0].ChannelsFirst);
    }

    OnnxValue Gather(TracedOp op, Rows rows)
    {
        OnnxValue table = RowMajor(In(op, 0, "weight"));
        string index = rows.Index.Elements.Traced is { } given
            ? values[given].Name
            : Graph.Longs("index", [.. rows.Index.ToArray().Select(i => (long)i)]);
        return new OnnxValue(Graph.Add("Gather", [table.Name, index], ("axis", 0L)), Dims);
    }

    OnnxValue MatMul(TracedOp op, Factors f) =>
        new(Graph.Add("MatMul", [Factor(In(op, 0), f.TransposeA), Factor(In(op, 1), f.TransposeB)]), Dims);

    // [N, C, pixels] is what a transposed [N, pixels, C] is.
    string Factor(OnnxValue x, bool transpose)
    {
        if (transpose == x.ChannelsFirst) return x.Name;
        long[] perm = x.Rank == 3 ? [0, 2, 1] : [1, 0];
        return Graph.Add("Transpose", [x.Name], ("perm", perm));
    }

    OnnxValue Linear(TracedOp op, WeightedProduct<MatMulSpec> p)
    {
        string[] inputs = [RowMajor(In(op, 0)).Name, Weight(op, p.Norm, []),
            .. op.Inputs[2] == null ? Array.Empty<string>() : [In(op, 2, "bias").Name]];
        return new OnnxValue(Activated(Graph.Add("Gemm", inputs, ("transB", 1L)), p.Activation), Dims);
    }

    // The weight by value, divided where it is normalised, in this order of its axes; or what the module has made of its input.
    string Weight(TracedOp op, SingularTriplet? norm, int[] order)
    {
        if (!IsConstant(op, 1))
            return norm == null && order.Length == 0
                ? RowMajor(In(op, 1)).Name
                : throw new NotSupportedException($"the weight of '{op.Op}' in '{Graph.Path}' depends on the input");
        Tensor w = op.Inputs[1]!.Value.Constant!, divided = norm == null ? w : Ops.SpectralNorm(w, norm);
        if (order.Length > 0) divided = Ops.Permute(divided, order);
        return Graph.Constant(w.Name ?? "weight", divided.ToArray(), divided.Shape.ToArray());
    }

    OnnxValue Convolution(string onnx, TracedOp op, WeightedProduct<Conv2dSpec> p) => Convolution(onnx, op, p.Spec, p.Norm, p.Activation);

    // A weight is [A, K, K, B] here and [A, B, K, K] there.
    OnnxValue Convolution(string onnx, TracedOp op, Conv2dSpec c, SingularTriplet? norm, Activation activation)
    {
        List<string> inputs = [ChannelsFirst(In(op, 0)).Name, Weight(op, norm, [0, 3, 1, 2])];
        if (op.Inputs.Count > 2 && op.Inputs[2] != null) inputs.Add(In(op, 2, "bias").Name);
        long p = c.Padding;
        List<(string, object)> attributes =
            [("kernel_shape", new long[] { c.Kh, c.Kw }), ("strides", Twice(c.Stride)), ("pads", new[] { p, p, p, p })];
        // c is the spec of the convolution that this one is the transpose of.
        if (onnx == "ConvTranspose")
            attributes.Add(("output_padding", new long[] { c.H - Grown(c.OutH, c.Kh), c.W - Grown(c.OutW, c.Kw) }));
        return new OnnxValue(Activated(Graph.Add(onnx, inputs, [.. attributes]), activation), Dims, ChannelsFirst: true);

        int Grown(int n, int k) => (n - 1) * c.Stride - 2 * c.Padding + k;
    }

    OnnxValue BatchNorm(TracedOp op, Normalized n)
    {
        OnnxValue x = ChannelsFirst(In(op, 0));
        string[] inputs = [x.Name, In(op, 1, "weight").Name, In(op, 2, "bias").Name, Constant("running_mean", n.Mean),
            Constant("running_var", n.Variance)];
        string y = Graph.Add("BatchNormalization", inputs, ("epsilon", n.Spec.Epsilon));
        return x with { Name = Activated(y, n.Spec.Activation) };
    }

    OnnxValue Attention(TracedOp op, float scale)
    {
        string e = Graph.Add("MatMul", [Factor(In(op, 0), false), Factor(In(op, 1), true)]);
        if (scale != 1) e = Graph.Add("Mul", [e, Scalar("scale", scale)]);
        string a = Graph.Add("Softmax", [e], ("axis", -1L));
        return new OnnxValue(Graph.Add("MatMul", [a, Factor(In(op, 2), false)]), Dims);
    }

    // Of equal ones ONNX takes the first, as the engine does.
    OnnxValue TopKMask(TracedOp op, int k)
    {
        OnnxValue x = RowMajor(In(op, 0));
        (_, string places) = Graph.AddPair("TopK", [x.Name, Graph.Longs("k", Math.Min(k, x.Dims[^1].Fixed))], "indices", ("axis", -1L));
        string zeros = Graph.Add("ConstantOfShape", [Graph.Add("Shape", [x.Name])]);
        string ones = Graph.Add("Add", [Graph.Add("ConstantOfShape", [Graph.Add("Shape", [places])]), Scalar("one", 1)]);
        return x with { Name = Graph.Add("ScatterElements", [zeros, places, ones], ("axis", (long)(x.Rank - 1))) };
    }

    OnnxValue Pixels(TracedOp op, Func<string, string> make) => new(make(ChannelsFirst(In(op, 0)).Name), Dims, ChannelsFirst: true);

    string MaxPool(string x, MaxPool2dSpec c)
    {
        long p = c.Padding;
        List<(string, object)> attributes = [("kernel_shape", Twice(c.Kernel)), ("strides", Twice(c.Stride))];
        if (p > 0) attributes.Add(("pads", new[] { p, p, p, p }));
        return Graph.Add("MaxPool", [x], [.. attributes]);
    }
}
