using System.Text.Json;
using Sagan.Native.Kernels;
using static Sagan.Native.Ops;

namespace Sagan.Native.Tests;

/// <summary>
/// Every operation against PyTorch's float64 results: value, gradients, and gradients of the gradients. A case's name begins with its
/// operation's.
/// </summary>
[Quick]
public sealed class GoldenOpTests(ITestOutputHelper output)
{
    /// <summary>Relative to the largest element of a tensor. Measured: at most 6e-7 (sums of 256 products), 1e-7 to 3e-7 for
    /// most.</summary>
    const double Tolerance = 2e-6;

    delegate Tensor Operation(IReadOnlyDictionary<string, Tensor> x, JsonElement p);

    static readonly Dictionary<string, Operation> operations = new()
    {
        ["affine"] = (x, p) => Affine(x["x"], Float(p, "scale"), Float(p, "shift")),
        ["square"] = (x, _) => Square(x["input"]),
        ["sqrt"] = (x, _) => Sqrt(x["input"]),
        ["reciprocal"] = (x, _) => Reciprocal(x["input"]),
        ["abs"] = (x, _) => Abs(x["input"]),
        ["relu"] = (x, _) => Relu(x["input"]),
        ["leaky_relu"] = (x, p) => LeakyRelu(x["x"], Float(p, "slope")),
        ["exp"] = (x, _) => Exp(x["input"]),
        ["log"] = (x, _) => Log(x["input"]),
        ["tanh"] = (x, _) => Tanh(x["input"]),
        ["sigmoid"] = (x, _) => Sigmoid(x["input"]),
        ["softplus"] = (x, _) => Softplus(x["x"]),
        ["add"] = (x, _) => x["input"] + x["other"],
        ["subtract"] = (x, _) => x["input"] - x["other"],
        ["multiply"] = (x, _) => x["input"] * x["other"],
        ["divide"] = (x, _) => x["input"] / x["other"],
        ["max"] = (x, _) => Max(x["input"], x["other"]),
        ["sum"] = (x, p) => p.TryGetProperty("axes", out _) ? Sum(x["x"], Ints(p, "axes"), Bool(p, "keep")) : Sum(x["x"]),
        ["mean"] = (x, p) => Mean(x["x"], Ints(p, "axes"), Bool(p, "keep")),
        ["broadcast_to"] = (x, p) => BroadcastTo(x["x"], new Shape(Ints(p, "shape"))),
        ["reshape"] = (x, p) => Reshape(x["x"], Ints(p, "shape")),
        ["permute"] = (x, p) => Permute(x["x"], Ints(p, "order")),
        ["slice"] = (x, p) => Slice(x["x"], Int(p, "axis"), Int(p, "start"), Int(p, "count")),
        ["pad"] = (x, p) => Pad(x["x"], Int(p, "axis"), Int(p, "before"), Int(p, "length")),
        ["concat"] = (x, p) => Concat(x["a"], x["b"], Int(p, "axis")),
        ["matmul"] = (x, p) => MatMul(x["a"], x["b"], Bool(p, "transposeA"), Bool(p, "transposeB")),
        ["conv2d"] = (x, p) => Conv2d(x["x"], x["w"], x.GetValueOrDefault("b"), Int(p, "stride"), Int(p, "padding")),
        ["conv_transpose2d"] = (x, p) =>
            ConvTranspose2d(x["x"], x["w"], x.GetValueOrDefault("b"), Int(p, "stride"), Int(p, "padding"), Int(p, "outputPadding")),
        ["softmax"] = (x, _) => Softmax(x["x"]),
        ["attention"] = (x, p) => Attention(x["q"], x["k"], x["v"], Float(p, "scale")),
        ["upsample2x"] = (x, _) => Upsample2x(x["x"]),
        ["sum_pool2x2"] = (x, _) => SumPool2x2(x["x"]),
        ["avg_pool2x2"] = (x, _) => AvgPool2x2(x["x"]),
        ["max_pool2d"] = (x, p) => MaxPool2d(x["x"], Int(p, "kernel"), Int(p, "stride"), Int(p, "padding")),
        ["embedding"] = (x, _) => Gather(x["table"], IndexTensor.From([.. x["index"].ToArray().Select(i => (int)i)], x["table"].Device)),
        ["batch_norm_train"] = (x, p) => BatchNorm(x["x"], x["weight"], x["bias"], Float(p, "epsilon"), Activation.None, out _, out _),
        ["batch_norm_relu"] = (x, p) => BatchNorm(x["x"], x["weight"], x["bias"], Float(p, "epsilon"), Activation.Relu, out _, out _),
        ["batch_norm_eval"] = (x, p) => BatchNormInference(x["x"], x["weight"], x["bias"], x["mean"], x["variance"], Float(p, "epsilon")),
        // The formulas; the classes of the SAGAN library are tested where they live.
        ["hinge_d"] = (x, _) => Mean(Relu(1 - x["real"])) + Mean(Relu(1 + x["fake"])),
        ["hinge_g"] = (x, _) => -Mean(x["fake"]),
        ["wgan_d"] = (x, _) => Mean(x["fake"]) - Mean(x["real"]),
        ["wgan_g"] = (x, _) => -Mean(x["fake"]),
        ["gradient_penalty"] = GradientPenalty,
    };

