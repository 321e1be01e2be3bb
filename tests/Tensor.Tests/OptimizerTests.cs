using Sagan.Native.Kernels;
using Sagan.Native.Modules;
using Sagan.Native.Optim;

namespace Sagan.Native.Tests;

/// <summary>Optimisers, schedules and clipping by hand, as PyTorch has them.</summary>
[Quick]
public class OptimizerTests
{
    static Parameter P(params float[] values) => new("p", Tensor.From(values, new Shape(values.Length)));

    static void Near(float[] expected, Tensor actual) => Assert.Equal(expected, actual.ToArray(), (a, b) => Math.Abs(a - b) <= 1e-6f);

    [Fact]
    public void Sgd_by_hand()
    {
        Parameter p = P(1, 2);
        Sgd sgd = new([p], 0.1f);
        sgd.Step([Tensor.From(1, -1)]);
        Near([0.9f, 2.1f], p);
        sgd.Step([null]);
        Near([0.9f, 2.1f], p);
        Assert.Equal(2, sgd.StepCount);
    }

    // m = 1, then 0.9 + 1 = 1.9; p = 1 - 0.1 - 0.19. Nesterov: g + 0.9 m = 1.9, then 1 + 0.9 1.9 = 2.71.
    [Theory]
    [InlineData(false, 0.9f, 0.71f)]
    [InlineData(true, 0.81f, 0.539f)]
    public void Momentum_by_hand(bool nesterov, float first, float second)
    {
        foreach (Device device in (Device[])[Device.Cpu, Device.Reference])
        {
            Parameter p = new("p", Tensor.From([1], new Shape(1), device));
            Sgd sgd = new([p], 0.1f, momentum: 0.9f, nesterov);
            sgd.Step([Tensor.From([1], new Shape(1), device)]);
            Near([first], p);
            sgd.Step([Tensor.From([1], new Shape(1), device)]);
            Near([second], p);
            Near([1.9f], sgd.State().Single().Momentum);
        }
    }

    [Fact]
    public void The_penalty_of_sgd_is_part_of_the_gradient()
    {
        Parameter p = P(2);
        new Sgd([p], 0.1f, weightDecay: 0.5f).Step([Tensor.From(1f)]);
        Near([2 - 0.1f * (1 + 0.5f * 2)], p);
    }

    // With b1 = b2 = 0 a step of Adam is lr sign(g): the decay stands apart from it.
    [Fact]
    public void The_decay_of_adamw_is_apart_from_its_moments()
    {
        Parameter p = P(2, -4), bias = new("bias", Tensor.From(2f));
        AdamW adam = new([p, bias], 0.1f, 0.5f, 0, 0, decays: q => q.Name != "bias");
        adam.Step([Tensor.From(3, 5), Tensor.From(1f)]);
        Near([2 * 0.95f - 0.1f, -4 * 0.95f - 0.1f], p);
        Near([1.9f], bias);
        adam.Step([null, Tensor.From(1f)]);
        Near([2 * 0.95f - 0.1f, -4 * 0.95f - 0.1f], p);
    }

    [Fact]
    public void Optimisers_learn_a_line()
    {
        Tensor x = Tensor.From(new float[,] { { -1 }, { 0 }, { 1 }, { 2 } }), y = Tensor.From(new float[,] { { -1 }, { 1 }, { 3 }, { 5 } });
        foreach (Func<Module, Optimizer> make in (Func<Module, Optimizer>[])
            [m => new Sgd(m.Parameters, 0.1f), m => new Sgd(m.Parameters, 0.05f, 0.9f, nesterov: true),
                m => new AdamW(m.Parameters, 0.05f, 1e-4f)])
        {
            Linear line = new(1, 1, new Initializer(new RandomSource(1)));
            Optimizer optimizer = make(line);
            Func<int, float> rate = Schedule.WarmUp(10, Schedule.Cosine(optimizer.LearningRate, 500, optimizer.LearningRate / 10));
            float loss = 1;
            for (int i = 0; i < 500; i++)
            {
                optimizer.LearningRate = rate(i);
                loss = optimizer.Minimize(() => (line.Call(x) - y).Square().Mean(), g => Clip.Norm(g, 5).Gradients);
            }
            Assert.True(loss < 1e-3, $"{optimizer.GetType().Name}: loss {loss}");
        }
    }

