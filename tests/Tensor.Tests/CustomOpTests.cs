using Sagan.Native.Checks;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>Operations that a program brings along.</summary>
[Quick]
public class CustomOpTests
{
    // The value is computed on the host, the rule is written in operations.
    static Tensor Cbrt(Tensor x) => Autograd.Custom("cbrt", x,
        x => Tensor.From([.. x.ToArray().Select(MathF.Cbrt)], x.Shape, x.Device),
        (g, x, y) => g / (3 * Ops.Square(y)));

    static Tensor Product(Tensor a, Tensor b) => Autograd.Custom("product", [a, b], x => x[0] * x[1], (g, x, y) => [g * x[1], g * x[0]]);

    static RandomSource Random => new(5);

    [Fact]
    public void Gradients_of_both_orders_agree_with_differences()
    {
        GradCheck.Assert(Cbrt, 2 + Random.Uniform(new Shape(3, 4)));
        GradCheck.Assert(x => Product(x[0], x[1]), [Tensor.Randn(Random, 3), Tensor.Randn(new RandomSource(6), 3)]);
    }

    // Kernels of one's own for the value and the first gradient, written over spans; the definition gives the rest.
    static Tensor Silu(Tensor x, bool defined = true) => Autograd.Custom("silu", x,
        x => Map(x, x, (a, _) => a / (1 + MathF.Exp(-a))),
        (g, x, y) => Map(x, g, (a, b) =>
        {
            float s = 1 / (1 + MathF.Exp(-a));
            return b * s * (1 + a * (1 - s));
        }),
        defined ? x => x * Ops.Sigmoid(x) : null);

    static Tensor Map(Tensor a, Tensor b, Func<float, float, float> f)
    {
        ReadOnlySpan<float> x = a.AsSpan(), y = b.AsSpan();
        float[] z = new float[x.Length];
        for (int i = 0; i < z.Length; i++) z[i] = f(x[i], y[i]);
        return Tensor.From(z, a.Shape, a.Device);
    }

    [Fact]
    public void An_operation_with_kernels_of_its_own_has_gradients_of_any_order_through_its_definition()
    {
        Tensor x = Random.Normal(new Shape(3, 4));
        GradCheck.Assert(x => Silu(x), x);
        // The penalty's gradient, in which g depends on x and x is given twice.
        GradCheck.Assert(x => Ops.Square(Silu(x) * Silu(x) * x), x);
        GradCheck.Assert(x => Silu(x, defined: false), x, order: 1);
        Assert.Throws<GradCheckException>(() => GradCheck.Assert(x => Silu(x, defined: false), x));
        Step.Run(() =>
        {
            Tensor t = Tensor.From(0.3f, -1.2f).RequireGrad(), reference = Ops.Sum(t * Ops.Sigmoid(t)), mine = Ops.Sum(Silu(t));
            for (int order = 1; order <= 3; order++)
            {
                (reference, mine) = (Next(reference), Next(mine));
                Assert.Equal(reference.Item(), mine.Item(), 1e-5);
            }

            Tensor Next(Tensor y) => Ops.Sum(Autograd.Grad(y, [t], createGraph: true)[0]);
        });
    }

    [Fact]
    public void A_definition_of_another_shape_is_an_error_and_not_a_broadcast()
    {
        Tensor x = Tensor.From([1, 2, 3]).RequireGrad();
        Tensor y = Autograd.Custom("cube", x, x => x * x * x, (g, x, _) => g * 3 * x * x, x => Ops.Sum(x * x * x));
        ShapeException e = Assert.Throws<ShapeException>(() => Autograd.Grad(Ops.Sum(y), [x], createGraph: true));
        Assert.Equal("grad: the definition of 'cube' gives [], and its value is [3].", e.Message);
    }

