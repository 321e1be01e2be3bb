using Sagan.Native.Kernels;

namespace Sagan.Native.Checks;

/// <summary>The largest relative errors found by <see cref="GradCheck"/>.</summary>
/// <param name="First">Of the gradient.</param>
/// <param name="Second">Of the gradient of the gradient.</param>
public readonly record struct GradErrors(double First, double Second);

/// <summary>
/// Compares analytic gradients with finite differences. Along a random direction p and for a random cotangent c, with L(x) = &lt;f(x), c&gt; summed in double:
/// <code>numeric  = (L(x - 2hp) - 8 L(x - hp) + 8 L(x + hp) - L(x + 2hp)) / 12h       error O(h^4)
/// analytic = &lt;dL/dx, p&gt;
/// error    = |numeric - analytic| / |dL/dx|_2</code>
/// (&lt;dL/dx, p&gt; has standard deviation |dL/dx|_2 over p, so the measure does not blow up where a direction happens to be flat.) Order 2 does the same to
/// x -> &lt;dL/dx, r&gt; for a random r. The 5-point stencil allows a step h large enough for float32: rounding noise falls as 1/h.
/// </summary>
public static class GradCheck
{
    const int Directions = 3;
    const float StepSize = 1 / 64f;

    /// <summary>Checks f at the given inputs with respect to all of them.</summary>
    /// <param name="f">A function built of differentiable operations.</param>
    /// <param name="inputs">Where; at least 0.15 away from kinks.</param>
    /// <param name="random">Directions and cotangents.</param>
    /// <param name="second">Also check order 2.</param>
    public static GradErrors Run(Func<Tensor[], Tensor> f, Tensor[] inputs, RandomSource random, bool second = true) => Step.Run(() =>
    {
        Tensor y = Autograd.NoGrad(() => f(inputs));
        Tensor c = random.Normal(y.Shape, y.Device);
        double first = Check(inputs, random, x => Dot(Autograd.NoGrad(() => f(x)), c), x =>
        {
            Tensor[] leaves = [.. x.Select(t => t.RequireGrad())];
            return Gradients(Ops.Sum(f(leaves) * c), leaves, createGraph: false);
        });
        if (!second) return new GradErrors(first, 0);

        Tensor[] r = [.. inputs.Select(t => random.Normal(t.Shape, t.Device))];
        double order2 = Check(inputs, random,
            x =>
            {
                Tensor[] leaves = [.. x.Select(t => t.RequireGrad())];
                return Gradients(Ops.Sum(f(leaves) * c), leaves, createGraph: false).Select((g, i) => Dot(g, r[i])).Sum();
            },
            x =>
            {
                Tensor[] leaves = [.. x.Select(t => t.RequireGrad())];
                Tensor[] g = Gradients(Ops.Sum(f(leaves) * c), leaves, createGraph: true);
                Tensor projected = g.Select((t, i) => Ops.Sum(t * r[i])).Aggregate((a, b) => a + b);
                return Gradients(projected, leaves, createGraph: false);
            });
        return new GradErrors(first, order2);
    });

    static double Check(Tensor[] inputs, RandomSource random, Func<Tensor[], double> loss, Func<Tensor[], Tensor[]> gradients)
    {
        Tensor[] d = gradients(inputs);
        double norm = Math.Sqrt(d.Sum(g => Dot(g, g))), worst = 0;
        for (int k = 0; k < Directions; k++)
        {
            Tensor[] p = [.. inputs.Select(t => random.Normal(t.Shape, t.Device))];
            double At(float step) => Step.Run(() => loss([.. inputs.Select((t, i) => t + p[i] * (step * StepSize))]));
            double numeric = (At(-2) - 8 * At(-1) + 8 * At(1) - At(2)) / (12 * StepSize);
            double analytic = d.Select((g, i) => Dot(g, p[i])).Sum();
            double error = Math.Abs(numeric - analytic) / Math.Max(norm, 1e-2);
            // A NaN must not lose to a number.
            if (!(error <= worst)) worst = double.IsNaN(error) ? double.PositiveInfinity : error;
        }
        return worst;
    }

    // A function may not depend on some input at all, or (order 2) be linear: its gradient is then 0.
    static Tensor[] Gradients(Tensor y, Tensor[] leaves, bool createGraph) =>
        y.IsTracked ? Autograd.Grad(y, leaves, createGraph) : [.. leaves.Select(t => Tensor.Zeros(t.Shape, t.Device))];

    static double Dot(Tensor a, Tensor b)
    {
        float[] x = a.ToArray(), y = b.ToArray();
        double sum = 0;
        for (int i = 0; i < x.Length; i++) sum += (double)x[i] * y[i];
        return sum;
    }
}
