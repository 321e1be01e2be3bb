using Sagan.Native.Checks;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>The check that programs use in tests of their own, and what it says of usual mistakes.</summary>
public class GradCheckAssertTests
{
    static Tensor Normal(ulong seed, params int[] sizes) => new RandomSource(seed).Normal(new Shape(sizes));

    static GradCheckException Fails(Func<Tensor[], Tensor> f, params Tensor[] inputs) =>
        Assert.Throws<GradCheckException>(() => GradCheck.Assert(f, inputs));

    static Tensor Square(Tensor x, Func<Tensor, Tensor, Tensor> rule) => Autograd.Custom("square", x, x => x * x, (g, x, _) => rule(g, x));

    [Fact]
    public void A_right_rule_passes_and_gives_its_errors()
    {
        GradErrors e = GradCheck.Assert(x => Square(x, (g, x) => 2 * g * x), Normal(1, 3, 5));
        Assert.True(e is { Passed: true, Skipped: 0, First: > 0 and < 1e-5, Second: > 0 and < 1e-4 }, $"{e.First} {e.Second}");
        Assert.Equal(0, GradCheck.Assert(x => Square(x, (g, x) => 2 * g * x), Normal(1, 3, 5), order: 1).Second);
        // The same seed, the same numbers.
        Assert.Equal(e.First, GradCheck.Run(x => Square(x[0], (g, x) => 2 * g * x), [Normal(1, 3, 5)]).First);
        Assert.NotEqual(e.First, GradCheck.Run(x => Square(x[0], (g, x) => 2 * g * x), [Normal(1, 3, 5)],
            options: new GradCheckOptions { Seed = 8 }).First);
    }

    // x^2 with a rule that is wrong by a factor: 2 g x is right.
    [Theory]
    [InlineData(1, "a factor 2 is missing: all of it is 1/2 of what it should be")]
    [InlineData(4, "a factor 2 too much")]
    [InlineData(-2, "the sign is wrong")]
    [InlineData(-1, "a factor 2 is missing: all of it is 1/2 of what it should be, and the sign is wrong")]
    [InlineData(3, "a constant factor: all of it is 1.5 times what it should be")]
    [InlineData(0, "nothing flows: the value leaves the tape (ToArray, Detach, NoGrad)")]
    public void A_factor_is_recognised(float slope, string mistake) =>
        Assert.Contains($"; likely: {mistake}", Fails(x => Square(x[0], (g, x) => slope * g * x), Normal(1, 3, 5)).Message);

    [Fact]
    public void A_value_that_leaves_the_tape_is_recognised() =>
        Assert.Contains("likely: nothing flows", Fails(x => x[0] + Tensor.From(x[1].ToArray(), x[1].Shape, x[1].Device),
            Normal(1, 3), Normal(2, 3)).Message);

    [Theory]
    [InlineData(4)]
    [InlineData(3)]
    public void A_transpose_is_recognised(int columns)
    {
        Tensor w = Normal(2, 4, columns);
        GradCheckException e = Fails(x => Autograd.Custom("weigh", x[0], x => x * w.To(x.Device),
            (g, x, _) => (g * w.To(x.Device)).Transpose().Reshape(4, columns)), Normal(1, 4, columns));
        Assert.Contains("likely: transposed: rows and columns of the last two axes are exchanged", e.Message);
    }

    static Tensor AddBias(Tensor x, Tensor b, Func<Tensor, Tensor> rule) =>
        Autograd.Custom("add_bias", [x, b], t => t[0] + t[1], (g, _, _) => [g, rule(g)]);

    [Fact]
    public void A_missing_sum_over_a_broadcast_axis_is_recognised()
    {
        Tensor x = Normal(1, 4, 3), b = Normal(2, 3);
        GradCheck.Assert(t => AddBias(t[0], t[1], g => g.Sum(0)), [x, b]);
        Assert.Contains("'add_bias' gives [4, 3] for its input 1 [3]; a gradient has the shape of its input: likely the sum over the "
            + "broadcast axes is missing, Ops.SumTo(dx, x.Shape).", Fails(t => AddBias(t[0], t[1], g => g), x, b).Message);
        Assert.Contains("likely: the sum over axis 0 of the output [4, 3] is missing: only its place 0 of 4 is counted",
            Fails(t => AddBias(t[0], t[1], g => g[0, ..]), x, b).Message);
        Assert.Contains("likely: the mean over a broadcast axis in place of the sum: all of it is 1/4 of what it should be",
            Fails(t => AddBias(t[0], t[1], g => g.Mean(0)), x, b).Message);
    }

    [Fact]
    public void Gradients_that_were_exchanged_are_recognised() =>
        Assert.Contains("likely: exchanged: this is the gradient of b", Assert.Throws<GradCheckException>(() => GradCheck.Assert(
            t => Autograd.Custom("product", t, x => x[0] * x[1], (g, x, _) => [g * x[0], g * x[1]]), [Normal(1, 5), Normal(2, 5)],
            options: new GradCheckOptions { Names = ["a", "b"] })).Message);

