using System.Runtime.InteropServices;
using Sagan.Native.IO;

namespace Sagan.Native.Interchange.Onnx;

/// <summary>
/// Writes a graph as an ONNX file: IR version 7, operator set 13, which runtimes since 2020 read. Source: onnx.proto3; the numbers are
/// its fields.
/// </summary>
static class OnnxWriter
{
    const int IrVersion = 7, OperatorSet = 13;
    const int FloatData = 1, Int64Data = 7;

    /// <summary>The file's bytes. Throws <see cref="InterchangeException"/> where it would have 2 GiB or more, which protocol buffers
    /// cannot.</summary>
    /// <param name="graph">The nodes and constants.</param>
    /// <param name="name">The graph's name.</param>
    /// <param name="inputs">The inputs and their element types; the first size of each is open.</param>
    /// <param name="output">The output's name and the value that it is.</param>
    /// <param name="metadata">What people should know of the file.</param>
    public static byte[] Write(OnnxGraph graph, string name, IReadOnlyList<(OnnxValue Value, TensorDtype Dtype)> inputs,
        (string Name, OnnxValue Value) output, IReadOnlyDictionary<string, string> metadata)
    {
        long size = graph.Constants.Sum(c => (long)c.Values.Length * (c.Values is float[]? 4 : 8));
        if (size > int.MaxValue - (1 << 20))
            throw new InterchangeException($"the network has {size} bytes of weights, an ONNX file holds less than 2 GiB; export as "
                + "safetensors.");
        ProtobufWriter model = new();
        model.Integer(1, IrVersion);
        model.Text(2, "Sagan.Native");
        model.Message(7, g =>
        {
            foreach (OnnxNode n in graph.Nodes) g.Message(1, m => Node(m, n, output));
            g.Text(2, name);
            foreach (OnnxTensor c in graph.Constants) g.Message(5, m => Tensor(m, c));
            foreach ((OnnxValue value, TensorDtype dtype) in inputs) g.Message(11, m => Value(m, value.Name, value.Sizes, dtype));
            g.Message(12, m => Value(m, output.Name, output.Value.Sizes, TensorDtype.F32));
        });
        model.Message(8, set => set.Integer(2, OperatorSet));
        foreach ((string key, string value) in metadata.OrderBy(m => m.Key, StringComparer.Ordinal))
            model.Message(14, m =>
            {
                m.Text(1, key);
                m.Text(2, value);
            });
        return model.Written.ToArray();
    }

    // The node that makes the output gives it the output's name.
    static void Node(ProtobufWriter m, OnnxNode node, (string Name, OnnxValue Value) output)
    {
        foreach (string input in node.Inputs) m.Text(1, input);
        m.Text(2, node.Name == output.Value.Name ? output.Name : node.Name);
        foreach (string other in node.Others) m.Text(2, other);
        m.Text(3, node.Name);
        m.Text(4, node.Op);
        foreach ((string name, object value) in node.Attributes)
            m.Message(5, a =>
            {
                a.Text(1, name);
                switch (value)
                {
                    case float f:
                        a.Float(2, f);
                        a.Integer(20, 1);
                        break;
                    case long i:
                        a.Integer(3, i);
                        a.Integer(20, 2);
                        break;
                    case string s:
                        a.Text(4, s);
                        a.Integer(20, 3);
                        break;
                    case long[] list:
                        // Not packed, as proto2 of the reference has it; readers take both.
                        foreach (long i in list) a.Integer(8, i);
                        a.Integer(20, 7);
                        break;
                    default:
                        throw new ArgumentException($"onnx: attribute '{name}' of {node.Name} is a {value.GetType().Name}.");
                }
            });
    }

    static void Tensor(ProtobufWriter m, OnnxTensor constant)
    {
        foreach (int n in constant.Dims) m.Integer(1, n);
        m.Integer(2, constant.Values is float[]? FloatData : Int64Data);
        m.Text(8, constant.Name);
        m.Bytes(9, constant.Values is float[] floats ? MemoryMarshal.AsBytes(floats.AsSpan())
            : MemoryMarshal.AsBytes(((long[])constant.Values).AsSpan()));
    }

    static void Value(ProtobufWriter m, string name, OnnxDim[] sizes, TensorDtype dtype)
    {
        m.Text(1, name);
        m.Message(2, type => type.Message(1, tensor =>
        {
            tensor.Integer(1, dtype == TensorDtype.I64 ? Int64Data : FloatData);
            tensor.Message(2, shape =>
            {
                shape.Message(1, d => d.Text(2, "N"));
                foreach (OnnxDim n in sizes[1..]) shape.Message(1, d => d.Integer(1, n.Fixed));
            });
        }));
    }
}
