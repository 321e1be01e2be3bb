using System.Runtime.InteropServices;
using Sagan.Native.Data.Images;
using Sagan.Native.Losses;

namespace Sagan.Native.Tests.Interchange;

/// <summary>A tensor of the evaluator: floats or integers (never both), sizes, row by row.</summary>
sealed record OnnxArray(int[] Dims, float[] Floats, long[] Integers)
{
    public static OnnxArray Of(int[] dims, float[] values) => new(dims, values, []);

    public int Count => Dims.Aggregate(1, (a, b) => a * b);

    /// <summary>The element at these indices, each taken modulo its size where that is 1: broadcasting.</summary>
    public float At(params ReadOnlySpan<int> index)
    {
        int at = 0;
        for (int i = 0; i < Dims.Length; i++) at = at * Dims[i] + (Dims[i] == 1 ? 0 : index[index.Length - Dims.Length + i]);
        return Floats[at];
    }
}

/// <summary>
/// Computes an ONNX model straight from the operator definitions (operator set 13), with loops over every index, for the operators that
/// generators use. It shares nothing with the exporter: the file is taken apart by Google.Protobuf, and sizes are those that the operators
/// give.
/// </summary>
sealed class OnnxEvaluator
{
    readonly ProtobufMessage graph;
    readonly Dictionary<string, OnnxArray> values = new() { [""] = new([0], [], []) };

    public OnnxEvaluator(byte[] model)
    {
        ProtobufMessage m = new(model);
        Assert.Equal((7, 13), (m.Integer(1), m.Message(8).Integer(2)));
        graph = m.Message(7);
        Metadata = m.Messages(14).ToDictionary(p => p.Text(1), p => p.Text(2));
        foreach (ProtobufMessage t in graph.Messages(5)) values.Add(t.Text(8), Constant(t));
    }

    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Operators of the nodes, in order.</summary>
    public IEnumerable<string> Operators => graph.Messages(1).Select(n => n.Text(4));

    /// <summary>Name, type, and sizes of the inputs or outputs; the first size is a name.</summary>
    public static string Describe(ProtobufMessage value)
    {
        ProtobufMessage tensor = value.Message(2).Message(1);
        IEnumerable<string> dims = tensor.Message(2).Messages(1).Select(d => d.Fields.Single() == 1 ? $"{d.Integer(1)}" : d.Text(2));
        return $"{value.Text(1)} {(tensor.Integer(1) == 1 ? "float" : "int64")} [{string.Join(", ", dims)}]";
    }

    public IEnumerable<string> Inputs => graph.Messages(11).Select(Describe);

    public string Output => Describe(graph.Message(12));

    public OnnxArray Run(params (string Name, OnnxArray Value)[] inputs)
    {
        foreach ((string name, OnnxArray value) in inputs) values[name] = value;
        foreach (ProtobufMessage node in graph.Messages(1))
        {
            OnnxArray[] x = [.. node.All(1).Select(b => values[System.Text.Encoding.UTF8.GetString(b)])];
            // Of the two outputs of TopK only the values are used.
            values[System.Text.Encoding.UTF8.GetString(node.All(2).First())] = Compute(node.Text(4), x, new Attributes(node));
        }
        return values[graph.Message(12).Text(1)];
    }

    static OnnxArray Constant(ProtobufMessage t)
    {
        int[] dims = [.. t.Integers(1).Select(n => (int)n)];
        byte[] raw = t.Bytes(9);
        return t.Integer(2) == 1
            ? new OnnxArray(dims, MemoryMarshal.Cast<byte, float>(raw).ToArray(), [])
            : new OnnxArray(dims, [], MemoryMarshal.Cast<byte, long>(raw).ToArray());
    }

    sealed class Attributes(ProtobufMessage node)
    {
        readonly Dictionary<string, ProtobufMessage> byName = node.Messages(5).ToDictionary(a => a.Text(1));

        public long Integer(string name, long otherwise) =>
            byName.TryGetValue(name, out ProtobufMessage? a) ? Typed(a, 2).Integer(3) : otherwise;

        public float Float(string name, float otherwise) =>
            byName.TryGetValue(name, out ProtobufMessage? a) ? Typed(a, 1).Float(2) : otherwise;

        public string Text(string name) => Typed(byName[name], 3).Text(4);

        public int[] Integers(string name) => [.. Typed(byName[name], 7).Integers(8).Select(n => (int)n)];

