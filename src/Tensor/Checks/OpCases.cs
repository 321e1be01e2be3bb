using Sagan.Native.Kernels;
using static Sagan.Native.Ops;

namespace Sagan.Native.Checks;

/// <summary>What the random inputs of a case are like.</summary>
enum CaseInputs
{
    /// <summary>Standard normal.</summary>
    Normal,

    /// <summary>Normal with standard deviation 0.3, so that sums of many products stay where tanh bends gently.</summary>
    Small,

    /// <summary>In [0.5, 2): for logarithms, roots and divisors.</summary>
    Positive,

    /// <summary>Either sign, at least 0.25 from 0: for functions with a kink there.</summary>
    AwayFromZero,

    /// <summary>All pairwise at least 0.25 apart, in random order: for functions that choose the largest.</summary>
    Distinct,
}

/// <summary>One operation at one shape: what the tests, <c>sagan gradcheck</c> and the comparison of devices run.</summary>
/// <param name="Op">The name of the method of <see cref="Ops"/>.</param>
/// <param name="Variant">What is special about this case.</param>
/// <param name="Shapes">Shapes of the differentiable inputs.</param>
/// <param name="F">The operation.</param>
/// <param name="Inputs">What the inputs are like.</param>
/// <param name="Smooth">False where a kink cannot be kept away from: such a case compares devices, and gradients between them, but not
/// with finite differences.</param>
sealed record OpCase(string Op, string Variant, Shape[] Shapes, Func<Tensor[], Tensor> F, CaseInputs Inputs = CaseInputs.Normal,
    bool Smooth = true)
{
    /// <summary>The numbers of the inputs, in memory order; null for random ones.</summary>
    public IReadOnlyList<float[]>? Values { get; init; }

    /// <summary>The inputs, the same on every device.</summary>
    public Tensor[] MakeInputs(Device device, ulong seed = 1)
    {
        if (Values != null) return [.. Shapes.Select((s, i) => Tensor.From(Values[i], s, device))];
        RandomSource random = new(seed);
        return [.. Shapes.Select(s => Tensor.From(Make(random, s), s, device))];
    }

    float[] Make(RandomSource random, Shape shape) => Step.Run(() =>
    {
        float[] x = random.Normal(shape, Device.Reference).ToArray();
        switch (Inputs)
        {
            case CaseInputs.Small: return [.. x.Select(v => 0.3f * v)];
            case CaseInputs.Positive: return [.. random.Uniform(shape, 0.5f, 2, Device.Reference).ToArray()];
            case CaseInputs.AwayFromZero: return [.. x.Select(v => v + MathF.CopySign(0.25f, v))];
            case CaseInputs.Distinct:
                float[] y = new float[x.Length];
                int rank = 0;
                foreach (int i in Enumerable.Range(0, x.Length).OrderBy(i => x[i])) y[i] = 0.25f * (rank++ - x.Length / 2);
                return y;
            default: return x;
        }
    });

    /// <inheritdoc/>
    public override string ToString() => Variant.Length == 0 ? Op : $"{Op} ({Variant})";
}

/// <summary>The table of all operations: one line per operation and shape, odd sizes included. A test fails when an operation has no line
/// here.</summary>
static class OpCases
{
    static readonly float[] Mask = [0, 1, 1, 0, 1];

