using Sagan.Native.Kernels;
using static Sagan.Native.Ops;

namespace Sagan.Native.Tests;

/// <summary>Reductions, comparisons and losses: hand-computed values, and PyTorch's conventions at ties, NaN, infinities and
/// emptiness.</summary>
[Quick]
public class ReductionTests
{
    const float Inf = float.PositiveInfinity, NaN = float.NaN;

    static Tensor M(float[,] values) => Tensor.From(values);

    static void Near(float[] expected, Tensor actual) =>
        Assert.Equal(expected, actual.ToArray(), (a, b) => a.Equals(b) || Math.Abs(a - b) <= 1e-6f * Math.Max(1, Math.Abs(a)));

    static float[] Grad(Tensor x, Func<Tensor, Tensor> f) => Step.Run(() => Autograd.Grad(Sum(f(x.RequireGrad())), [x])[0].ToArray());

    [Fact]
    public void Largest_and_smallest_over_axes() => Step.Run(() =>
    {
        Tensor x = M(new float[,] { { 1, 5, 3 }, { 4, 2, 6 } });
        Near([5, 6], x.Max(1));
        Near([4, 5, 6], x.Max(0));
        Near([1, 2, 3], x.Min(0));
        Near([6], x.Max());
        Assert.Equal(new Shape(2, 1), x.Max(1, keepDims: true).Shape);
        Assert.Equal(new Shape(), x.Min().Shape);
        Assert.Equal([1, 2], x.ArgMax().ToArray());
        Assert.Equal([1, 0, 1], x.ArgMax(0).ToArray());
        Assert.Equal([0, 1], x.ArgMin().ToArray());
    });

    // torch.max(x, dim): the gradient goes to the first of equal ones; NaN is larger than all.
    [Fact]
    public void Of_equal_ones_the_first_has_the_gradient_and_nan_wins() => Step.Run(() =>
    {
        Tensor x = M(new float[,] { { 2, 2, 1 }, { -Inf, -Inf, -Inf } });
        Near([2, -Inf], x.Max(1));
        Assert.Equal([0, 0], x.ArgMax().ToArray());
        Assert.Equal([1, 0, 0, 1, 0, 0], Grad(x, t => t.Max(1)));
        Tensor n = M(new float[,] { { 1, NaN, 3, NaN } });
        Near([NaN], n.Max(1));
        Near([NaN], n.Min(1));
        Assert.Equal([1], n.ArgMax().ToArray());
        Near([Inf], M(new float[,] { { 1, Inf } }).Max(1));
    });

    [Fact]
    public void Nothing_has_no_largest_and_a_sum_of_0()
    {
        Tensor x = Tensor.Zeros(new Shape(2, 0, 3));
        Assert.Equal("max: x [2, 0, 3] has no elements along [1], so there is none to choose.",
            Assert.Throws<ShapeException>(() => x.Max(1)).Message);
        Assert.Throws<ShapeException>(() => x.ArgMax(1));
        Assert.Equal(new float[6], x.Sum(1).ToArray());
        Assert.Empty(Tensor.Zeros(new Shape(0, 3)).Max(1).ToArray());
    }

    [Fact]
    public void Variances_are_unbiased_unless_told_otherwise() => Step.Run(() =>
    {
        Tensor x = M(new float[,] { { 1, 3 }, { 5, 9 } });
        Near([2, 8], x.Var([1]));
        Near([1, 4], x.Var([1], correction: 0));
        Near([8, 18], x.Var([0]));
        Near([NaN], Tensor.From(3f).Var());
    });

    [Fact]
    public void Comparisons_give_1_and_0_and_0_for_nan() => Step.Run(() =>
    {
        Tensor a = Tensor.From(1, 2, 3, NaN), b = Tensor.From(2, 2, 2, 2);
        Near([0, 0, 1, 0], Greater(a, b));
        Near([0, 1, 1, 0], GreaterOrEqual(a, b));
        Near([1, 0, 0, 0], Less(a, b));
        Near([1, 1, 0, 0], LessOrEqual(a, b));
        Near([0, 1, 0, 0], Equal(a, b));
        Near([1, 0, 1, 1], NotEqual(a, b));
        Near([2, 2, 3, 2], Where(Greater(a, b), a, b));
    });