        static ProtobufMessage Typed(ProtobufMessage a, long type)
        {
            Assert.Equal(type, a.Integer(20));
            return a;
        }
    }

    static OnnxArray Compute(string op, OnnxArray[] x, Attributes a) => op switch
    {
        "Relu" => Map(x[0], v => Math.Max(0, v)),
        "LeakyRelu" => Map(x[0], v => v < 0 ? a.Float("alpha", 0.01f) * v : v),
        "Tanh" => Map(x[0], v => (float)Math.Tanh(v)),
        "Sigmoid" => Map(x[0], v => (float)(1 / (1 + Math.Exp(-v)))),
        "Add" => Zip(x[0], x[1], (p, q) => p + q),
        "Mul" => Zip(x[0], x[1], (p, q) => p * q),
        "Gemm" => Gemm(x, a),
        "MatMul" => MatMul(x[0], x[1]),
        "TopK" => TopK(x[0], (int)x[1].Integers.Single(), a),
        "GreaterOrEqual" => Zip(x[0], x[1], (p, q) => p >= q ? 1 : 0),
        "Where" => Zip(Zip(x[0], x[1], (c, p) => c != 0 ? p : float.NaN), x[2], (p, q) => float.IsNaN(p) ? q : p),
        "Softmax" => Softmax(x[0], a.Integer("axis", -1)),
        "Reshape" => Reshape(x[0], x[1]),
        "Transpose" => Transpose(x[0], a.Integers("perm")),
        "Conv" => Conv(x, a),
        "ConvTranspose" => ConvTranspose(x, a),
        "BatchNormalization" => BatchNormalization(x, a.Float("epsilon", 1e-5f)),
        "Resize" => Resize(x[0], x[2], a),
        "MaxPool" => MaxPool(x[0], a),
        "GlobalAveragePool" => Fill([x[0].Dims[0], x[0].Dims[1], 1, 1], i =>
            (from h in Enumerable.Range(0, x[0].Dims[2]) from w in Enumerable.Range(0, x[0].Dims[3]) select x[0].At(i[0], i[1], h, w))
                .Average()),
        "Gather" => Gather(x[0], x[1], a),
        "Concat" => Concat(x, (int)a.Integer("axis", 0)),
        "Slice" => Slice(x),
        "Pad" => Pad(x[0], x[1], a.Text("mode")),
        _ => throw new NotSupportedException(op),
    };

    static OnnxArray Map(OnnxArray x, Func<float, float> f) => OnnxArray.Of(x.Dims, [.. x.Floats.Select(f)]);

    static OnnxArray Fill(int[] dims, Func<int[], float> value)
    {
        float[] y = new float[dims.Aggregate(1, (p, q) => p * q)];
        int[] index = new int[dims.Length];
        for (int at = 0; at < y.Length; at++)
        {
            y[at] = value(index);
            for (int axis = dims.Length - 1; axis >= 0 && ++index[axis] == dims[axis]; axis--) index[axis] = 0;
        }
        return OnnxArray.Of(dims, y);
    }

    static OnnxArray Zip(OnnxArray a, OnnxArray b, Func<float, float, float> f)
    {
        int rank = Math.Max(a.Dims.Length, b.Dims.Length);
        int[] dims = [.. Enumerable.Range(0, rank).Select(i => Math.Max(Size(a, i), Size(b, i)))];
        return Fill(dims, i => f(a.At(i), b.At(i)));

        int Size(OnnxArray x, int axis) => axis < rank - x.Dims.Length ? 1 : x.Dims[axis - (rank - x.Dims.Length)];
    }

    static OnnxArray Gemm(OnnxArray[] x, Attributes a)
    {
        Assert.Equal((0, 1), (a.Integer("transA", 0), a.Integer("transB", 0)));
        (int n, int k, int m) = (x[0].Dims[0], x[0].Dims[1], x[1].Dims[0]);
        return Fill([n, m], i =>
        {
            double sum = x.Length > 2 ? x[2].At(i[1]) : 0;
            for (int c = 0; c < k; c++) sum += (double)x[0].At(i[0], c) * x[1].At(i[1], c);
            return (float)sum;
        });
    }