    public static IReadOnlyList<OpCase> All { get; } =
    [
        new(nameof(Affine), "", [S(3, 5)], t => Affine(t[0], 2.5f, -1)),
        new(nameof(Exp), "", [S(3, 17)], t => Exp(t[0])),
        new(nameof(Log), "", [S(3, 17)], t => Log(t[0]), CaseInputs.Positive),
        new(nameof(Sqrt), "", [S(3, 17)], t => Sqrt(t[0]), CaseInputs.Positive),
        new(nameof(Square), "", [S(3, 17)], t => Square(t[0])),
        new(nameof(Reciprocal), "", [S(3, 17)], t => Reciprocal(t[0]), CaseInputs.Positive),
        new(nameof(Abs), "", [S(3, 17)], t => Abs(t[0]), CaseInputs.AwayFromZero),
        new(nameof(Sign), "", [S(3, 17)], t => Sign(t[0]), CaseInputs.AwayFromZero),
        new(nameof(Relu), "", [S(3, 17)], t => Relu(t[0]), CaseInputs.AwayFromZero),
        new(nameof(LeakyRelu), "slope 0.1", [S(3, 17)], t => LeakyRelu(t[0], 0.1f), CaseInputs.AwayFromZero),
        new(nameof(LeakyReluGrad), "slope 0.1", [S(3, 17), S(3, 17)], t => LeakyReluGrad(t[0], t[1], 0.1f), CaseInputs.AwayFromZero),
        new(nameof(Tanh), "", [S(3, 17)], t => Tanh(t[0])),
        new(nameof(TanhGrad), "", [S(3, 17), S(3, 17)], t => TanhGrad(t[0], t[1])),
        new(nameof(Sigmoid), "", [S(3, 17)], t => Sigmoid(t[0])),
        new(nameof(SigmoidGrad), "", [S(3, 17), S(3, 17)], t => SigmoidGrad(t[0], t[1])),
        new(nameof(Softplus), "", [S(3, 17)], t => Softplus(t[0])),
        new(nameof(Activate), "tanh", [S(3, 17)], t => Activate(t[0], Activation.Tanh)),
        new(nameof(Activate), "leaky relu", [S(3, 17)], t => Activate(t[0], Activation.LeakyRelu(0.2f)), CaseInputs.AwayFromZero),

        new(nameof(Add), "", [S(3, 5), S(3, 5)], t => t[0] + t[1]),
        new(nameof(Add), "bias", [S(2, 3, 5), S(5)], t => t[0] + t[1]),
        new(nameof(Add), "same tensor twice", [S(3, 5)], t => t[0] + t[0]),
        new(nameof(Subtract), "column", [S(3, 5), S(3, 1)], t => t[0] - t[1]),
        new(nameof(Multiply), "", [S(33), S(33)], t => t[0] * t[1]),
        new(nameof(Multiply), "scalar", [S(3, 5), S()], t => t[0] * t[1]),
        new(nameof(Multiply), "both broadcast", [S(3, 1, 5), S(2, 1)], t => t[0] * t[1]),
        new(nameof(Multiply), "same tensor twice", [S(3, 5)], t => t[0] * t[0]),
        new(nameof(Divide), "", [S(3, 5), S(5)], t => t[0] / t[1], CaseInputs.Positive),
        new(nameof(Divide), "by a number", [S(3, 17)], t => t[0] / 3),
        new(nameof(Divide), "of a number", [S(3, 17)], t => 3 / t[0], CaseInputs.Positive),
        new(nameof(Max), "", [S(35), S(35)], t => Max(t[0], t[0] + t[1]), CaseInputs.AwayFromZero),

        new(nameof(Greater), "as a factor", [S(3, 5), S(5)], t => t[0] * Greater(t[0], t[1]), CaseInputs.Distinct),
        new(nameof(GreaterOrEqual), "as a factor", [S(3, 5), S(3, 1)], t => t[0] * GreaterOrEqual(t[0], t[1]), CaseInputs.Distinct),
        new(nameof(Less), "as a factor", [S(3, 5), S(5)], t => t[0] * Less(t[0], t[1]), CaseInputs.Distinct),
        new(nameof(LessOrEqual), "as a factor", [S(3, 5), S(5)], t => t[0] * LessOrEqual(t[0], t[1]), CaseInputs.Distinct),
        new(nameof(Equal), "as a factor", [S(3, 5)], t => t[0] * Equal(t[0], Tensor.Zeros(S(5), t[0].Device)), CaseInputs.AwayFromZero),
        new(nameof(NotEqual), "as a factor", [S(3, 5)], t => t[0] * NotEqual(t[0], Tensor.Zeros(S(5), t[0].Device)),
            CaseInputs.AwayFromZero),
        new(nameof(Where), "", [S(3, 5), S(5)], t => Where(Tensor.From(Mask, S(5), t[0].Device), Square(t[0]), t[1])),
        new(nameof(Where), "mask of rows", [S(2, 3), S()], t => Where(Tensor.From([1, 0], S(2, 1), t[0].Device), t[0], t[1])),
        new(nameof(Clamp), "", [S(3, 17)], t => Clamp(Square(t[0]), 0.3f, 1.5f)),

        new(nameof(Sum), "one axis", [S(3, 5, 7)], t => Sum(t[0], 1)),
        new(nameof(Var), "all", [S(3, 5)], t => Var(t[0])),
        new(nameof(Var), "biased, rows", [S(7, 5)], t => Var(t[0], [0], keepDims: true, correction: 0)),
        new(nameof(Max), "all", [S(3, 5)], t => Square(Max(t[0])), CaseInputs.Distinct),
        new(nameof(Max), "first and last axis", [S(3, 5, 4)], t => Square(Max(t[0], [0, 2])), CaseInputs.Distinct),
        new(nameof(Min), "middle, kept", [S(3, 5, 4)], t => Square(Min(t[0], 1, keepDims: true)), CaseInputs.Distinct),
        new(nameof(LogSumExp), "", [S(3, 17)], t => LogSumExp(t[0])),
        new(nameof(LogSumExp), "first axis, kept", [S(5, 3)], t => LogSumExp(3 * t[0], 0, keepDims: true)),
        new(nameof(LogSoftmax), "", [S(3, 17)], t => LogSoftmax(t[0])),
        new(nameof(Softmax), "middle axis", [S(2, 5, 3)], t => Softmax(t[0], 1)),
        new(nameof(CrossEntropy), "labels", [S(4, 5)], t => CrossEntropy(t[0], IndexTensor.From([2, 0, 4, 2], t[0].Device))),
        new(nameof(CrossEntropy), "smoothed", [S(4, 5)], t => CrossEntropy(t[0], IndexTensor.From([2, 0, 4, 2], t[0].Device), 0.1f)),
        new(nameof(CrossEntropy), "probabilities", [S(4, 5), S(4, 5)], t => CrossEntropy(t[0], Softmax(t[1]), 0.2f)),
        new(nameof(BinaryCrossEntropy), "", [S(3, 5), S(3, 5)], t => BinaryCrossEntropy(t[0], Sigmoid(t[1]))),
        new(nameof(Sum), "all", [S(3, 5, 7)], t => Sum(t[0])),
        new(nameof(Sum), "rows", [S(37, 5)], t => Sum(t[0], [0])),
        new(nameof(Sum), "columns, kept", [S(3, 37)], t => Sum(t[0], [-1], keepDims: true)),
        new(nameof(Sum), "outer and inner", [S(3, 5, 7, 2)], t => Sum(t[0], [0, 2])),
        new(nameof(Mean), "middle", [S(3, 5, 7)], t => Mean(t[0], [1])),
        new(nameof(BroadcastTo), "", [S(3, 1, 5)], t => BroadcastTo(t[0], S(2, 3, 4, 5))),
        new(nameof(SumTo), "", [S(2, 3, 4, 5)], t => SumTo(t[0], S(3, 1, 5))),
        new(nameof(Reshape), "", [S(3, 4)], t => Tanh(Reshape(t[0], 2, -1))),
        new(nameof(Permute), "", [S(2, 3, 5, 7)], t => Permute(t[0], 0, 3, 1, 2)),
        new(nameof(Permute), "transpose", [S(33, 17)], t => Permute(t[0], 1, 0)),
        new(nameof(Slice), "middle axis", [S(3, 7, 5)], t => Slice(t[0], 1, 2, 3)),
        new(nameof(Pad), "last axis", [S(3, 5)], t => Pad(t[0], -1, 2, 9)),
        new(nameof(Concat), "first axis", [S(2, 5), S(3, 5)], t => Concat(t[0], t[1])),
        new(nameof(Concat), "last axis", [S(3, 2), S(3, 5)], t => Concat(t[0], t[1], -1)),

        new(nameof(Concat), "three", [S(2, 3), S(2, 1), S(2, 4)], t => Concat([t[0], t[1], Square(t[2])], 1)),
        new(nameof(Stack), "last axis", [S(3, 5), S(3, 5)], t => Stack([t[0], Square(t[1])], -1)),
        new(nameof(Squeeze), "one axis", [S(3, 1, 5)], t => Squeeze(Square(t[0]), 1)),
        new(nameof(Unsqueeze), "at the end", [S(3, 5)], t => Unsqueeze(Square(t[0]), -1)),
        new(nameof(Flatten), "all but the first", [S(3, 4, 2)], t => Flatten(Square(t[0]), 1)),
        new(nameof(Transpose), "first and last", [S(2, 3, 5)], t => Transpose(Square(t[0]), 0, -1)),
        new(nameof(GatherAlong), "a label for each row", [S(4, 3)],
            t => Square(GatherAlong(t[0], 1, IndexTensor.From([2, 0, 2, 1], t[0].Device)))),
        new(nameof(GatherAlong), "middle axis", [S(2, 3, 2)],
            t => Square(GatherAlong(t[0], 1, IndexTensor.From([2, 0, 2, 1, 0, 0, 1, 2], t[0].Device)))),

        new(nameof(MatMul), "", [S(7, 5), S(5, 3)], t => MatMul(t[0], t[1])),
        new(nameof(MatMul), "a transposed", [S(5, 7), S(5, 3)], t => MatMul(t[0], t[1], transposeA: true)),
        new(nameof(MatMul), "b transposed", [S(7, 5), S(3, 5)], t => MatMul(t[0], t[1], transposeB: true)),
        new(nameof(MatMul), "both transposed", [S(5, 7), S(3, 5)], t => MatMul(t[0], t[1], true, true)),
        new(nameof(MatMul), "batch", [S(3, 7, 5), S(3, 5, 2)], t => MatMul(t[0], t[1])),
        new(nameof(MatMul), "batch, both transposed", [S(3, 5, 7), S(3, 2, 5)], t => MatMul(t[0], t[1], true, true)),
        new(nameof(MatMul), "batch, b shared", [S(3, 7, 5), S(5, 2)], t => MatMul(t[0], t[1])),
        new(nameof(MatMul), "batch, a shared", [S(7, 5), S(3, 5, 2)], t => MatMul(t[0], t[1])),
        new(nameof(MatMul), "batch, a transposed, b shared", [S(3, 5, 7), S(5, 2)], t => MatMul(t[0], t[1], transposeA: true)),
        new(nameof(Linear), "", [S(7, 5), S(3, 5), S(3)], t => Linear(t[0], t[1], t[2])),
        new(nameof(Linear), "tanh", [S(7, 5), S(3, 5), S(3)], t => Linear(t[0], t[1], t[2], Activation.Tanh), CaseInputs.Small),
        new(nameof(Linear), "no bias", [S(7, 5), S(3, 5)], t => Linear(t[0], t[1])),

        new(nameof(Conv2d), "k4 s2 p1", [S(2, 8, 6, 3), S(5, 4, 4, 3)], t => Conv2d(t[0], t[1], null, 2, 1)),
        new(nameof(Conv2d), "k3 s1 p1, bias, tanh", [S(2, 5, 7, 3), S(4, 3, 3, 3), S(4)],
            t => Conv2d(t[0], t[1], t[2], 1, 1, Activation.Tanh), CaseInputs.Small),
        new(nameof(Conv2d), "k3 s2 p0, a row left over", [S(1, 6, 8, 2), S(3, 3, 3, 2), S(3)], t => Conv2d(t[0], t[1], t[2], 2)),
        new(nameof(Conv2d), "k2x3 s3 p2", [S(1, 7, 8, 2), S(3, 2, 3, 2)], t => Conv2d(t[0], t[1], null, 3, 2)),
        new(nameof(Conv2d), "1x1", [S(2, 3, 4, 5), S(7, 1, 1, 5), S(7)], t => Conv2d(t[0], t[1], t[2])),
        new(nameof(Conv2d), "k4 to 1x1, one output", [S(3, 4, 4, 8), S(1, 4, 4, 8), S(1)], t => Conv2d(t[0], t[1], t[2])),
        new(nameof(Conv2d), "leaky relu", [S(2, 8, 8, 3), S(20, 4, 4, 3), S(20)],
            t => Conv2d(t[0], t[1], t[2], 2, 1, Activation.LeakyRelu(0.1f)), Smooth: false),
        new(nameof(ConvTranspose2d), "k4 s2 p1, bias", [S(2, 3, 5, 6), S(6, 4, 4, 3), S(3)], t => ConvTranspose2d(t[0], t[1], t[2], 2, 1)),
        new(nameof(ConvTranspose2d), "k4 s1 p0 from 1x1", [S(3, 1, 1, 8), S(8, 4, 4, 5), S(5)], t => ConvTranspose2d(t[0], t[1], t[2])),
        new(nameof(ConvTranspose2d), "k3 s2 p1 o1, tanh", [S(2, 3, 3, 4), S(4, 3, 3, 5), S(5)],
            t => ConvTranspose2d(t[0], t[1], t[2], 2, 1, 1, Activation.Tanh), CaseInputs.Small),
        new(nameof(ConvTranspose2d), "no bias", [S(2, 3, 3, 4), S(4, 4, 4, 2)], t => ConvTranspose2d(t[0], t[1], null, 2, 1)),

        new(nameof(Softmax), "", [S(3, 17)], t => Softmax(t[0])),
        new(nameof(Attention), "", [S(2, 9, 2), S(2, 9, 2), S(2, 9, 5)], t => Attention(t[0], t[1], t[2])),
        new(nameof(Attention), "fewer keys, scaled", [S(2, 17, 3), S(2, 5, 3), S(2, 5, 4)], t => Attention(t[0], t[1], t[2], 0.5f)),
        new(nameof(Attention), "q, k, v the same", [S(2, 6, 4)], t => Attention(t[0], t[0], t[0], 0.5f)),
        new(nameof(TopKMask), "as a factor", [S(3, 9)], t => t[0] * TopKMask(t[0], 4), CaseInputs.Distinct),
        new(nameof(TopKAttention), "", [S(2, 7, 3), S(2, 9, 3), S(2, 9, 4)], t => TopKAttention(t[0], t[1], t[2], 4, 0.5f),
            CaseInputs.Distinct),
        new(nameof(Residual), "", [S(2, 3, 3, 5), S(2, 3, 3, 5), S(1)], t => Residual(t[0], t[1], t[2])),
        new(nameof(Residual), "of a branch from x", [S(3, 17), S()], t => Residual(t[0], Tanh(t[0]), t[1])),
        new(nameof(BatchNorm), "", [S(2, 3, 3, 5), S(5), S(5)], t => BatchNorm(t[0], t[1], t[2], 1e-5f, Activation.None, out _, out _)),
        new(nameof(BatchNorm), "tanh", [S(7, 5), S(5), S(5)], t => BatchNorm(t[0], t[1], t[2], 1e-5f, Activation.Tanh, out _, out _)),
        new(nameof(BatchNorm), "relu", [S(2, 3, 3, 5), S(5), S(5)], t => BatchNorm(t[0], t[1], t[2], 1e-5f, Activation.Relu, out _, out _),
            Smooth: false),
        new(nameof(BatchNormInference), "", [S(2, 3, 3, 5), S(5), S(5), S(5)],
            t => BatchNormInference(t[0], t[1], t[2], Tensor.From([0.1f, -0.2f, 0.3f, 0, 0.5f], S(5), t[0].Device), t[3], 1e-5f),
                CaseInputs.Positive),
        new(nameof(SpectralNorm), "rows first", [S(6, 2, 2, 3)], t => SpectralNorm(t[0], Triplet(t[0])), CaseInputs.Positive),
        new(nameof(SpectralNorm), "rows last", [S(3, 2, 2, 5)], t => SpectralNorm(t[0], Triplet(t[0], true)), CaseInputs.Positive),
        new(nameof(NormalizedByPowerIteration), "one step", [S(6, 2, 2, 3)], t => Official(t[0], 1), CaseInputs.Positive),
        new(nameof(NormalizedByPowerIteration), "two steps", [S(5, 7)], t => Official(t[0], 2), CaseInputs.Positive),
        new(nameof(Linear), "normalised", [S(7, 5), S(3, 5), S(3)], t => Linear(0.1f * t[0], t[1], t[2], Activation.Tanh, Triplet(t[1])),
            CaseInputs.Positive),
        new(nameof(Linear), "normalised, no bias", [S(7, 5), S(3, 5)], t => Linear(t[0], t[1], null, Activation.None, Triplet(t[1])),
            CaseInputs.Positive),
        new(nameof(Conv2d), "normalised", [S(2, 5, 7, 3), S(4, 3, 3, 3), S(4)],
            t => Conv2d(0.1f * t[0], t[1], t[2], 1, 1, Activation.Tanh, Triplet(t[1])), CaseInputs.Positive),
        new(nameof(Conv2d), "normalised, 1x1, no bias", [S(2, 3, 4, 5), S(7, 1, 1, 5)],
            t => Conv2d(t[0], t[1], null, 1, 0, Activation.None, Triplet(t[1])), CaseInputs.Positive),
        new(nameof(ConvTranspose2d), "normalised", [S(2, 3, 5, 6), S(6, 4, 4, 3), S(3)],
            t => ConvTranspose2d(0.1f * t[0], t[1], t[2], 2, 1, 0, Activation.Tanh, Triplet(t[1], true)), CaseInputs.Positive),
        new(nameof(ConvTranspose2d), "normalised, rows first, no bias", [S(2, 3, 3, 9), S(9, 4, 4, 10)],
            t => ConvTranspose2d(t[0], t[1], null, 2, 1, 0, Activation.None, Triplet(t[1])), CaseInputs.Positive),

        new(nameof(Upsample2x), "", [S(2, 3, 4, 5)], t => Upsample2x(t[0])),
        new(nameof(SumPool2x2), "", [S(2, 4, 6, 5)], t => SumPool2x2(t[0])),
        new(nameof(AvgPool2x2), "", [S(2, 4, 6, 5)], t => AvgPool2x2(t[0])),
        new(nameof(MaxPool2d), "", [S(2, 4, 6, 3)], t => MaxPool2d(t[0]), CaseInputs.Distinct),
        new(nameof(MaxPool2d), "k3 s2 p1", [S(2, 5, 6, 3)], t => MaxPool2d(t[0], 3, 2, 1), CaseInputs.Distinct),
        new(nameof(Gather), "", [S(4, 3)], t => Gather(t[0], IndexTensor.From([2, 0, 2, 3, 1, 2], t[0].Device))),
        new(nameof(ScatterAdd), "", [S(5, 3)], t => ScatterAdd(t[0], IndexTensor.From([2, 0, 2, 3, 2], t[0].Device), 4)),
        new(nameof(Multiply), "by a constant", [S(3, 5)], t => t[0] * Tensor.From(Mask, S(5), t[0].Device)),
    ];

