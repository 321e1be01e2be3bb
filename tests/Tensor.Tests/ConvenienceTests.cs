using Sagan.Native.Kernels;
using Sagan.Native.Modules;

namespace Sagan.Native.Tests;

/// <summary>What a user of PyTorch writes without thinking.</summary>
[Quick]
public class ConvenienceTests
{
    static Initializer Init => new(new RandomSource(1));

    [Fact]
    public void Parameters_and_doubles_are_operands() => Step.Run(() =>
    {
        Parameter p = new("p", Tensor.From(1, 2)), q = new("q", Tensor.From(4, 8));
        Tensor x = Tensor.From(3, 5);
        Assert.Equal([2, 4], (p * 2f).ToArray());
        Assert.Equal([2, 4], (2 * p).ToArray());
        Assert.Equal([-1, -2], (-p).ToArray());
        Assert.Equal([0.5f, 1], (p * 0.5).ToArray());
        Assert.Equal([1, 0.5f], (1.0 / p).ToArray());
        Assert.Equal([4, 16], (p * q).ToArray());
        Assert.Equal([3, 6], (q - p).ToArray());
        Assert.Equal([4, 7], (p + x).ToArray());
        Assert.Equal([1.5f, 2.5f], (x * 0.5).ToArray());
        Assert.Equal([2.5f, 4.5f], (x - 0.5).ToArray());
        Assert.Equal([6, 10], (x * 2).ToArray());
        Assert.Equal([2, 2], Autograd.Grad(Ops.Sum(p * 2f), [p])[0].ToArray());
    });

    [Fact]
    public void A_tensor_is_compared_with_a_number() => Step.Run(() =>
    {
        Tensor x = Tensor.From(-1, 0, 2, float.NaN);
        Assert.Equal([0, 0, 1, 0], Ops.Greater(x, 0).ToArray());
        Assert.Equal([0, 1, 1, 0], Ops.GreaterOrEqual(x, 0).ToArray());
        Assert.Equal([1, 0, 0, 0], Ops.Less(x, 0).ToArray());
        Assert.Equal([1, 1, 0, 0], Ops.LessOrEqual(x, 0).ToArray());
        Assert.Equal([0, 0, 1, 0], Ops.Equal(x, 2).ToArray());
        Assert.Equal([1, 1, 0, 1], Ops.NotEqual(x, 2).ToArray());
    });

    [Fact]
    public void RequireGrad_changes_the_tensor_and_gives_it_back() => Step.Run(() =>
    {
        Tensor x = Tensor.From(1, 2);
        x.RequireGrad();
        Assert.True(x.IsTracked);
        Assert.Same(x, x.RequireGrad());
        Assert.Equal([2, 4], Autograd.Grad(Ops.Sum(x * x), [x])[0].ToArray());
        Tensor leaf = x.Detach().RequireGrad();
        Assert.Equal([0, 0], Autograd.Grad(Ops.Sum(x * leaf.Detach()) + Ops.Sum(x * 0), [leaf])[0].ToArray());
    });

    [Fact]
    public void Tensors_from_matrices_and_of_steps()
    {
        Tensor m = Tensor.From(new float[,] { { 1, 2, 3 }, { 4, 5, 6 } });
        Assert.Equal((new Shape(2, 3), 6f), (m.Shape, m[1, 2]));
        Assert.Equal(new Shape(0, 3), Tensor.From(new float[0, 3]).Shape);
        Assert.Equal([0, 1, 2], Tensor.Arange(3).ToArray());
        Assert.Equal([1, 0.75f, 0.5f], Tensor.Arange(1, 0.3f, -0.25f).ToArray());
        Assert.Empty(Tensor.Arange(0).ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => Tensor.Arange(0, 1, -1));
        Assert.Equal(new RandomSource(5).Normal(new Shape(2, 3)).ToArray(), Tensor.Randn(new RandomSource(5), 2, 3).ToArray());
        Assert.Equal(new Shape(4), Tensor.Rand(new RandomSource(5), 4).Shape);
    }

    [Fact]
    public void A_tensor_prints_as_a_table_with_its_middle_left_out()
    {
        Assert.Equal("[] 3", Tensor.Scalar(3).ToString());
        Assert.Equal("[2, 2]\n[[1, 2]\n [3, 4]]", Tensor.From(new float[,] { { 1, 2 }, { 3, 4 } }).ToString());
        Assert.Equal("[1, 2] [[1, 2]]", Tensor.From(new float[,] { { 1, 2 } }).ToString());
        Assert.Equal("[0, 3] []", Tensor.Zeros(new Shape(0, 3)).ToString());
        Assert.StartsWith("[2000] [0, 1, 2, ..., 1997, 1998, 1999]", Tensor.Arange(2000).ToString(), StringComparison.Ordinal);
        Assert.Equal("""
            [100, 100]
            [[   0,    1,    2, ...,   97,   98,   99],
             [ 100,  101,  102, ...,  197,  198,  199],
             [ 200,  201,  202, ...,  297,  298,  299],
             ...
             [9700, 9701, 9702, ..., 9797, 9798, 9799],
             [9800, 9801, 9802, ..., 9897, 9898, 9899],
             [9900, 9901, 9902, ..., 9997, 9998, 9999]]
            """.ReplaceLineEndings("\n").Replace("],\n", "]\n", StringComparison.Ordinal),
            Tensor.Arange(10_000).Reshape(100, 100).ToString());
        // Matrices with an empty line between.
        Assert.Contains("]]\n\n [[", Tensor.Arange(400).Reshape(2, 20, 10).ToString(), StringComparison.Ordinal);
    }

