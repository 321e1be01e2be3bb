using Sagan.Native.Checks;
using Sagan.Native.Kernels;
using static Sagan.Native.Ops;

namespace Sagan.Native.Tests;

/// <summary>A kink is no fault, and hides none.</summary>
[Quick]
public class KinkTests
{
    static GradErrors Check(Func<Tensor, Tensor> f, float[]? x = null) => Step.Run(() =>
        GradCheck.Run(t => f(t[0]), [x == null ? new RandomSource(1).Normal(new Shape(3, 17)) : Tensor.From(x, new Shape(x.Length))],
            options: new GradCheckOptions { Device = Device.Cpu }));

    // An elementwise function with a rule of its own: dx = g slope(x).
    static Tensor Function(Tensor x, Func<float, float> f, Rule<Sloped> rule, Func<Tensor, Tensor> slope) =>
        Autograd.Record("function", Tensor.From([.. x.ToArray().Select(f)], x.Shape, x.Device), new Sloped(x, slope), (x, rule));

    static Tensor Function(Tensor x, Func<float, float> f, Func<Tensor, Tensor> slope) =>
        Function(x, f, static (g, s) => g * s.Slope(s.X), slope);

    readonly record struct Sloped(Tensor X, Func<Tensor, Tensor> Slope) : ISaved<Sloped>
    {
        public Sloped Keep(SavedTensors by) => this with { X = by.Keep(X) };
    }

    static Tensor Softsign(Tensor x, Func<Tensor, Tensor> slope) => Function(x, a => a / (1 + MathF.Abs(a)), slope);

    static Tensor Slope(Tensor x) => Reciprocal(Square(1 + Abs(x)));

    // 1 where |x| is below a limit, else 0.
    static Tensor Within(Tensor x, float limit) => 0.5f + 0.5f * Sign(limit - Abs(x));

    static Tensor HardTanh(Tensor x) => Function(x, a => Math.Clamp(a, -1, 1), t => Within(t, 1));

    // Elements on both sides of 0 and 1, as near as 1e-6.
    static float[] NearKinks => [.. new[] { 1e-6f, 1e-4f, 1e-3f, 0.01f, 0.05f, 0.1f, 0.5f, 0.95f, 0.99f, 0.999f, 1.001f, 1.02f, 1.3f }
        .SelectMany(a => new[] { a, -a })];

    public static TheoryData<string> Right => ["softsign", "hard tanh", "abs", "relu", "abs of a sum", "softsign near kinks",
        "hard tanh near kinks", "abs near kinks", "max near kinks"];

    [Theory, MemberData(nameof(Right))]
    public void Right_rules_pass_on_any_inputs(string name)
    {
        float[]? x = name.EndsWith("near kinks", StringComparison.Ordinal) ? NearKinks : null;
        GradErrors e = Check(name.Replace(" near kinks", "", StringComparison.Ordinal) switch
        {
            "softsign" => t => Softsign(t, Slope),
            "hard tanh" => HardTanh,
            "abs" => Abs,
            "relu" => Relu,
            "max" => t => Max(t, Affine(t, 0, 0.01f)),
            _ => t => Abs(t + 0.1f) + Abs(t - 0.1f) * t,
        }, x);
        Assert.True(e.Passed, $"{name}: {e.First:G3} {e.Second:G3} {e}");
    }

    [Fact]
    public void An_element_at_a_kink_is_skipped_and_counted()
    {
        GradErrors e = Check(Abs, [0, 1, -2, 0.5f]);
        Assert.True(e.Passed, $"{e}");
        Assert.Equal((1, null), (e.Skipped, e.Fault));
        Assert.Equal("1 element at a kink skipped: input 0 [0] = 0, where neither side is smooth", e.ToString());
    }

    [Fact]
    public void Where_every_element_is_at_a_kink_the_check_fails()
    {
        GradErrors e = Check(Abs, [0, 0]);
        Assert.False(e.Passed);
        Assert.Equal("most elements lie at kinks (input 0 [0] = 0, where neither side is smooth): give inputs away from them, "
            + "as docs/gradcheck.md does", e.ToString());
    }

    [Fact]
    public void A_wrong_rule_is_found_at_first_order()
    {
        foreach (float[]? x in new[] { null, NearKinks })
        {
            foreach (Func<Tensor, Tensor> f in new Func<Tensor, Tensor>[]
                {
                    t => Softsign(t, a => 0.99f * Slope(a)),
                    t => Softsign(t, a => Reciprocal(1 + Abs(a))),
                    t => Function(t, Math.Abs, a => 0.9f * Sign(a)),
                    t => Function(t, Math.Abs, a => -Sign(a)),
                    // Wrong beside the kink alone.
                    t => Softsign(t, a => Slope(a) * (1 - 0.2f * Within(a, 0.2f))),
                    t => Function(t, a => Math.Clamp(a, -1, 1), a => Within(a, 0.9f)),
                })
            {
                GradErrors e = Check(f, x);
                Assert.True(e.First >= GradCheck.FirstOrder && e.Fault?.Order == 1, $"{e.First:G3} {e}");
            }
        }
    }

    [Fact]
    public void A_wrong_rule_is_found_at_second_order()
    {
        foreach (float[]? x in new[] { null, NearKinks })
            foreach (Func<Tensor, Tensor> f in new Func<Tensor, Tensor>[]
                {
                    t => Softsign(t, a => Slope(a.Detach())),
                    t => Softsign(t, a => Slope(a).Detach() * (1 + 0.5f * (a - a.Detach()))),
                })
            {
                GradErrors e = Check(f, x);
                Assert.True(e.First < GradCheck.FirstOrder && e.Second >= GradCheck.SecondOrder && e.Fault?.Order == 2,
                    $"{e.First:G3} {e.Second:G3} {e}");
            }
    }

    [Fact]
    public void What_failed_is_named()
    {
        GradErrors e = Step.Run(() => GradCheck.Run(t => t[0] + Function(t[1], a => 3 * a, a => 3 - Within(a, 0.5f)),
            [Tensor.From([1, 2], new Shape(2)), Tensor.From([2, 0.25f], new Shape(2))]));
        Assert.Equal((1, 1, 1, 0.25), (e.Fault!.Order, e.Fault.Input, e.Fault.Element, e.Fault.Value));
        Assert.Equal(1.5, e.Fault.Numeric / e.Fault.Analytic, 1e-3);
        Assert.Matches(@"^order 1, input 1 \[1\] = 0.25: the rule gives -?[\d.]+, differences of step [\d.]+ give -?[\d.]+$", e.ToString());
    }

    // A fault too small to show in any single element, of a function without kinks.
    [Theory]
    [InlineData(105, 1e-3f)]
    [InlineData(1000, 8e-3f)]
    public void A_small_fault_of_all_elements_fails(int n, float fault)
    {
        float[] x = Step.Run(() => new RandomSource(3).Normal(new Shape(n)).ToArray());
        Assert.True(Check(t => Function(t, a => a * a, a => 2 * a), x).Passed);
        GradErrors e = Check(t => Function(t, a => a * a, a => 2 * a + fault), x);
        Assert.False(e.Passed);
        Assert.NotNull(e.Fault);
        Assert.Equal(0, e.Skipped);
    }

    [Fact]
    public void A_gradient_that_is_no_number_fails()
    {
        GradErrors e = Check(t => Function(t, a => a, a => Log(a)), [1, -1, 2]);
        Assert.False(e.Passed);
        Assert.Equal(1, e.Fault!.Element);
    }
}