    static Shape S(params ReadOnlySpan<int> sizes) => new(sizes);

    static Tensor Official(Tensor w, int iterations)
    {
        int rows = w.Shape[0];
        Tensor u = new RandomSource(3).Uniform(S(rows), 0.5f, 1, w.Device);
        return NormalizedByPowerIteration(w, u, new PowerIterationSpec(rows, w.Count / rows, false, iterations, 1e-12f, NormEpsilon.Add)).Y;
    }

    // u and v constant, as they are in training: any unit vectors do. transpose: the output units are the last axis of w.
    static SingularTriplet Triplet(Tensor w, bool transpose = false)
    {
        int columns = transpose ? w.Shape[-1] : w.Count / w.Shape[0], rows = w.Count / columns;
        PowerIterationSpec spec = new(rows, columns, transpose, 0, 1e-12f, NormEpsilon.Max);
        Tensor u = Unit(transpose ? columns : rows, 3), v = Unit(transpose ? rows : columns, 4);
        return new SingularTriplet(u, v, PowerIteration(w.Detach(), u, v, spec).Sigma, spec);

        Tensor Unit(int n, ulong seed)
        {
            Tensor x = new RandomSource(seed).Uniform(S(n), 0.5f, 1, w.Device);
            return x / Sqrt(Sum(Square(x)));
        }
    }
}
