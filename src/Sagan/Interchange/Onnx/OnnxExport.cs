using Sagan.Native.IO;
using Sagan.Native.Kernels;
using Sagan.Native.Models;
using Sagan.Native.Modules;

namespace Sagan.Native.Interchange.Onnx;

/// <summary>
/// A module as an ONNX model (operator set 13): it is run on an input in inference mode, and the operations that ran on what depends on
/// the input are translated one by one (<see cref="OnnxOps"/>). All else is a constant, by value: a spectrally normalised weight is in
/// the file as w / sigma. Images are [N, C, H, W] in the file, [N, H, W, C] here; N stays open. Nodes are named by the modules' paths.
/// </summary>
public static class OnnxExport
{
    // Two batch sizes tell which sizes are the batch's.
    const int Few = 2, More = 3;

    // What a model is given: of this shape for one example, or a class.
    sealed record Given(string Name, Shape? Example)
    {
        public Tensor Make(int n, Device device) => Example is { } example
            ? new RandomSource(1).Normal(new Shape([n, .. example.ToArray()]), device)
            : IndexTensor.From(new int[n], device).Elements;
    }

    /// <summary>A module of one tensor, as the bytes of a file with input <c>x</c> and output <c>y</c>.</summary>
    /// <param name="module">Any module; it is run in inference mode.</param>
    /// <param name="example">The sizes of one example of its input: those after the first axis, which stays open.</param>
    /// <param name="metadata">What people should know of the file.</param>
    /// <exception cref="InterchangeException">Something the module does has no ONNX form; the message names it.</exception>
    public static byte[] Module(Module module, Shape example, IReadOnlyDictionary<string, string>? metadata = null) =>
        Export(module, "module", [new Given("x", example)], "y", x => module.Call(x[0]), metadata ?? new Dictionary<string, string>());

    /// <summary>Input z [N, ZDim] and, of a conditional model, class [N] (int64); output image [N, Channels, Size, Size] in [-1,
    /// 1].</summary>
    internal static byte[] Generator(Generator generator, IReadOnlyDictionary<string, string> metadata) =>
        Export(generator, "generator", Inputs(new Given("z", new Shape(generator.Model.ZDim)), generator.Model.Conditional), "image",
            x => generator.Call(x[0], ConditionOf(x)), metadata);

    /// <summary>Input image [N, Channels, Size, Size] and, of a conditional model, class [N] (int64); output score [N], high for
    /// real.</summary>
    internal static byte[] Discriminator(Discriminator discriminator, IReadOnlyDictionary<string, string> metadata)
    {
        ModelConfig m = discriminator.Model;
        Given image = new("image", new Shape(m.Size, m.Size, m.Channels));
        return Export(discriminator, "discriminator", Inputs(image, m.Conditional), "score",
            x => discriminator.Call(x[0], ConditionOf(x)), metadata);
    }

    static Given[] Inputs(Given first, bool conditional) => conditional ? [first, new Given("class", null)] : [first];

    static Condition? ConditionOf(Tensor[] x) => x.Length > 1 ? new Condition(new IndexTensor(x[1])) : null;

    static byte[] Export(Module module, string name, Given[] inputs, string output, Func<Tensor[], Tensor> call,
        IReadOnlyDictionary<string, string> metadata)
    {
        bool training = module.IsTraining;
        Device device = module.State().Select(s => s.Parameter.Device).FirstOrDefault(Device.Cpu);
        module.Train(false);
        try
        {
            return SpectralNorm.Frozen(module, () => Step.Run(() => Autograd.NoGrad(() =>
            {
                IReadOnlyList<TracedOp> again = Ran(More, out TracedValue[] large, out TracedValue largeOutput, out Trace first);
                first.Dispose();
                IReadOnlyList<TracedOp> ops = Ran(Few, out TracedValue[] small, out TracedValue smallOutput, out Trace trace);
                using (trace)
                {
                    OnnxOps translation = new(module, ops, again);
                    for (int i = 0; i < inputs.Length; i++)
                        translation.Begin(small[i], large[i], inputs[i].Name, channelsFirst: inputs[i].Example?.Rank == 3);
                    OnnxValue y = translation.Run(smallOutput);
                    return OnnxWriter.Write(translation.Graph, name,
                        [.. inputs.Select((g, i) => (translation.ValueOf(small[i]),
                            g.Example == null ? TensorDtype.I64 : TensorDtype.F32))],
                        (output, y), metadata);
                }
            })));
        }
        catch (NotSupportedException e)
        {
            throw new InterchangeException($"the {name} cannot be exported as ONNX: {e.Message}; as pth or safetensors it can.", e);
        }
        finally
        {
            module.Train(training);
        }

        IReadOnlyList<TracedOp> Ran(int n, out TracedValue[] given, out TracedValue made, out Trace trace)
        {
            Tensor[] x = [.. inputs.Select(i => i.Make(n, device))];
            trace = new Trace();
            try
            {
                given = [.. x.Select(Trace.Begin)];
                made = call(x).Traced ?? throw new NotSupportedException("its output does not depend on its input");
                return trace.Ops;
            }
            catch
            {
                trace.Dispose();
                throw;
            }
        }
    }
}
