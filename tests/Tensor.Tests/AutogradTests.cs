using Sagan.Native.Kernels;
using Sagan.Native.Modules;
using Sagan.Native.Optim;
using static Sagan.Native.Ops;

namespace Sagan.Native.Tests;

[Quick]
public class AutogradTests
{
    static Tensor Leaf(params float[] x) => Tensor.From(x, new Shape(x.Length), Device.Reference).RequireGrad();

    [Fact]
    public void Third_derivative_of_x_to_the_fourth() => Step.Run(() =>
    {
        Tensor x = Leaf(2, -3);
        Tensor g1 = Autograd.Grad(Sum(Square(Square(x))), [x], createGraph: true)[0];
        Tensor g2 = Autograd.Grad(Sum(g1), [x], createGraph: true)[0];
        Tensor g3 = Autograd.Grad(Sum(g2), [x])[0];
        Assert.Equal([32, -108], g1.ToArray());
        Assert.Equal([48, 108], g2.ToArray());
        Assert.Equal([48, -72], g3.ToArray());
    });

    [Fact]
    public void A_tensor_that_y_does_not_depend_on_has_gradient_zero() => Step.Run(() =>
    {
        Tensor x = Leaf(1, 2), other = Leaf(3, 4, 5);
        Assert.Equal([0, 0, 0], Autograd.Grad(Sum(x * x), [other])[0].ToArray());
    });

    [Fact]
    public void Gradient_with_respect_to_an_intermediate_value() => Step.Run(() =>
    {
        Tensor x = Leaf(1, 2), h = Exp(x);
        Tensor[] g = Autograd.Grad(Sum(h * h), [h, x]);
        Assert.Equal([.. h.ToArray().Select(v => 2 * v)], g[0].ToArray());
        Assert.Equal([.. h.ToArray().Select(v => 2 * v * v)], g[1].ToArray(), (a, b) => Math.Abs(a - b) < 1e-5 * Math.Abs(a));
    });

    [Fact]
    public void Gradients_that_share_memory_are_summed_apart() => Step.Run(() =>
    {
        // The rule of the inner sum gives its g to a and to b, and both get more.
        Tensor a = Leaf(1, 2), b = Leaf(3, 4);
        Tensor[] g = Autograd.Grad(Sum(3 * a + (a + b) + a * b + 5 * b), [a, b]);
        Assert.Equal([7, 8], g[0].ToArray());
        Assert.Equal([7, 8], g[1].ToArray());
    });

    [Fact]
    public void A_reshaped_gradient_is_summed_apart() => Step.Run(() =>
    {
        Tensor a = Leaf(1, 2), h = Exp(a), r = h.Reshape(2, 1);
        Tensor[] g = Autograd.Grad(Sum(h + h * h + h.Reshape(1, 2) * 3) + Sum(r), [r, h]);
        Assert.Equal([1, 1], g[0].ToArray());
        Assert.Equal([.. h.ToArray().Select(v => 5 + 2 * v)], g[1].ToArray(), (x, y) => Math.Abs(x - y) < 1e-5 * Math.Abs(x));
    });

    [Fact]
    public void A_sum_of_many_gradients_takes_the_memory_of_two() => Step.Run(() =>
    {
        const int Count = 1 << 16;
        Tensor x = Tensor.Ones(new Shape(Count), Device.Cpu).RequireGrad(), y = Sum(x);
        for (int i = 0; i < 20; i++) y += Sum(x);
        Garbage.Collect();
        Device.Cpu.Pool.ResetPeak();
        long before = Device.Cpu.Pool.LiveBytes;
        Assert.Equal(21, Autograd.Grad(y, [x])[0][0]);
        // Blocks are up to an eighth larger than what they hold.
        Assert.InRange(Device.Cpu.Pool.PeakLiveBytes - before, 2 * 4 * Count, 3 * 4 * Count - 1);
    });

    [Fact]
    public void The_gradient_of_an_intermediate_value_outlives_rules_that_work_in_place() => Step.Run(() =>
    {
        Initializer init = new(new RandomSource(1), device: Device.Cpu);
        Tensor x = new RandomSource(2).Normal(new Shape(2, 4, 4, 3), Device.Cpu);
        Module conv = new Modules.Conv2d(3, 5, 3, init, activation: Activation.LeakyRelu(0.1f)),
            norm = new BatchNorm2d(5, init, Activation.Relu);
        Tensor h = conv.Call(x), y = norm.Call(h);
        Tensor[] together = Autograd.Grad(Sum(y * y * y) + Sum(h * h), [y, h, conv.Parameters[0]]);
        h = conv.Call(x);
        y = norm.Call(h);
        Tensor[] recorded = Autograd.Grad(Sum(y * y * y) + Sum(h * h), [y, h, conv.Parameters[0]], createGraph: true);
        for (int i = 0; i < together.Length; i++)
        {
            float[] expected = recorded[i].ToArray();
            double scale = 1e-5 * expected.Max(Math.Abs);
            Assert.Equal(expected, together[i].ToArray(), (a, b) => Math.Abs(a - b) <= scale);
        }
    });

