namespace Sagan.Native.Checks;

/// <summary>
/// The gradient of a loss element by element, from each side alone:
/// <code>D(h) = (-25 L(0) + 48 L(h) - 36 L(2h) + 16 L(3h) - 3 L(4h)) / 12h       h &gt; 0 from the right, h &lt; 0 from the left, error O(h^4)</code>
/// A side is smooth when D(h) and D(h/2) agree to what rounding explains. The rule must give a smooth side's derivative, so a kink nearby on the other side
/// excuses nothing. Where both sides are smooth and differ, the kink is at the element itself: what lies between the two derivatives is right, and the element is
/// skipped. Where neither side is smooth, smaller steps are tried, and then it is skipped. Errors are what rounding does not explain.
/// </summary>
static class ElementCheck
{
    // Of a sum of products, relative to its size, times the sum of the stencil's weights: a few roundings of float32.
    const double Rounding = 1e-6;

    static readonly double[] Steps = [1 / 64.0, 1 / 256.0, 1 / 1024.0];

    enum Verdict
    {
        Judged,
        Kink,
        Unclear,
    }

    readonly record struct Side(double Derivative, bool IsSmooth);

    /// <summary>The largest error among the elements that can be judged, relative to <paramref name="norm"/>; infinite when none can.</summary>
    public static (double Worst, int Skipped, GradFault? Fault) Run(int order, Tensor[] inputs, Func<Tensor[], LossSum> loss, Tensor[] gradients, double norm,
        double tolerance)
    {
        (double worst, int skipped, int judged, GradFault? fault) = (0, 0, 0, null);
        LossSum here = Step.Run(() => loss(inputs));
        for (int i = 0; i < inputs.Length; i++)
        {
            float[] x = inputs[i].ToArray(), d = gradients[i].ToArray();
            for (int k = 0; k < x.Length; k++)
            {
                (Verdict verdict, double error, double numeric, double step) = Judge(t => At(inputs, i, x, k, t, loss), here, d[k], norm, tolerance);
                if (verdict != Verdict.Judged)
                {
                    skipped++;
                    continue;
                }
                judged++;
                if (error <= worst) continue;
                worst = error;
                if (error >= tolerance) fault = new GradFault(order, i, k, x[k], d[k], numeric, step);
            }
        }
        return (judged == 0 ? double.PositiveInfinity : worst, skipped, fault);
    }

    // The loss with element k of input i moved to the float nearest to x + t.
    static double At(Tensor[] inputs, int i, float[] x, int k, double t, Func<Tensor[], LossSum> loss) => Step.Run(() =>
    {
        float[] moved = [.. x];
        moved[k] = (float)(x[k] + t);
        Tensor[] all = [.. inputs];
        all[i] = Tensor.From(moved, inputs[i].Shape, inputs[i].Device);
        return loss(all);
    }).Value;

    static (Verdict Verdict, double Error, double Numeric, double Step) Judge(Func<double, double> at, LossSum here, double analytic, double norm, double tolerance)
    {
        if (!double.IsFinite(analytic)) return (Verdict.Judged, double.PositiveInfinity, Derivative(Steps[0]), Steps[0]);
        (Verdict, double, double, double) last = (Verdict.Unclear, 0, 0, 0);
        foreach (double h in Steps)
        {
            double noise = Rounding * here.Size / h, slack = noise + tolerance * norm;
            Side right = Of(h), left = Of(-h);
            if (!right.IsSmooth && !left.IsSmooth) continue;
            Side near = !left.IsSmooth || (right.IsSmooth && Math.Abs(right.Derivative - analytic) < Math.Abs(left.Derivative - analytic)) ? right : left;
            double error = Math.Max(0, Math.Abs(near.Derivative - analytic) - noise) / norm;
            bool isKink = right.IsSmooth && left.IsSmooth && Math.Abs(right.Derivative - left.Derivative) > slack;
            bool isBetween = Math.Min(right.Derivative, left.Derivative) <= analytic && analytic <= Math.Max(right.Derivative, left.Derivative);
            if (double.IsNaN(error)) error = double.PositiveInfinity;
            if (error < tolerance) return (Verdict.Judged, error, near.Derivative, h);
            // What disagrees is looked at again with smaller steps: a kink so near that a side looked smooth may come to lie outside.
            last = (isKink && isBetween ? Verdict.Kink : Verdict.Judged, error, near.Derivative, h);

            Side Of(double step)
            {
                double coarse = Derivative(step), fine = Derivative(step / 2);
                return new Side(coarse, Math.Abs(coarse - fine) <= slack);
            }
        }
        return last;

        double Derivative(double h) => (-25 * here.Value + 48 * at(h) - 36 * at(2 * h) + 16 * at(3 * h) - 3 * at(4 * h)) / (12 * h);
    }
}