    // The last two axes; those before are equal here.
    static OnnxArray MatMul(OnnxArray a, OnnxArray b)
    {
        int rank = a.Dims.Length, inner = a.Dims[^1], rows = a.Dims[^2], columns = b.Dims[^1], batch = a.Count / (rows * inner);
        // A matrix alone serves every item of the batch.
        int stride = b.Dims.Length == 2 ? 0 : inner * columns;
        if (stride > 0) Assert.Equal(a.Dims[..^2], b.Dims[..^2]);
        Assert.Equal(inner, b.Dims[^2]);
        float[] y = new float[batch * rows * columns];
        for (int n = 0; n < batch; n++)
            for (int i = 0; i < rows; i++)
                for (int j = 0; j < columns; j++)
                {
                    double sum = 0;
                    for (int c = 0; c < inner; c++)
                        sum += (double)a.Floats[(n * rows + i) * inner + c] * b.Floats[n * stride + c * columns + j];
                    y[(n * rows + i) * columns + j] = (float)sum;
                }
        return OnnxArray.Of([.. a.Dims[..(rank - 2)], rows, columns], y);
    }

    static OnnxArray TopK(OnnxArray x, int k, Attributes a)
    {
        Assert.Equal((-1, 1, 1), (a.Integer("axis", -1), a.Integer("largest", 1), a.Integer("sorted", 1)));
        return OnnxArray.Of([.. x.Dims[..^1], k], [.. x.Floats.Chunk(x.Dims[^1]).SelectMany(row => row.OrderDescending().Take(k))]);
    }

    static OnnxArray Softmax(OnnxArray x, long axis)
    {
        Assert.Equal(-1, axis);
        int n = x.Dims[^1];
        return OnnxArray.Of(x.Dims, [.. x.Floats.Chunk(n).SelectMany(row =>
        {
            double max = row.Max(), sum = row.Sum(v => Math.Exp(v - max));
            return row.Select(v => (float)(Math.Exp(v - max) / sum));
        })]);
    }

    static OnnxArray Reshape(OnnxArray x, OnnxArray shape)
    {
        int[] dims = [.. shape.Integers.Select((n, i) => n == 0 ? x.Dims[i] : (int)n)];
        Assert.Equal(x.Count, dims.Aggregate(1, (p, q) => p * q));
        return x with { Dims = dims };
    }

    // Output axis i is input axis perm[i].
    static OnnxArray Transpose(OnnxArray x, int[] perm)
    {
        int[] source = new int[perm.Length];
        return Fill([.. perm.Select(p => x.Dims[p])], i =>
        {
            for (int axis = 0; axis < perm.Length; axis++) source[perm[axis]] = i[axis];
            return x.At(source);
        });
    }

    // w [M, C, kh, kw]
    static OnnxArray Conv(OnnxArray[] x, Attributes a)
    {
        (int[] k, int[] s, int[] p, int[] d) = (a.Integers("kernel_shape"), a.Integers("strides"), a.Integers("pads"), x[0].Dims);
        Assert.Equal(k, x[1].Dims[2..]);
        Assert.Equal(d[1], x[1].Dims[1]);
        int[] dims = [d[0], x[1].Dims[0], (d[2] + p[0] + p[2] - k[0]) / s[0] + 1, (d[3] + p[1] + p[3] - k[1]) / s[1] + 1];
        return Fill(dims, i =>
        {
            double sum = x.Length > 2 ? x[2].At(i[1]) : 0;
            for (int c = 0; c < d[1]; c++)
                for (int u = 0; u < k[0]; u++)
                    for (int v = 0; v < k[1]; v++)
                    {
                        (int h, int w) = (i[2] * s[0] + u - p[0], i[3] * s[1] + v - p[1]);
                        if (h >= 0 && h < d[2] && w >= 0 && w < d[3]) sum += (double)x[0].At(i[0], c, h, w) * x[1].At(i[1], c, u, v);
                    }
            return (float)sum;
        });
    }