    [Theory, InlineData(7), InlineData(513), InlineData(70_001)]
    public void The_fused_residual_has_the_bits_of_its_composition(int n) => Step.Run(() =>
    {
        RandomSource random = new(1);
        Tensor[] t = [.. new Shape[] { new(n), new(n), new(1) }.Select(s => random.Normal(s, Device.Cpu).RequireGrad())];
        Tensor cotangent = random.Normal(new Shape(n), Device.Cpu), fused = Residual(t[0], t[1], t[2]), composed = t[2] * t[1] + t[0];
        Assert.Equal(composed.ToArray(), fused.ToArray());
        Tensor[] expected = Autograd.Grad(Sum(composed * cotangent), t), actual = Autograd.Grad(Sum(fused * cotangent), t);
        for (int i = 0; i < t.Length; i++) Assert.Equal(expected[i].ToArray(), actual[i].ToArray());
    });

    // y = 2 x whose rule leaves the gradient of its second input out, or is not recorded.
    readonly record struct Nothing : ISaved<Nothing>
    {
        public Nothing Keep(SavedTensors by) => this;
    }

    [Fact]
    public void A_rule_that_is_missing_is_an_error_that_names_operation_input_and_order()
    {
        InvalidOperationException first = Assert.Throws<InvalidOperationException>(() => Step.Run(() =>
        {
            Tensor a = Leaf(1, 2), b = Leaf(3, 4);
            Tensor y = Autograd.RecordJoint("half_done", a.Detach() + b.Detach(), default(Nothing), [a, b], static (g, _, d) => d[0] = g);
            Autograd.Grad(Sum(y), [a]);
            Autograd.Grad(Sum(Autograd.RecordJoint("half_done", a.Detach(), default(Nothing), [a, b], static (g, _, d) => d[0] = g)),
                [a, b]);
        }));
        Assert.Contains("'half_done' [2] has no gradient of order 1 for its input 1 [2]", first.Message, StringComparison.Ordinal);

        Tensor Twice(Tensor x) => Autograd.Record("twice", x.Detach() * 2, default(Nothing), (x, static (g, _) => 2 * g.Detach()));
        Step.Run(() =>
        {
            Tensor x = Leaf(1, 2);
            Assert.Equal([4, 8], Autograd.Grad(Sum(Square(x) * 2), [x])[0].ToArray());
            Assert.Equal([8, 16], Autograd.Grad(Sum(Square(Twice(x))), [x])[0].ToArray());
        });
        InvalidOperationException second = Assert.Throws<InvalidOperationException>(() => Step.Run(() =>
        {
            Tensor x = Leaf(1, 2);
            Autograd.Grad(Sum(Square(Twice(x))), [x], createGraph: true);
        }));
        Assert.Contains("'twice' [2] has no gradient of order 2 for its input 0 [2]", second.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_backward_needs_createGraph()
    {
        InvalidOperationException e = Assert.Throws<InvalidOperationException>(() => Step.Run(() =>
        {
            Tensor x = Leaf(1, 2), y = Sum(Exp(x));
            Autograd.Grad(y, [x]);
            Autograd.Grad(y, [x]);
        }));
        Assert.Contains("createGraph", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_weight_updated_between_forward_and_backward_is_an_error_that_names_it()
    {
        Parameter w = new("query.weight", Tensor.Ones(new Shape(2, 2), Device.Reference));
        Tensor x = Leaf(1, 2);
        InvalidOperationException e = Assert.Throws<InvalidOperationException>(() => Step.Run(() =>
        {
            Tensor y = Sum(MatMul(x.Reshape(1, 2), w));
            w.Assign(Tensor.Zeros(new Shape(2, 2), Device.Reference));
            Autograd.Grad(y, [x]);
        }));
        Assert.Contains("'query.weight'", e.Message, StringComparison.Ordinal);
        Assert.Contains("before updating", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_graph_whose_step_ended_is_an_error_that_says_so()
    {
        Tensor x = Leaf(1, 2);
        Tensor? y = null;
        Tensor kept = Step.Run(() => y = Sum(Exp(x)));
        Assert.False(kept.IsTracked);
        Assert.Throws<InvalidOperationException>(() => Autograd.Grad(kept, [x]));
    }

    [Fact]
    public void Grad_refuses_what_is_not_a_scalar_or_not_tracked()
    {
        Step.Run(() =>
        {
            Tensor x = Leaf(1, 2);
            Assert.Throws<ShapeException>(() => Autograd.Grad(Exp(x), [x]));
            Assert.Throws<InvalidOperationException>(() => Autograd.Grad(Sum(x.Detach()), [x]));
            Assert.Throws<InvalidOperationException>(() => Autograd.Grad(Sum(x), [Tensor.Ones(new Shape(2), Device.Reference)]));
            Assert.Throws<InvalidOperationException>(() => Autograd.Grad(Autograd.NoGrad(() => Sum(x)), [x]));
        });
    }

    [Fact]
    public void Only_paths_that_reach_wrt_are_walked_and_consumed() => Step.Run(() =>
    {
        Tensor a = Leaf(1, 2), b = Leaf(3, 4);
        Tensor ea = Exp(a), eb = Exp(b);
        Tensor y = Sum(ea * eb);
        Autograd.Grad(y, [a], createGraph: true);
        // The branch of b was not touched by a pass that asked for a alone.
        Autograd.Grad(y, [a]);
        Assert.Equal(eb.ToArray(), Autograd.Grad(Sum(eb), [b])[0].ToArray());
    });

    /// <summary>A gradient penalty asks for the inner gradient of one input and the outer gradient of all: the others must stay
    /// connected.</summary>
    [Theory]
    [InlineData("reference")]
    [InlineData("cpu")]
    public void The_gradient_of_one_inputs_gradient_reaches_the_other_inputs(string device)
    {
        foreach (Checks.OpCase c in Checks.OpCases.All.Where(c => c.Shapes.Length > 1 && c.Smooth))
            Step.Run(() =>
            {
                Tensor[] x = [.. c.MakeInputs(Device.Parse(device)).Select(t => t.RequireGrad())];
                RandomSource random = new(3);
                Tensor y = c.F(x), w = random.Normal(y.Shape, y.Device), r = random.Normal(x[0].Shape, y.Device);
                // <d<y, w>/dx0, r>, once with x0's gradient alone and once with that of all inputs.
                float[][] alone = Second(() => Autograd.Grad(Sum(c.F(x) * w), [x[0]], createGraph: true)[0]),
                    all = Second(() => Autograd.Grad(Sum(c.F(x) * w), x, createGraph: true)[0]);
                for (int i = 0; i < x.Length; i++)
                {
                    float scale = Math.Max(1, all[i].Max(Math.Abs));
                    Assert.All(alone[i].Zip(all[i]), p => Assert.True(Math.Abs(p.First - p.Second) <= 1e-4 * scale,
                        $"{c}, input {i}: {p.First} alone, {p.Second} with all"));
                }

                float[][] Second(Func<Tensor> gradient)
                {
                    Tensor s = Sum(gradient() * r);
                    return s.IsTracked ? [.. Autograd.Grad(s, x).Select(g => g.ToArray())] : [.. x.Select(t => new float[t.Count])];
                }
            });
    }

    [Fact]
    public void The_key_bias_of_attention_has_gradient_zero() => Step.Run(() =>
    {
        Initializer init = new(new RandomSource(1), device: Device.Reference);
        SelfAttention block = new(16, init, gamma: 0.7f);
        RandomSource random = new(2);
        Tensor x = random.Normal(new Shape(2, 3, 3, 16), Device.Reference), c = random.Normal(x.Shape, Device.Reference);
        (string Name, Parameter Parameter)[] state = [.. block.State()];
        Tensor[] g = Autograd.Grad(Sum(block.Call(x) * c), [.. state.Select(s => s.Parameter)]);
        float keyBias = g[Array.FindIndex(state, s => s.Name == "key_conv.bias")].ToArray().Max(Math.Abs);
        float queryBias = g[Array.FindIndex(state, s => s.Name == "query_conv.bias")].ToArray().Max(Math.Abs);
        Assert.True(keyBias < 1e-5 && queryBias > 1e-2, $"key bias {keyBias}, query bias {queryBias}");
    });

    [Fact]
    public void At_gamma_zero_attention_is_the_identity_bit_for_bit() => Step.Run(() =>
    {
        SelfAttention block = new(16, new Initializer(new RandomSource(1), device: Device.Reference));
        Tensor x = new RandomSource(2).Normal(new Shape(2, 3, 3, 16), Device.Reference);
        Assert.Equal(x.ToArray(), block.Call(x).ToArray());
    });

    [Fact]
    public void Adam_fits_a_line()
    {
        Initializer init = new(new RandomSource(1));
        Linear line = new(1, 1, init);
        Adam adam = new(line.Parameters, 0.05f);
        Tensor x = Tensor.From([-1, 0, 1, 2], new Shape(4, 1)), y = Tensor.From([-1, 1, 3, 5], new Shape(4, 1));
        float loss = 1;
        for (int i = 0; i < 500; i++) loss = adam.Minimize(() => Mean(Square(line.Call(x) - y)));
        Assert.True(loss < 1e-6, $"loss {loss}");
    }
}
