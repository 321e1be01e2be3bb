using Sagan.Native.Kernels;

namespace Sagan.Native.Checks;

/// <summary>
/// Compares analytic gradients with finite differences. Along a random direction p and for a random cotangent c, with L(x) = &lt;f(x),
/// c&gt; summed in double:
/// <code>numeric  = (L(x - 2hp) - 8 L(x - hp) + 8 L(x + hp) - L(x + 2hp)) / 12h       error O(h^4)
/// analytic = &lt;dL/dx, p&gt;
/// error    = |numeric - analytic| / |dL/dx|_2</code>
/// (&lt;dL/dx, p&gt; has standard deviation |dL/dx|_2 over p, so the measure does not blow up where a direction happens to be flat.)
/// Order 2 does the same to x -> &lt;dL/dx, r&gt; for a random r. The 5-point stencil allows a step h large enough for float32: rounding
/// noise falls as 1/h.
/// Where a direction disagrees, <see cref="ElementCheck"/> tells a wrong rule from a kink near an element, and
/// <see cref="UsualMistake"/> tells which mistake it may be. A function that gives something else when it is called again is told so.
/// </summary>
public static class GradCheck
{
    /// <summary>What the errors must stay below, if nothing else is said. Measured with float32 storage: order 1 below 2e-5, order 2 below
    /// 1e-4 for every operation.</summary>
    public const double FirstOrder = 1e-4, SecondOrder = 5e-4;

    /// <summary>Throws where a gradient of f with respect to one of the inputs is wrong: for tests, of any framework.</summary>
    /// <param name="f">A function built of differentiable operations.</param>
    /// <param name="inputs">Where. They may be tracked or not.</param>
    /// <param name="order">1: the gradient; 2: the gradient of the gradient too.</param>
    /// <param name="options">Step, tolerances, device, seed.</param>
    /// <returns>The errors, all small enough, and how many elements lie at kinks.</returns>
    /// <exception cref="GradCheckException">A gradient is wrong, or could not be checked; its message is the report.</exception>
    /// <example><code>GradCheck.Assert(x => Silu(x[0]) * x[1], [Tensor.Randn(random, 3, 5), Tensor.Randn(random, 5)]);</code></example>
    public static GradErrors Assert(Func<Tensor[], Tensor> f, IReadOnlyList<Tensor> inputs, int order = 2, GradCheckOptions? options = null)
    {
        GradErrors errors = Run(f, inputs, order, options);
        return errors.Passed ? errors : throw new GradCheckException(errors);
    }

    /// <summary>As the other one, of one input.</summary>
    public static GradErrors Assert(Func<Tensor, Tensor> f, Tensor x, int order = 2, GradCheckOptions? options = null) =>
        Assert(t => f(t[0]), [x], order, options);

    /// <summary>As <see cref="Assert(Func{Tensor[], Tensor}, IReadOnlyList{Tensor}, int, GradCheckOptions?)"/>, and returns what is wrong
    /// in place of an exception.</summary>
    public static GradErrors Run(Func<Tensor[], Tensor> f, IReadOnlyList<Tensor> inputs, int order = 2, GradCheckOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(f);
        ArgumentOutOfRangeException.ThrowIfZero(inputs.Count, nameof(inputs));
        if (order is not (1 or 2)) throw new ArgumentOutOfRangeException(nameof(order), order, "gradcheck: order is 1 or 2.");
        GradCheckOptions o = options ?? new GradCheckOptions();
        o.Validate();
        return Step.Run(() => Check(f, [.. inputs.Select(t => t.Detach().To(o.Device))], order, o));
    }

    static GradErrors Check(Func<Tensor[], Tensor> f, Tensor[] inputs, int order, GradCheckOptions o)
    {
        RandomSource random = new(o.Seed);
        Tensor y = Value(f, inputs, o);
        if (Unlike(y, Autograd.NoGrad(() => f(inputs))) is { } value) return Failed(o, $"f is not deterministic: y{value}{Seeds}");

        Tensor c = random.Normal(y.Shape, y.Device);
        Tensor[] Gradients(Tensor[] x)
        {
            Tensor[] leaves = Leaves(x);
            return GradientsOf(Ops.Sum(f(leaves) * c), leaves, createGraph: false);
        }

        try
        {
            Tensor[] g = Gradients(inputs), again = Gradients(inputs);
            for (int i = 0; i < g.Length; i++)
                if (Unlike(g[i], again[i]) is { } difference)
                    return Failed(o, $"f is not deterministic: the gradient of {o.NameOf(i)} {difference}{Seeds}");

            GradErrors first = Check(1, inputs, random, x => LossSum.Of([Autograd.NoGrad(() => f(x))], [c]), g, f, c, o);
            if (order == 1) return first;

            Tensor[] r = [.. inputs.Select(t => random.Normal(t.Shape, t.Device))];
            Tensor[] leaves = Leaves(inputs);
            Tensor[] recorded = GradientsOf(Ops.Sum(f(leaves) * c), leaves, createGraph: true);
            Tensor projected = recorded.Select((t, i) => Ops.Sum(t * r[i])).Aggregate((a, b) => a + b);
            GradErrors second = Check(2, inputs, random, x => LossSum.Of(Gradients(x), r),
                GradientsOf(projected, leaves, createGraph: false), f, c, o);
            return first with
            {
                Second = second.Second,
                Skipped = first.Skipped + second.Skipped,
                Kink = first.Kink ?? second.Kink,
                Fault = first.Fault ?? second.Fault,
            };
        }
        catch (Exception e) when (e is ShapeException or InvalidOperationException)
        {
            // A rule that gives another shape, none at all, or one that is not made of recorded operations.
            return Failed(o, e.Message) with { Cause = e };
        }
    }