    // What is not chosen has no part, also where it is infinite.
    [Fact]
    public void A_choice_keeps_infinities_out() => Step.Run(() =>
    {
        Tensor mask = Tensor.From(1, 0), a = Tensor.From(1, Inf), b = Tensor.From(NaN, 2);
        Near([1, 2], Where(mask, a, b));
        Assert.Equal([1, 0], Grad(a, t => Where(mask, t, b)));
        Assert.Equal([0, 1], Grad(b, t => Where(mask, a, t)));
    });

    // torch.clamp: the ends belong to the inside; where low is above high, high.
    [Fact]
    public void Clamping_holds_the_ends_and_lets_nan_through() => Step.Run(() =>
    {
        Tensor x = Tensor.From(-2, -1, 0.5f, 1, 3, NaN);
        Near([-1, -1, 0.5f, 1, 1, NaN], x.Clamp(-1, 1));
        Assert.Equal([0, 1, 1, 1, 0, 0], Grad(x, t => t.Clamp(-1, 1)));
        Near([0, 0, 0.5f, 1, 3, NaN], x.Clamp(low: 0));
        Near([-1, -1, -1, -1, -1, NaN], x.Clamp(1, -1));
    });

    [Fact]
    public void Log_sum_exp_is_finite_for_large_numbers_and_infinite_for_infinite_ones() => Step.Run(() =>
    {
        float log2 = MathF.Log(2);
        Near([1000 + log2, -1000 + log2], LogSumExp(M(new float[,] { { 1000, 1000 }, { -1000, -1000 } })));
        Near([-Inf, Inf, 3], LogSumExp(M(new float[,] { { -Inf, -Inf }, { Inf, 1 }, { -Inf, 3 } })));
        Near([0, -1000], LogSoftmax(M(new float[,] { { 1000, 0 } })));
        Near([0.5f, 0.5f, 1, 0], Tensor.From([0.5f, 0.5f, 1, 0], new Shape(4)));
        Tensor x = M(new float[,] { { 1, 2 }, { 3, 5 } });
        Near(Softmax(x.Transpose()).Transpose().ToArray(), x.Softmax(0));
        Near([1, 0], Tensor.From(Grad(Tensor.From([1000, 0], new Shape(1, 2)), t => LogSumExp(t)), new Shape(2)));
    });

    // -ln softmax: of (0, ln 3) the probabilities are 1/4 and 3/4.
    [Fact]
    public void Cross_entropy_by_hand() => Step.Run(() =>
    {
        Tensor x = M(new float[,] { { 0, MathF.Log(3) }, { 0, MathF.Log(3) } });
        float first = MathF.Log(4), second = MathF.Log(4f / 3);
        Near([(first + second) / 2], CrossEntropy(x, IndexTensor.From([0, 1])));
        Near([first], CrossEntropy(x, IndexTensor.From([0, 0])));
        // t = (0.9, 0.1) and the reverse.
        Near([0.9f * first + 0.1f * second], CrossEntropy(x, IndexTensor.From([0, 0]), labelSmoothing: 0.2f));
        Near([0.9f * first + 0.1f * second], CrossEntropy(x, M(new float[,] { { 0.9f, 0.1f }, { 0.9f, 0.1f } })));
        Near([0.9f * first + 0.1f * second], CrossEntropy(x, M(new float[,] { { 1, 0 }, { 1, 0 } }), labelSmoothing: 0.2f));
        // dx = (softmax - t) / N.
        Near([-0.375f, 0.375f, 0.125f, -0.125f], Tensor.From(Grad(x, t => CrossEntropy(t, IndexTensor.From([0, 1]))), new Shape(4)));
        Near([NaN], CrossEntropy(Tensor.Zeros(new Shape(0, 3)), IndexTensor.From([])));
        Assert.Equal("gather_along: index 2 is not in 0..1, axis 1 of x [2, 2].",
            Assert.Throws<IndexOutOfRangeException>(() => CrossEntropy(x, IndexTensor.From([0, 2]))).Message);
        Assert.Throws<ShapeException>(() => CrossEntropy(x, IndexTensor.From([0])));
    });

    [Fact]
    public void Binary_cross_entropy_by_hand() => Step.Run(() =>
    {
        Tensor x = Tensor.From(0, 200, -200), t = Tensor.From(0.5f, 1, 1);
        Near([(MathF.Log(2) + 0 + 200) / 3], BinaryCrossEntropy(x, t));
        // (sigmoid(x) - t) / n.
        Near([0, 0, -1f / 3], Tensor.From(Grad(x, v => BinaryCrossEntropy(v, t)), new Shape(3)));
    });
}