    [Fact]
    public void The_report_names_input_element_both_values_and_how_it_was_checked()
    {
        // Wrong at one place: the factor 1 in place of 2.
        Tensor slopes = Tensor.From([2, 2, 2, 2, 1, 2], new Shape(2, 3));
        GradCheckException e = Assert.Throws<GradCheckException>(() => GradCheck.Assert(
            x => x[0].Sum() + Square(x[1], (g, x) => g * x * slopes.To(x.Device)), [Normal(1, 2), Tensor.From(1, 2, 3, 4, 5, 6)
                .Reshape(2, 3)], options: new GradCheckOptions { Names = ["bias", "weight"] }));
        Assert.Matches(@"^gradcheck: order 1, weight \[1, 1\] = 5: the rule gives -?[\d.]+, differences of step 0.0156 give -?[\d.]+\n"
            + @"\(relative errors: order 1 0\.\d+, allowed 0.0001; order 2 [\d.E-]+, allowed 0.0005; step 0.0156, seed 7, on reference\)$",
            e.Message);
        GradFault f = e.Errors!.Fault!;
        Assert.Equal((1, 1, 4, 5.0), (f.Order, f.Input, f.Element, f.Value));
        Assert.Equal(2, f.Numeric / f.Analytic, 1e-3);
        Assert.Null(f.Mistake);
    }

    [Fact]
    public void A_rule_for_the_first_gradient_alone_passes_order_1_and_is_told_at_order_2()
    {
        static Tensor F(Tensor x) => Square(x, (g, x) => Tensor.From((2 * g * x).ToArray(), x.Shape, x.Device));
        GradCheck.Assert(F, Normal(1, 3), order: 1);
        GradCheckException e = Fails(x => F(x[0]), Normal(1, 3));
        Assert.StartsWith("gradcheck: grad: 'square' [3] has no gradient of order 2: its rule reads the elements of [3] itself", e.Message,
            StringComparison.Ordinal);
        Assert.IsType<InvalidOperationException>(e.InnerException);
    }

    [Fact]
    public void A_function_that_is_not_deterministic_is_said_to_be()
    {
        RandomSource noise = new(3);
        Assert.Contains("f is not deterministic: y[", Fails(x => x[0] + 0.1f * noise.Normal(new Shape(4), x[0].Device), Normal(1, 4))
            .Message);
        // A NaN is what differs, not the last digit of another element.
        int runs = 0;
        Assert.Contains("[1] is NaN in one run and", Fails(x => x[0] * Tensor.From([1, runs++ == 0 ? float.NaN : 1, 1 + 1e-6f * runs, 1],
            new Shape(4), x[0].Device), Normal(1, 4)).Message);
        // The gradient alone.
        int calls = 0;
        Assert.Matches(@"f is not deterministic: the gradient of input 0 \[\d\] is \S+ in one run and \S+ in the next; draw random "
            + "numbers inside f", Fails(x => Square(x[0], (g, x) => 2 * g * x * (1 + calls++ % 2)), Normal(1, 4)).Message);
    }

    [Fact]
    public void A_kink_is_said_and_no_fault()
    {
        GradErrors e = GradCheck.Assert(Ops.Abs, Tensor.From([0, 1, -2, 0.5f, 0, 3], new Shape(2, 3)));
        Assert.Equal("2 elements at kinks skipped, the first: input 0 [0, 0] = 0, where neither side is smooth", e.ToString());
        Assert.Contains("most elements lie at kinks (input 0 [0] = 0", Fails(x => Ops.Abs(x[0]), Tensor.From(0, 0)).Message);
        // A rule that gives something between the two slopes; one that gives either is right.
        e = GradCheck.Assert(x => Autograd.Custom("abs", x, Ops.Abs, (g, x, _) => g * (Ops.Sign(x) + 0.5f * Ops.Equal(x, 0))),
            Tensor.From(1, 0, -2, 0.5f), order: 1);
        Assert.Matches(@"^1 element at a kink skipped: input 0 \[1\] = 0, slope \S+ from the left and \S+ from the right$", e.ToString());
    }

    [Fact]
    public void Step_tolerance_and_device_are_what_is_asked_for()
    {
        Tensor x = Normal(1, 6);
        // 1e-3 too much: seen with the tolerance there is, not with a looser one.
        Func<Tensor[], Tensor> f = t => Square(t[0], (g, x) => 2.002f * g * x);
        Assert.True(GradCheck.Run(f, [x], 1, new GradCheckOptions { FirstTolerance = 1e-2 }).Passed);
        Assert.False(GradCheck.Run(f, [x], 1).Passed);
        Device? seen = null;
        GradCheck.Assert(t => Ops.Tanh(t * (float)((seen = t.Device) == null ? 0 : 1)), x);
        Assert.Equal(Device.Reference, seen);
        Assert.Equal(0.25, GradCheck.Run(f, [x], 1, new GradCheckOptions { Step = 0.25 }).Fault!.Step);
        Assert.Throws<ArgumentOutOfRangeException>(() => GradCheck.Run(f, [x], 1, new GradCheckOptions { Step = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => GradCheck.Run(f, [x], 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => GradCheck.Run(f, []));
    }

    [Fact]
    public void A_function_that_holds_tensors_of_another_device_is_told_the_way_out()
    {
        Tensor w = Normal(2, 3);
        ArgumentException e = Assert.Throws<ArgumentException>(() => GradCheck.Assert(x => x * w, Normal(1, 3)));
        Assert.Contains("f holds tensors of another device than reference, where it is checked: choose theirs", e.Message);
        GradCheck.Assert(x => x * w, Normal(1, 3), options: new GradCheckOptions { Device = Device.Cpu });
    }
}