    static GradErrors Check(int order, Tensor[] inputs, RandomSource random, Func<Tensor[], LossSum> loss, Tensor[] d,
        Func<Tensor[], Tensor> f, Tensor cotangent, GradCheckOptions o)
    {
        double tolerance = o.Tolerance(order);
        double norm = Math.Sqrt(LossSum.Of(d, d).Value), worst = 0;
        norm = double.IsFinite(norm) ? Math.Max(norm, 1e-2) : 1;
        for (int k = 0; k < o.Directions; k++)
        {
            Tensor[] p = [.. inputs.Select(t => random.Normal(t.Shape, t.Device))];
            double At(float step) => Step.Run(() => loss([.. inputs.Select((t, i) => t + p[i] * (step * (float)o.Step))])).Value;
            double numeric = (At(-2) - 8 * At(-1) + 8 * At(1) - At(2)) / (12 * o.Step);
            double error = Math.Abs(numeric - LossSum.Of(d, p).Value) / norm;
            // A NaN must not lose to a number.
            if (!(error <= worst)) worst = double.IsNaN(error) ? double.PositiveInfinity : error;
        }
        (int skipped, GradFault? fault, GradKink? kink) = (0, null, null);
        if (worst >= tolerance)
        {
            ElementErrors e = ElementCheck.Run(order, inputs, loss, d, norm, o);
            // Where no element has a kink near it, the direction was right to disagree: it sees a small fault of many elements best.
            if (e.HasKinks) (worst, skipped, kink) = (e.Error, e.Skipped, e.Kink);
            if (worst >= tolerance && e.Suspect is { } suspect)
                fault = suspect with
                {
                    Mistake = MistakeSearch.Run(order, suspect.Input, inputs, d, e.Numeric, f, cotangent, o)
                };
        }
        return new GradErrors(order == 1 ? worst : 0, order == 2 ? worst : 0)
        {
            Options = o,
            Skipped = skipped,
            Kink = kink,
            Fault = fault
        };
    }

    const string Seeds = "; draw random numbers inside f from a new RandomSource of one seed, and call networks with Train(false)";

    static GradErrors Failed(GradCheckOptions o, string problem) =>
        new(double.PositiveInfinity, double.PositiveInfinity) { Options = o, Problem = problem };

    // f may hold tensors of another device: then it says so, and how to compute there.
    static Tensor Value(Func<Tensor[], Tensor> f, Tensor[] inputs, GradCheckOptions o)
    {
        try
        {
            return Autograd.NoGrad(() => f(inputs));
        }
        catch (DeviceMismatchException e)
        {
            throw new ArgumentException($"gradcheck: f holds tensors of another device than {o.Device}, where it is checked: choose "
                + $"theirs, new GradCheckOptions {{ Device = Device.Cpu }} for example. ({e.Message})", nameof(f), e);
        }
    }

    // The element that differs most, where two runs differ by more than the order of a sum explains; null where they are the same.
    static string? Unlike(Tensor one, Tensor two)
    {
        if (one.Shape != two.Shape) return FormattableString.Invariant($" is {one.Shape} in one run and {two.Shape} in the next");
        float[] a = one.ToArray(), b = two.ToArray();
        double size = Math.Max(a.DefaultIfEmpty().Max(v => float.IsFinite(v) ? Math.Abs(v) : 0), 1e-2), worst = 1e-5 * size;
        int at = -1;
        for (int i = 0; i < a.Length; i++)
        {
            if (a[i].Equals(b[i])) continue;
            double difference = Math.Abs((double)a[i] - b[i]);
            // A NaN must not lose to a number.
            if (double.IsNaN(difference)) difference = double.PositiveInfinity;
            if (difference <= worst) continue;
            (worst, at) = (difference, i);
        }
        return at < 0 ? null
            : FormattableString.Invariant($"{one.Shape.Place(at)} is {a[at]:G6} in one run and {b[at]:G6} in the next");
    }

    static Tensor[] Leaves(Tensor[] x) => [.. x.Select(t => t.Detach().RequireGrad())];

    // A function may not depend on some input at all, or (order 2) be linear: its gradient is then 0.
    static Tensor[] GradientsOf(Tensor y, Tensor[] leaves, bool createGraph) =>
        y.IsTracked ? Autograd.Grad(y, leaves, createGraph) : [.. leaves.Select(t => Tensor.Zeros(t.Shape, t.Device))];
}

/// <summary>A sum of products of floats, in double.</summary>
/// <param name="Value">The sum.</param>
/// <param name="Size">The square root of the sum of the squared products: what their rounding is relative to.</param>
readonly record struct LossSum(double Value, double Size)
{
    public static LossSum Of(Tensor[] a, Tensor[] b)
    {
        double sum = 0, squares = 0;
        for (int t = 0; t < a.Length; t++)
        {
            float[] x = a[t].ToArray(), y = b[t].ToArray();
            for (int i = 0; i < x.Length; i++)
            {
                double product = (double)x[i] * y[i];
                sum += product;
                squares += product * product;
            }
        }
        return new LossSum(sum, Math.Sqrt(squares));
    }
}
