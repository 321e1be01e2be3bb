using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>
/// What functions and their gradients are for NaN, infinities, denormals and the largest floats: as in PyTorch 1.13.
/// tests/golden/make_nonfinite.py prints the lines.
/// </summary>
public class NonFiniteTests
{
    static readonly float[] Values =
    [
        float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0, -0f, 1, -1, float.Epsilon, -float.Epsilon, 1e-39f, 1.1754944e-38f,
            float.MaxValue, float.MinValue,
        1e-8f, 1e30f, -1e30f, 17, -17, 0.5f,
    ];

    static readonly float[] Cotangents = [1, float.PositiveInfinity, float.NaN];

    static readonly Dictionary<string, Func<Tensor, Tensor>> Functions = new()
    {
        ["Exp"] = Ops.Exp,
        ["Log"] = Ops.Log,
        ["Sqrt"] = Ops.Sqrt,
        ["Square"] = Ops.Square,
        ["Reciprocal"] = Ops.Reciprocal,
        ["Abs"] = Ops.Abs,
        ["Sign"] = Ops.Sign,
        ["Relu"] = Ops.Relu,
        ["LeakyRelu"] = x => Ops.LeakyRelu(x, 0.1f),
        ["Tanh"] = Ops.Tanh,
        ["Sigmoid"] = Ops.Sigmoid,
        ["Softplus"] = Ops.Softplus,
        ["DivideBy3"] = x => x / 3,
        ["DivideBy1e-39"] = x => x / 1e-39f,
        ["Max1"] = x => Ops.Max(x, Tensor.Ones(x.Shape, x.Device)),
    };

    // Function, y, and dx for g = 1, infinity and NaN. n NaN, + infinity, - minus infinity, 0 a zero or a denormal number, f any other.
    public static TheoryData<string, string, string, string, string> Cases => new()
    {
        { "Exp", "n+0ffffffff+0f+0fff", "n+0ffffffff+0f+0fff", "n+n+++++++++n++n+++", "nnnnnnnnnnnnnnnnnnn" },
        { "Log", "n+n--0nfnfffnffnfnf", "n00+-ff+-+f00ffffff", "nnn+-+-+-+++-++-+-+", "nnnnnnnnnnnnnnnnnnn" },
        { "Sqrt", "n+n00fnfnfffnffnfnf", "n0n+-fnfnfffnffnfnf", "nnn+-+n+n+++n++n+n+", "nnnnnnnnnnnnnnnnnnn" },
        { "Square", "n++00ff0000++f++fff", "n+-00ff000f+-ffffff", "n+-nn+-+-+++-++-+-+", "nnnnnnnnnnnnnnnnnnn" },
        { "Reciprocal", "n00+-ff+-+f00ffffff", "n00--ff----00f00fff", "nnn--------nn-nn---", "nnnnnnnnnnnnnnnnnnn" },
        { "Abs", "n++00ff000fffffffff", "0ff00ffffffffffffff", "n+-nn+-+-+++-++-+-+", "nnnnnnnnnnnnnnnnnnn" },
        { "Sign", "0ff00ffffffffffffff", "0000000000000000000", "0000000000000000000", "0000000000000000000" },
        { "Relu", "n+000f0000ff0ff0f0f", "ff000f0f0fff0ff0f0f", "++000+0+0+++0++0+0+", "nn000n0n0nnn0nn0n0n" },
        { "LeakyRelu", "n+-00ff000fffffffff", "fffffffffffffffffff", "+++++++++++++++++++", "nnnnnnnnnnnnnnnnnnn" },
        { "Tanh", "nff00ff000fffffffff", "n00ffffffff00f0000f", "nnn++++++++nn+nnnn+", "nnnnnnnnnnnnnnnnnnn" },
        { "Sigmoid", "nf0fffffffff0ff0fff", "n00ffffffff00f000ff", "nnn++++++++nn+nnn++", "nnnnnnnnnnnnnnnnnnn" },
        { "Softplus", "n+0fffffffff0ff0fff", "nf0fffffffff0ff0fff", "n+n+++++++++n++n+++", "nnnnnnnnnnnnnnnnnnn" },
        { "DivideBy3", "n+-00ff0000ffffffff", "fffffffffffffffffff", "+++++++++++++++++++", "nnnnnnnnnnnnnnnnnnn" },
        { "DivideBy1e-39", "n+-00+-ffff+-f+-+-+", "+++++++++++++++++++", "+++++++++++++++++++", "nnnnnnnnnnnnnnnnnnn" },
        { "Max1", "n+fffffffffffffffff", "ff000f00000f00f0f00", "++000+00000+00+0+00", "nn000n00000n00n0n00" },
    };

    [Theory, MemberData(nameof(Cases)), Quick]
    public void Cpu_is_as_pytorch(string function, string y, string one, string infinity, string nan) =>
        Check(Device.Cpu, function, y, one, infinity, nan);

    [Theory, MemberData(nameof(Cases)), Quick]
    public void Reference_is_as_pytorch(string function, string y, string one, string infinity, string nan) =>
        Check(Device.Reference, function, y, one, infinity, nan);

    [Theory, MemberData(nameof(Cases))]
    public void Gpu_is_as_pytorch(string function, string y, string one, string infinity, string nan) =>
        Check(TestGpu.Device, function, y, one, infinity, nan);

    static void Check(Device device, string function, string y, params string[] gradients) => Step.Run(() =>
    {
        Assert.Equal(y, Letters(Functions[function](Tensor.From(Values, new Shape(Values.Length), device))));
        for (int i = 0; i < Cotangents.Length; i++)
        {
            Tensor x = Tensor.From(Values, new Shape(Values.Length), device).RequireGrad(), f = Functions[function](x);
            if (!f.IsTracked) continue;
            Tensor g = Tensor.Full(Cotangents[i], x.Shape, device);
            Assert.Equal(gradients[i], Letters(Autograd.Grad(Ops.Sum(f * g), [x])[0]));
        }
    });

    static string Letters(Tensor t) => string.Concat(t.ToArray().Select(v => float.IsNaN(v) ? 'n' : float.IsPositiveInfinity(v) ? '+'
        : float.IsNegativeInfinity(v) ? '-' : MathF.Abs(v) < 1.1754943e-38f ? '0' : 'f'));

    [Fact, Quick]
    public void A_fused_relu_of_minus_infinity_is_0() => Step.Run(() =>
    {
        Tensor x = Tensor.From([float.NegativeInfinity], new Shape(1, 1)), w = Tensor.Ones(new Shape(1, 1)),
            zero = Tensor.Zeros(new Shape(1));
        Tensor image = Ops.Reshape(x, 1, 1, 1, 1), kernel = Ops.Reshape(w, 1, 1, 1, 1), one = Tensor.Ones(new Shape(1));
        Assert.Equal(0, Ops.Linear(x, w, zero, Activation.Relu).Item());
        Assert.Equal(0, Ops.Conv2d(image, kernel, zero, activation: Activation.Relu).Item());
        Assert.Equal(0, Ops.ConvTranspose2d(image, kernel, zero, activation: Activation.Relu).Item());
        Assert.Equal(0, Ops.BatchNormInference(image, one, zero, zero, one, 1e-5f, Activation.Relu).Item());
    });
}