    [Fact]
    public void A_definition_of_several_inputs_gives_the_gradients_that_are_asked_for()
    {
        static Tensor F(Tensor a, Tensor b) => Autograd.Custom("scaled", [a, b], x => x[0] * x[1],
            (g, x, _) => [Map(g, x[1], (p, q) => p * q), Map(g, x[0], (p, q) => p * q)], x => x[0] * x[1]);
        GradCheck.Assert(x => F(x[0], x[1]) * F(x[1], x[0]), [Tensor.Randn(Random, 3), Tensor.Randn(new RandomSource(6), 3)]);
        GradCheck.Assert(x => F(x, Ops.Square(x)), Tensor.Randn(Random, 3));
        GradCheck.Assert(x => F(x, x), Tensor.Randn(Random, 3));
    }

    [Fact]
    public void A_wrong_rule_is_found() =>
        Assert.False(GradCheck.Run(x => Autograd.Custom("wrong", x[0], x => x * x, (g, x, y) => g * x),
            [Tensor.Randn(Random, 8)]).Passed);

    [Fact]
    public void It_is_a_link_of_the_chain() => Step.Run(() =>
    {
        Tensor x = Tensor.From(8, 27).RequireGrad(), h = 2 * x, y = Ops.Sum(Cbrt(h) * h);
        float[] expected = [.. x.ToArray().Select(v => 2 * 4 / 3f * MathF.Cbrt(2 * v))];
        Assert.Equal(expected, Autograd.Grad(y, [x])[0].ToArray(), (a, b) => Math.Abs(a - b) < 1e-5);
    });

    [Fact]
    public void The_value_may_be_the_input_itself() => Step.Run(() =>
    {
        Tensor Reverse(Tensor x) => Autograd.Custom("reverse_gradient", x, x => x, (g, _, _) => -g);
        Tensor x = Tensor.From(1, 2).RequireGrad(), y = Reverse(x);
        Assert.NotSame(x, y);
        Assert.Equal([1, 2], y.ToArray());
        Assert.Equal([-5, -5], Autograd.Grad(Ops.Sum(5 * y), [x])[0].ToArray());
        Assert.False(Reverse(Tensor.From(1, 2)).IsTracked);
        Assert.False(Autograd.NoGrad(() => Reverse(x)).IsTracked);
    });

    [Fact]
    public void One_tensor_may_be_the_gradient_of_several_inputs() => Step.Run(() =>
    {
        Tensor a = Tensor.From(1, 2).RequireGrad(), b = Tensor.From(3, 4).RequireGrad();
        Tensor sum = Autograd.Custom("sum", [a, b], x => x[0] + x[1], (g, _, _) => [g, g]);
        Tensor[] g = Autograd.Grad(Ops.Sum(sum * sum) + Ops.Sum(a), [a, b]);
        Assert.Equal([9, 13], g[0].ToArray());
        Assert.Equal([8, 12], g[1].ToArray());
    });

    [Fact]
    public void An_input_without_a_gradient_is_said_so_only_where_it_is_asked_for() => Step.Run(() =>
    {
        Tensor a = Tensor.From(1, 2).RequireGrad(), b = Tensor.From(3, 4).RequireGrad();
        Tensor Y() => Ops.Sum(Autograd.Custom("scaled", [a, b], x => x[0] * x[1], (g, x, _) => [g * x[1], null]));
        Assert.Equal([3, 4], Autograd.Grad(Y(), [a])[0].ToArray());
        InvalidOperationException e = Assert.Throws<InvalidOperationException>(() => Autograd.Grad(Y(), [a, b]));
        Assert.Contains("'scaled' [2] has no gradient of order 1 for its input 1", e.Message);
    });

    [Fact]
    public void Rules_that_do_not_fit_are_named() => Step.Run(() =>
    {
        Tensor x = Tensor.From(1, 2).RequireGrad();
        Tensor Y(Func<Tensor, Tensor[], Tensor, Tensor?[]> rule) => Ops.Sum(Autograd.Custom("mine", [x], x => x[0] * 2, rule));
        ShapeException shape = Assert.Throws<ShapeException>(() => Autograd.Grad(Y((g, _, _) => [Ops.Sum(g)]), [x]));
        Assert.Contains("'mine' gives [] for its input 0 [2]", shape.Message);
        InvalidOperationException count = Assert.Throws<InvalidOperationException>(() => Autograd.Grad(Y((g, _, _) => [g, g]), [x]));
        Assert.Contains("'mine' gives 2 gradients for 1 inputs", count.Message);
        InvalidOperationException order = Assert.Throws<InvalidOperationException>(() =>
            Autograd.Grad(Ops.Square(Y((g, _, _) => [Tensor.From(g.ToArray(), g.Shape)])), [x], createGraph: true));
        Assert.Contains("'mine' [2] has no gradient of order 2", order.Message);
    });