    // The points of a matrix stand below each other, unless small numbers would vanish.
    [Theory]
    [InlineData("[[ 0.5000,  1.2500]\n [-3.0000,  0.3333]]", 0.5f, 1.25f, -3f, 1 / 3f)]
    [InlineData("[[123.45,  -0.25]\n [  3.00,   0.00]]", 123.45f, -0.25f, 3f, 0f)]
    [InlineData("[[    0.5, 0.00012]\n [      3, 0.33333]]", 0.5f, 0.00012f, 3f, 1 / 3f)]
    [InlineData("[[0.5, NaN]\n [  3,   1]]", 0.5f, float.NaN, 3f, 1f)]
    [InlineData("[[  0.5, 1E-07]\n [    3,     1]]", 0.5f, 1e-7f, 3f, 1f)]
    public void A_matrix_prints_in_columns(string expected, params float[] x) =>
        Assert.Equal("[2, 2]\n" + expected, Tensor.From(x, new Shape(2, 2)).ToString());

    static Sequential Net() => new(
        new SpectralNorm(new Modules.Conv2d(3, 4, 3, Init, padding: 1, activation: Activation.Relu), Init), new Modules.MaxPool2d(),
            new Flatten(),
        new Modules.Linear(16, 5, Init));

    [Fact]
    public void A_module_prints_its_tree() => Assert.Equal("""
        Sequential
          0: SpectralNorm(Torch, Conv2d(3 -> 4, k3 s1 p1, relu))
          1: MaxPool2d(k2 s2 p0)
          2: Flatten
          3: Linear(16 -> 5)
        """.ReplaceLineEndings("\n"), Net().ToString());

    [Fact]
    public void A_summary_has_a_line_for_each_layer_and_changes_nothing()
    {
        Sequential net = Net();
        float[][] before = [.. net.State().Select(s => s.Parameter.Value.ToArray())];
        Assert.Equal("""
            module  kind                                            output        parameters
                    (input)                                         [2, 4, 4, 3]
            (all)   Sequential                                      [2, 5]
            0       SpectralNorm(Torch, Conv2d(3 -> 4, k3 s1 p1, relu))  [2, 4, 4, 4]         112
            1       MaxPool2d(k2 s2 p0)                             [2, 2, 2, 4]
            2       Flatten                                         [2, 16]
            3       Linear(16 -> 5)                                 [2, 5]                 85
            197 parameters, 31 numbers in buffers
            """.ReplaceLineEndings("\n").Split('\n').Select(Squeezed), net.Summary(2, 4, 4, 3).Split('\n').Select(Squeezed));
        Assert.True(net.IsTraining);
        Assert.Equal(before, net.State().Select(s => s.Parameter.Value.ToArray()));

        static string Squeezed(string line) => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    sealed class Keeping : Module
    {
        readonly Modules.Linear first, second;

        public Keeping() =>
            (first, second) = (Child("first", new Modules.Linear(2, 3, Init)), Child("second", new Modules.Linear(3, 1, Init)));

        public Tensor? Kept { get; private set; }

        public Tensor? NotKept { get; private set; }

        protected override Tensor Forward(Tensor x)
        {
            Kept = Step.Keep(first.Call(x));
            NotKept = Ops.Tanh(Kept);
            return second.Call(NotKept);
        }
    }

    [Fact]
    public void What_a_forward_keeps_lives_as_long_as_the_step()
    {
        Keeping net = new();
        Step.Run(() =>
        {
            Tensor y = net.Call(Tensor.Ones(new Shape(1, 2)));
            Assert.Equal(3, net.Kept!.ToArray().Length);
            Assert.Throws<ObjectDisposedException>(() => net.NotKept!.ToArray());
            // It is part of the graph.
            Assert.Equal(new Shape(1, 3), Autograd.Grad(Ops.Sum(y), [net.Kept])[0].Shape);
        });
        Assert.Throws<ObjectDisposedException>(() => net.Kept!.ToArray());
        net.Call(Tensor.Ones(new Shape(1, 2)));
        Assert.Equal(3, net.Kept!.ToArray().Length);
    }

    [Fact]
    public void A_hook_sees_each_output_and_may_keep_it()
    {
        Sequential net = Net();
        List<(string, Tensor)> seen = [];
        foreach ((string name, Module m) in net.Descendants()) m.Called += (_, y) => seen.Add((name, y));
        Step.Run(() =>
        {
            Tensor y = net.Call(Tensor.Ones(new Shape(1, 4, 4, 3)));
            Assert.Equal(["0", "1", "2", "3", ""], seen.Select(s => s.Item1));
            Assert.Equal(y.ToArray(), seen[^1].Item2.ToArray());
            Tensor g = Autograd.Grad(Ops.Sum(y), [seen[0].Item2])[0];
            Assert.Equal(new Shape(1, 4, 4, 4), g.Shape);
        });
        Assert.Throws<ObjectDisposedException>(() => seen[0].Item2.ToArray());
    }

    [Fact]
    public void A_module_moves_to_another_device_and_computes_there()
    {
        Sequential net = Net();
        net.Train(false);
        Tensor x = new RandomSource(2).Normal(new Shape(2, 4, 4, 3));
        float[] here = net.Call(x).ToArray();
        Sequential moved = net.To(Device.Reference);
        Assert.Same(net, moved);
        Assert.All(net.State(), s => Assert.Same(Device.Reference, s.Parameter.Device));
        Assert.Equal(here, net.Call(x.To(Device.Reference)).ToArray(), (a, b) => Math.Abs(a - b) < 1e-5);
        Optim.Adam adam = new(net.Parameters);
        net.To(Device.Cpu);
        Assert.Contains("make the optimiser after Module.To",
            Assert.Throws<InvalidOperationException>(() => adam.Minimize(() => Ops.Sum(net.Call(x)))).Message, StringComparison.Ordinal);
    }
}