    [Fact]
    public void Schedules_by_hand()
    {
        Func<int, float> step = Schedule.Step(1, 10, 0.5f), cosine = Schedule.Cosine(1, 10, 0.2f),
            warm = Schedule.WarmUp(4, Schedule.Constant(2));
        Assert.Equal([1, 1, 0.5f, 0.25f], new[] { 0, 9, 10, 25 }.Select(step));
        Assert.Equal([1, 0.6f, 0.2f, 0.2f], new[] { 0, 5, 10, 99 }.Select(cosine), (a, b) => Math.Abs(a - b) < 1e-6f);
        Assert.Equal([0.5f, 1, 1.5f, 2, 2], Enumerable.Range(0, 5).Select(warm));
    }

    // Together (3, 4) and (12) are 13 long.
    [Fact]
    public void Clipping_by_norm_and_value() => Step.Run(() =>
    {
        Tensor[] g = [Tensor.From(3, 4), Tensor.From(-12f)];
        (Tensor[] clipped, Tensor norm) = Clip.Norm(g, 1.3f);
        Near([13], norm.Reshape(1));
        Near([0.3f, 0.4f], clipped[0]);
        Near([-1.2f], clipped[1]);
        Near([3, 4], Clip.Norm(g, 20).Gradients[0]);
        Near([3, 3.5f], Clip.Value(g, 3.5f)[0]);
        Near([-3.5f], Clip.Value(g, 3.5f)[1]);
    });

    [Fact]
    public void What_an_optimiser_cannot_do_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new Sgd([], 0.1f));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sgd([P(1)], -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sgd([P(1)], 1, momentum: 1));
        Assert.Throws<ArgumentException>(() => new Sgd([P(1)], 1, nesterov: true));
        Assert.Throws<ShapeException>(() => new Sgd([P(1)], 1).Step([Tensor.From(1, 2)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdamW([P(1)], weightDecay: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Clip.Norm([Tensor.From(1f)], 0));
    }

    // Rows (1, 3) and (2, 6): means 2 and 4, biased deviations 1 and 2.
    [Fact]
    public void Layer_and_group_norm_by_hand() => Step.Run(() =>
    {
        Initializer init = new(new RandomSource(1));
        LayerNorm layer = new(2, init, 0);
        layer.Parameters[0].Assign([1, 10]);
        layer.Parameters[1].Assign([0, 0.5f]);
        Near([-1, 10.5f, -1, 10.5f], layer.Call(Tensor.From(new float[,] { { 1, 3 }, { 2, 6 } })));
        // One image of two pixels and four channels in two groups: (1, 3, 1, 3) has mean 2 and deviation 1, (0, 0, 8, 8) 4 and 4.
        GroupNorm group = new(2, 4, init, 0);
        Near([-1, 1, -1, -1, -1, 1, 1, 1], group.Call(Tensor.From([1, 3, 0, 0, 1, 3, 8, 8], new Shape(1, 1, 2, 4))));
        Assert.Throws<ShapeException>(() => layer.Call(Tensor.Ones(new Shape(2, 3))));
        Assert.Throws<ShapeException>(() => new GroupNorm(3, 4, init));
    });

    [Fact]
    public void Dropout_drops_elements_and_keeps_the_mean()
    {
        Dropout dropout = new(0.25f, new RandomSource(5));
        float[] y = dropout.Call(Tensor.Ones(new Shape(100, 100))).ToArray();
        Assert.All(y, v => Assert.True(v is 0 or 4 / 3f));
        Assert.Equal(1, y.Average(), 0.05);
        dropout.Train(false);
        Tensor x = Tensor.Ones(new Shape(2));
        Assert.Same(x, dropout.Call(x));
    }
}