    // The value of x^3, and a rule whose slope is computed on the host.
    static Tensor Cube(Tensor x, Func<Tensor, Tensor> slope) =>
        Autograd.Custom("cube", x, x => x * x * x, (g, x, y) => g * slope(x));

    static Tensor OnHost(Tensor x) => Tensor.From([.. x.ToArray().Select(v => 3 * v * v)], x.Shape, x.Device);

    static Tensor Slope(string how, Tensor x) => how switch
    {
        "ToArray" => OnHost(x),
        "AsSpan" => Tensor.From([.. x.AsSpan().ToArray().Select(v => 3 * v * v)], x.Shape),
        "Item" => Tensor.From(3 * Ops.Sum(x).Item() * x.Item()),
        "an index" => Tensor.From(3 * x[0] * x[0]),
        "To" => 3 * Ops.Square(x.To(Device.Reference)).To(x.Device),
        _ => throw new ArgumentException(how),
    };

    [Theory]
    [InlineData("ToArray")]
    [InlineData("AsSpan")]
    [InlineData("Item")]
    [InlineData("an index")]
    [InlineData("To")]
    public void A_second_gradient_through_a_rule_that_reads_elements_is_an_error(string how) => Step.Run(() =>
    {
        Tensor x = Tensor.From([2f], new Shape(1)).RequireGrad();
        // The penalty of a gradient beside a loss: without the error, a gradient that lacks the penalty's.
        InvalidOperationException e = Assert.Throws<InvalidOperationException>(() =>
        {
            Tensor g = Autograd.Grad(Ops.Sum(Cube(x, x => Slope(how, x))), [x], createGraph: true)[0];
            Autograd.Grad(Ops.Sum(x) + Ops.Sum(Ops.Square(g)), [x]);
        });
        Assert.Contains("'cube' [1] has no gradient of order 2: its rule reads the elements of", e.Message);
        Assert.Equal(12, Autograd.Grad(Ops.Sum(Cube(x, x => Slope(how, x))), [x])[0].Item());
    });

    [Fact]
    public void A_rule_may_read_what_counts_as_a_constant_and_look_at_numbers() => Step.Run(() =>
    {
        Tensor x = Tensor.From(2, 3).RequireGrad();
        Tensor Looking(Tensor x)
        {
            Assert.StartsWith("[2] [2, 3]", $"{x}");
            Assert.True(x.IsFinite());
            Assert.Equal([1], Ops.ArgMax(x).ToArray());
            return Autograd.NoGrad(() => OnHost(x)) + 0 * OnHost(x.Detach());
        }
        Tensor g = Autograd.Grad(Ops.Sum(Cube(x, Looking)), [x], createGraph: true)[0];
        Assert.Equal([12, 27], g.ToArray());
    });

    [Fact]
    public void What_a_rule_lets_out_is_released_and_never_another_tensor() => Step.Run(() =>
    {
        List<Tensor> seen = [];
        Tensor x = Tensor.From(1, 2).RequireGrad();
        Tensor y = Autograd.Custom("leaky", x, x => x * 2, (g, x, y) =>
        {
            Tensor half = g * 2;
            seen.AddRange([g, x, y, half]);
            return half + 0;
        });
        Autograd.Grad(Ops.Sum(y), [x]);
        for (int i = 0; i < 10; i++) _ = Tensor.From(3, 4) * 2;
        Assert.All(seen, t => Assert.False(t.IsAlive));
    });
}