    /// <summary>Beginnings of the operations whose tensors of four axes are images or convolution weights.</summary>
    static readonly string[] images = ["conv", "sum_pool", "avg_pool", "max_pool", "batch_norm", "upsample", "gradient_penalty"];

    public static TheoryData<string, string> Cases() => GoldenFile.CasesOnEveryDevice("ops");

    [Theory]
    [MemberData(nameof(Cases))]
    public void Agrees_with_PyTorch(string name, string device) => Step.Run(() =>
    {
        using GoldenFile file = new("ops");
        JsonElement parameters = file.Cases[name];
        string op = operations.Keys.Where(k => name.StartsWith(k, StringComparison.Ordinal)).MaxBy(k => k.Length)!;
        bool image = images.Any(i => op.StartsWith(i, StringComparison.Ordinal));
        Device on = Device.Parse(device);
        Tensor Load(string key) => file.Tensor($"{name}/{key}", on, image);

        string[] differentiated = file.Names($"{name}/grad.");
        Dictionary<string, Tensor> x = file.Names($"{name}/in.").ToDictionary(k => k, k => Load($"in.{k}"));
        foreach (string k in differentiated) x[k] = x[k].RequireGrad();
        Tensor[] wrt = [.. differentiated.Select(k => x[k])];
        Tensor cotangent = Load("cotangent").RequireGrad();
        List<(string Key, double Error)> errors = [];
        void Close(string key, Tensor actual) => errors.Add((key, file.AssertClose($"{name}/{key}", actual, Tolerance, image)));

        // First order: the fused backward kernels, where there are any.
        Tensor y = operations[op](x, parameters);
        Close("out", y);
        Tensor[] gradients = Autograd.Grad(Sum(y * cotangent.Detach()), wrt);
        for (int i = 0; i < wrt.Length; i++) Close($"grad.{differentiated[i]}", gradients[i]);

        if (file.Contains($"{name}/grad2.cotangent"))
        {
            // Second order: the same gradients once more, recorded, and theirs.
            gradients = Autograd.Grad(Sum(operations[op](x, parameters) * cotangent), wrt, createGraph: true);
            for (int i = 0; i < wrt.Length; i++) Close($"grad.{differentiated[i]}", gradients[i]);
            Tensor s = gradients.Select((g, i) => Sum(g * Load($"direction.{differentiated[i]}"))).Aggregate((a, b) => a + b);
            Tensor[] seconds = Autograd.Grad(s, [.. wrt, cotangent]);
            for (int i = 0; i < wrt.Length; i++) Close($"grad2.{differentiated[i]}", seconds[i]);
            Close("grad2.cotangent", seconds[^1]);
        }
        (string key, double worst) = errors.MaxBy(e => e.Error);
        output.WriteLine($"{worst:G2} in {key}");
    });

    [Fact]
    public void Every_operation_of_the_table_has_a_case()
    {
        using GoldenFile file = new("ops");
        Assert.All(operations.Keys, op => Assert.Contains(file.Cases.Keys, name => name.StartsWith(op, StringComparison.Ordinal)));
    }

    // A critic conv k4 s2 p1 -> tanh -> h + gamma attention(h) -> conv k2; penalty = mean (sqrt(sum g^2 + 1e-12) - 1)^2.
    static Tensor GradientPenalty(IReadOnlyDictionary<string, Tensor> x, JsonElement p)
    {
        Tensor h = Conv2d(x["x"], x["w1"], null, 2, 1, Activation.Tanh);
        Tensor Rows(string w) => Reshape(Conv2d(h, x[w]), h.Shape[0], h.Shape[1] * h.Shape[2], -1);
        Tensor o = h + Float(p, "attentionGamma") * Reshape(Attention(Rows("wq"), Rows("wk"), Rows("wv")), h.Shape);
        Tensor g = Autograd.Grad(Sum(Conv2d(o, x["w2"])), [x["x"]], createGraph: true)[0];
        return Mean(Square(Sqrt(Sum(Square(g), [1, 2, 3]) + 1e-12f) - 1));
    }

    static float Float(JsonElement p, string name) => p.GetProperty(name).GetSingle();

    static bool Bool(JsonElement p, string name) => p.GetProperty(name).GetBoolean();

    static int Int(JsonElement p, string name) => p.GetProperty(name).GetInt32();

    static int[] Ints(JsonElement p, string name) => [.. p.GetProperty(name).EnumerateArray().Select(n => n.GetInt32())];
}