    // w [C, M, kh, kw]; pixel (h, w) writes to (h s + u - p, w s + v - p).
    static OnnxArray ConvTranspose(OnnxArray[] x, Attributes a)
    {
        (int[] k, int[] s, int[] p, int[] d) = (a.Integers("kernel_shape"), a.Integers("strides"), a.Integers("pads"), x[0].Dims);
        int[] more = a.Integers("output_padding");
        Assert.Equal(k, x[1].Dims[2..]);
        Assert.Equal(d[1], x[1].Dims[0]);
        int m = x[1].Dims[1], height = s[0] * (d[2] - 1) + more[0] + k[0] - p[0] - p[2],
            width = s[1] * (d[3] - 1) + more[1] + k[1] - p[1] - p[3];
        double[] y = new double[d[0] * m * height * width];
        for (int n = 0; n < d[0]; n++)
            for (int c = 0; c < d[1]; c++)
                for (int h = 0; h < d[2]; h++)
                    for (int w = 0; w < d[3]; w++)
                    {
                        double value = x[0].At(n, c, h, w);
                        for (int o = 0; o < m; o++)
                            for (int u = 0; u < k[0]; u++)
                                for (int v = 0; v < k[1]; v++)
                                {
                                    (int i, int j) = (h * s[0] + u - p[0], w * s[1] + v - p[1]);
                                    if (i >= 0 && i < height && j >= 0 && j < width)
                                        y[((n * m + o) * height + i) * width + j] += value * x[1].At(c, o, u, v);
                                }
                    }
        OnnxArray sums = OnnxArray.Of([d[0], m, height, width], [.. y.Select(v => (float)v)]);
        return x.Length > 2 ? Zip(sums, x[2] with { Dims = [m, 1, 1] }, (q, b) => q + b) : sums;
    }

    // X, scale, B, mean, var
    static OnnxArray BatchNormalization(OnnxArray[] x, float epsilon) => Fill(x[0].Dims, i =>
        (float)((x[0].At(i) - (double)x[3].At(i[1])) / Math.Sqrt(x[4].At(i[1]) + (double)epsilon) * x[1].At(i[1]) + x[2].At(i[1])));

    static OnnxArray Resize(OnnxArray x, OnnxArray scales, Attributes a)
    {
        Assert.Equal(("nearest", "asymmetric", "floor"),
            (a.Text("mode"), a.Text("coordinate_transformation_mode"), a.Text("nearest_mode")));
        int[] dims = [.. x.Dims.Zip(scales.Floats, (n, f) => (int)Math.Floor(n * f))];
        return Fill(dims, i => x.At([.. i.Zip(scales.Floats, (at, f) => (int)Math.Floor(at / f))]));
    }

    static OnnxArray MaxPool(OnnxArray x, Attributes a)
    {
        (int[] k, int[] s) = (a.Integers("kernel_shape"), a.Integers("strides"));
        return Fill([x.Dims[0], x.Dims[1], (x.Dims[2] - k[0]) / s[0] + 1, (x.Dims[3] - k[1]) / s[1] + 1], i =>
            (from u in Enumerable.Range(0, k[0]) from v in Enumerable.Range(0, k[1]) select x
                .At(i[0], i[1], i[2] * s[0] + u, i[3] * s[1] + v)).Max());
    }

    static OnnxArray Gather(OnnxArray table, OnnxArray index, Attributes a)
    {
        Assert.Equal((0, 2), (a.Integer("axis", 0), table.Dims.Length));
        return Fill([index.Dims[0], table.Dims[1]], i => table.At((int)index.Integers[i[0]], i[1]));
    }

    static OnnxArray Concat(OnnxArray[] x, int axis)
    {
        int[] dims = [.. x[0].Dims];
        dims[axis] = x.Sum(p => p.Dims[axis]);
        return Fill(dims, i =>
        {
            int[] at = [.. i];
            foreach (OnnxArray part in x)
            {
                if (at[axis] < part.Dims[axis]) return part.At(at);
                at[axis] -= part.Dims[axis];
            }
            throw new InvalidOperationException();
        });
    }

    // data, starts, ends, axes; steps of 1
    static OnnxArray Slice(OnnxArray[] x)
    {
        (int start, int end, int axis) = ((int)x[1].Integers.Single(), (int)x[2].Integers.Single(), (int)x[3].Integers.Single());
        int[] dims = [.. x[0].Dims];
        dims[axis] = end - start;
        return Fill(dims, i => x[0].At([.. i.Select((n, k) => k == axis ? n + start : n)]));
    }

    static OnnxArray Pad(OnnxArray x, OnnxArray pads, string mode)
    {
        Assert.Equal("reflect", mode);
        int rank = x.Dims.Length;
        int[] dims = [.. x.Dims.Select((n, k) => n + (int)pads.Integers[k] + (int)pads.Integers[k + rank])];
        return Fill(dims, i => x.At([.. i.Select((n, k) => Mirrored(n - (int)pads.Integers[k], x.Dims[k]))]));

        static int Mirrored(int i, int n) => i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i;
    }
}
