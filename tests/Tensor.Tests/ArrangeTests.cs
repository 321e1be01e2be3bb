using Sagan.Native.Kernels;
using static Sagan.Native.Ops;

namespace Sagan.Native.Tests;

/// <summary>Ranges, stacks, concatenations, gathered elements: the right elements in the right places, and clear refusals.</summary>
[Quick]
public class ArrangeTests
{
    // 0 .. 23 as [2, 3, 4].
    static Tensor X => Tensor.Arange(24).Reshape(2, 3, 4);

    [Fact]
    public void Ranges_and_places_between_brackets() => Step.Run(() =>
    {
        Assert.Equal([12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23], X[1..].ToArray());
        Assert.Equal(new Shape(1, 3, 4), X[1..].Shape);
        Assert.Equal([17, 18], X[1, 1, 1..3].ToArray());
        Assert.Equal(new Shape(2), X[1, 1, 1..3].Shape);
        Assert.Equal([3, 7, 11, 15, 19, 23], X[.., .., ^1].ToArray());
        Assert.Equal(new Shape(2, 3), X[.., .., ^1].Shape);
        Assert.Equal([3, 7, 11, 15, 19, 23], X[.., .., -1].ToArray());
        Assert.Equal([8, 9, 10, 11], X[0, ^1, ..].ToArray());
        Assert.Equal(18, X[1, 1, 2]);
        Assert.Equal(new Shape(0, 3, 4), X[1..1].Shape);
        Assert.Equal("index: 2..4 is out of range for axis 1 of [2, 3, 4], which has size 3.",
            Assert.Throws<ShapeException>(() => X[.., 2..4]).Message);
        Assert.Throws<ShapeException>(() => X[.., 3, ..]);
        Assert.Throws<ShapeException>(() => X[.., .., .., ..]);
        Tensor x = Tensor.From(1, 2, 3).RequireGrad();
        Assert.Equal([0, 2, 2], Autograd.Grad(Sum(x[1..] * 2), [x])[0].ToArray());
    });

    [Fact]
    public void Stacks_and_concatenations() => Step.Run(() =>
    {
        Tensor a = Tensor.From(1, 2), b = Tensor.From(3, 4), c = Tensor.From(5, 6);
        Assert.Equal([1, 2, 3, 4, 5, 6], Concat([a, b, c]).ToArray());
        Assert.Equal([1, 2, 3, 4], Stack([a, b]).ToArray());
        Assert.Equal(new Shape(2, 2), Stack([a, b]).Shape);
        Assert.Equal([1, 3, 5, 2, 4, 6], Stack([a, b, c], -1).ToArray());
        Assert.Equal(new Shape(2, 3), Stack([a, b, c], 1).Shape);
        Assert.Equal("concat: part 1 [3] and part 0 [2, 1] differ in more than axis 0.",
            Assert.Throws<ShapeException>(() => Concat([a.Unsqueeze(1), Tensor.From(1, 2, 3)])).Message);
        Assert.Equal("stack: part 1 [3] differs from part 0 [2].",
            Assert.Throws<ShapeException>(() => Stack([a, Tensor.From(1, 2, 3)])).Message);
        Assert.Throws<ArgumentException>(() => Concat([]));
    });

    [Fact]
    public void Axes_come_go_and_change_places() => Step.Run(() =>
    {
        Assert.Equal(new Shape(2, 1, 3, 4), X.Unsqueeze(1).Shape);
        Assert.Equal(new Shape(2, 3, 4, 1), X.Unsqueeze(-1).Shape);
        Assert.Equal(new Shape(2, 3, 4), X.Unsqueeze(0).Unsqueeze(2).Squeeze().Shape);
        Assert.Equal(new Shape(2, 3, 4), X.Unsqueeze(2).Squeeze(2).Shape);
        Assert.Equal("squeeze: axis 1 of x [2, 3, 4] has size 3, only one of size 1 can go.",
            Assert.Throws<ShapeException>(() => X.Squeeze(1)).Message);
        Assert.Throws<ShapeException>(() => X.Unsqueeze(4));
        Assert.Equal(new Shape(24), X.Flatten().Shape);
        Assert.Equal(new Shape(2, 12), X.Flatten(1).Shape);
        Assert.Equal(new Shape(1), Tensor.Scalar(3).Flatten().Shape);
        Assert.Equal(new Shape(2, 4, 3), X.Transpose().Shape);
        Assert.Equal([0, 12, 4, 16], X.Transpose(0, 2)[0, ..].ToArray()[..4]);
    });

    // torch.gather of [[0, 1, 2, 3], [4, ...], [8, ...]] along each axis.
    [Fact]
    public void Elements_are_gathered_along_an_axis() => Step.Run(() =>
    {
        Tensor x = Tensor.Arange(12).Reshape(3, 4);
        Assert.Equal([3, 4, 10], GatherAlong(x, 1, IndexTensor.From([3, 0, 2])).ToArray());
        Assert.Equal(new Shape(3, 1), GatherAlong(x, 1, IndexTensor.From([3, 0, 2])).Shape);
        Assert.Equal([8, 1, 6, 11, 0, 5, 2, 3], GatherAlong(x, 0, IndexTensor.From([2, 0, 1, 2, 0, 1, 0, 0])).ToArray());
        Assert.Equal(x.Max(1).ToArray(), GatherAlong(x, 1, x.ArgMax()).ToArray());
        Assert.Equal("gather_along: 4 indices are no multiple of 3, the elements of x [3, 4] beside axis 1.",
            Assert.Throws<ShapeException>(() => GatherAlong(x, 1, IndexTensor.From([0, 0, 0, 0]))).Message);
    });
}
