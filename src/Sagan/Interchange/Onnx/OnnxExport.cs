using Sagan.Native.Export;
using Sagan.Native.IO;
using Sagan.Native.Models;
using Sagan.Native.Modules;

namespace Sagan.Native.Interchange.Onnx;

/// <summary>
/// A generator as an ONNX model: input z [N, ZDim] and, of a conditional model, class [N] (int64), output image [N, Channels, Size, Size] in [-1, 1]. It
/// computes what the generator does in inference mode with frozen spectral norms and running statistics. Nodes are named by the modules' paths.
/// </summary>
static class OnnxExport
{
    /// <summary>The bytes of the file. Throws <see cref="InterchangeException"/> where a module has no ONNX form.</summary>
    public static byte[] Generator(Generator generator, IReadOnlyDictionary<string, string> metadata)
    {
        bool training = generator.IsTraining;
        generator.Train(false);
        try
        {
            OnnxGraph graph = new();
            OnnxValue z = new("z", generator.Model.ZDim), labels = new("class");
            OnnxCondition? condition = generator.Model.Conditional ? new OnnxCondition(labels) : null;
            OnnxValue image = Step.Run(() => Autograd.NoGrad(() => SpectralNorm.Frozen(generator, () => generator.Export(graph, z, condition))));
            List<(OnnxValue, TensorDtype)> inputs = [(z, TensorDtype.F32)];
            if (condition != null) inputs.Add((labels, TensorDtype.I64));
            return OnnxWriter.Write(graph, inputs, ("image", image), metadata);
        }
        catch (NotSupportedException e)
        {
            throw new InterchangeException($"the generator cannot be exported as ONNX: {e.Message}; as pth or safetensors it can.", e);
        }
        finally
        {
            generator.Train(training);
        }
    }
}
