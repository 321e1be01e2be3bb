using System.Globalization;
using Sagan.Native.Kernels;

namespace Sagan.Native.Checks;

/// <summary>What <see cref="GradCheck"/> found: the largest relative errors.</summary>
/// <param name="First">Of the gradient.</param>
/// <param name="Second">Of the gradient of the gradient.</param>
public readonly record struct GradErrors(double First, double Second)
{
    /// <summary>Elements that no difference can judge, because the function has a kink there.</summary>
    public int Skipped { get; init; }

    /// <summary>The element with the largest error, where there is one that is too large.</summary>
    public GradFault? Fault { get; init; }

    /// <summary>True when both errors are below what <see cref="GradCheck"/> allows.</summary>
    public bool Passed => First < GradCheck.FirstOrder && Second < GradCheck.SecondOrder;

    /// <summary>What failed, or how many elements were skipped; empty where there is nothing to say.</summary>
    public override string ToString() =>
        Fault is { } f ? f.ToString()
        : !Passed ? "most elements lie at kinks: give the case inputs away from them, such as CaseInputs.AwayFromZero"
        : Skipped > 0 ? $"{Skipped} elements at kinks skipped" : "";
}

/// <summary>An element of a gradient that differs from finite differences.</summary>
/// <param name="Order">1: the gradient, 2: the gradient of the gradient.</param>
/// <param name="Input">Which input of the operation, from 0.</param>
/// <param name="Element">Which element of it, in memory order.</param>
/// <param name="Value">That input's value there.</param>
/// <param name="Analytic">What the rule gives.</param>
/// <param name="Numeric">What the differences give.</param>
/// <param name="Step">Their step.</param>
public sealed record GradFault(int Order, int Input, int Element, double Value, double Analytic, double Numeric, double Step)
{
    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"order {Order}, input {Input} [{Element}] = {Value:G6}: the rule gives {Analytic:G6}, "
            + $"differences of step {Step:G3} give {Numeric:G6}");
}

/// <summary>
/// Compares analytic gradients with finite differences. Along a random direction p and for a random cotangent c, with L(x) = &lt;f(x),
/// c&gt; summed in double:
/// <code>numeric  = (L(x - 2hp) - 8 L(x - hp) + 8 L(x + hp) - L(x + 2hp)) / 12h       error O(h^4)
/// analytic = &lt;dL/dx, p&gt;
/// error    = |numeric - analytic| / |dL/dx|_2</code>
/// (&lt;dL/dx, p&gt; has standard deviation |dL/dx|_2 over p, so the measure does not blow up where a direction happens to be flat.)
/// Order 2 does the same to x -> &lt;dL/dx, r&gt; for a random r. The 5-point stencil allows a step h large enough for float32: rounding
/// noise falls as 1/h.
/// Where a direction disagrees, <see cref="ElementCheck"/> tells a wrong rule from a kink near an element.
/// </summary>
public static class GradCheck
{
    /// <summary>What the errors must stay below. Measured with float32 storage: order 1 below 2e-5, order 2 below 1e-4 for every
    /// operation.</summary>
    public const double FirstOrder = 1e-4, SecondOrder = 5e-4;

    const int Directions = 3;
    const float StepSize = 1 / 64f;

    /// <summary>Checks f at the given inputs with respect to all of them.</summary>
    /// <param name="f">A function built of differentiable operations.</param>
    /// <param name="inputs">Where.</param>
    /// <param name="random">Directions and cotangents.</param>
    /// <param name="second">Also check order 2.</param>
    public static GradErrors Run(Func<Tensor[], Tensor> f, Tensor[] inputs, RandomSource random, bool second = true) => Step.Run(() =>
    {
        Tensor y = Autograd.NoGrad(() => f(inputs));
        Tensor c = random.Normal(y.Shape, y.Device);
        GradErrors first = Check(1, inputs, random, x => LossSum.Of([Autograd.NoGrad(() => f(x))], [c]), x =>
        {
            Tensor[] leaves = [.. x.Select(t => t.Detach().RequireGrad())];
            return Gradients(Ops.Sum(f(leaves) * c), leaves, createGraph: false);
        });
        if (!second) return first;

        Tensor[] r = [.. inputs.Select(t => random.Normal(t.Shape, t.Device))];
        GradErrors order2 = Check(2, inputs, random,
            x =>
            {
                Tensor[] leaves = [.. x.Select(t => t.Detach().RequireGrad())];
                return LossSum.Of(Gradients(Ops.Sum(f(leaves) * c), leaves, createGraph: false), r);
            },
            x =>
            {
                Tensor[] leaves = [.. x.Select(t => t.Detach().RequireGrad())];
                Tensor[] g = Gradients(Ops.Sum(f(leaves) * c), leaves, createGraph: true);
                Tensor projected = g.Select((t, i) => Ops.Sum(t * r[i])).Aggregate((a, b) => a + b);
                return Gradients(projected, leaves, createGraph: false);
            });
        return new GradErrors(first.First, order2.Second) { Skipped = first.Skipped + order2.Skipped, Fault = first.Fault ?? order2.Fault };
    });

    static GradErrors Check(int order, Tensor[] inputs, RandomSource random, Func<Tensor[], LossSum> loss,
        Func<Tensor[], Tensor[]> gradients)
    {
        double tolerance = order == 1 ? FirstOrder : SecondOrder;
        Tensor[] d = gradients(inputs);
        double norm = Math.Sqrt(LossSum.Of(d, d).Value), worst = 0;
        norm = double.IsFinite(norm) ? Math.Max(norm, 1e-2) : 1;
        for (int k = 0; k < Directions; k++)
        {
            Tensor[] p = [.. inputs.Select(t => random.Normal(t.Shape, t.Device))];
            double At(float step) => Step.Run(() => loss([.. inputs.Select((t, i) => t + p[i] * (step * StepSize))])).Value;
            double numeric = (At(-2) - 8 * At(-1) + 8 * At(1) - At(2)) / (12 * StepSize);
            double error = Math.Abs(numeric - LossSum.Of(d, p).Value) / norm;
            // A NaN must not lose to a number.
            if (!(error <= worst)) worst = double.IsNaN(error) ? double.PositiveInfinity : error;
        }
        (int skipped, GradFault? fault) = (0, null);
        if (worst >= tolerance)
        {
            ElementErrors e = ElementCheck.Run(order, inputs, loss, d, norm, tolerance);
            // Where no element has a kink near it, the direction was right to disagree: it sees a small fault of many elements best.
            if (e.HasKinks) (worst, skipped) = (e.Error, e.Skipped);
            if (worst >= tolerance) fault = e.Suspect;
        }
        return new GradErrors(order == 1 ? worst : 0, order == 2 ? worst : 0) { Skipped = skipped, Fault = fault };
    }

    // A function may not depend on some input at all, or (order 2) be linear: its gradient is then 0.
    static Tensor[] Gradients(Tensor y, Tensor[] leaves, bool createGraph) =>
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
