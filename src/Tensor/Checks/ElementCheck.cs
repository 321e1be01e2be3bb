namespace Sagan.Native.Checks;

/// <summary>
/// The gradient of a loss element by element, from each side alone:
/// <code>D(h) = (-25 L(0) + 48 L(h) - 36 L(2h) + 16 L(3h) - 3 L(4h)) / 12h       error O(h^4)
/// h &gt; 0 from the right, h &lt; 0 from the left</code>
/// A side is smooth when D(h) and D(h/2) agree to what rounding explains. The rule must give a smooth side's derivative, so a kink nearby
/// on the other side excuses nothing. Where both sides are smooth and differ, the kink is at the element itself: what lies between the
/// two derivatives is right, and the element is skipped. Where neither side is smooth, smaller steps are tried, and then it is skipped.
/// Errors are what rounding does not explain.
/// </summary>
static class ElementCheck
{
    // Of a sum of products, relative to its size, times the sum of the stencil's weights: a few roundings of float32.
    const double Rounding = 1e-6;

    enum Verdict
    {
        Judged,
        Kink,
        Unclear,
    }

    readonly record struct Side(double Derivative, bool IsSmooth);

    readonly record struct Judgement(Verdict Verdict, double Error, double Difference, double Numeric, double Step, bool HasKink,
        double Left = double.NaN, double Right = double.NaN);

    /// <summary>The errors of the elements that can be judged, as one number relative to <paramref name="norm"/>.</summary>
    public static ElementErrors Run(int order, Tensor[] inputs, Func<Tensor[], LossSum> loss, Tensor[] gradients, double norm,
        GradCheckOptions options)
    {
        (double tolerance, double[] steps) = (options.Tolerance(order), [options.Step, options.Step / 4, options.Step / 16]);
        (double squares, double worst, int skipped, int judged, bool hasKinks) = (0, 0, 0, 0, false);
        (GradFault? suspect, GradKink? kink) = (null, null);
        double[][] numeric = [.. inputs.Select(t => new double[t.Count])];
        LossSum here = Step.Run(() => loss(inputs));
        for (int i = 0; i < inputs.Length; i++)
        {
            float[] x = inputs[i].ToArray(), d = gradients[i].ToArray();
            for (int k = 0; k < x.Length; k++)
            {
                Judgement j = Judge(t => At(inputs, i, x, k, t, loss), here, d[k], norm, tolerance, steps);
                hasKinks |= j.HasKink;
                string place = options.NameOf(i) + " " + inputs[i].Shape.Place(k);
                if (j.Verdict != Verdict.Judged)
                {
                    skipped++;
                    kink ??= new GradKink(place, x[k], j.Left, j.Right);
                    numeric[i][k] = double.NaN;
                    continue;
                }
                numeric[i][k] = j.Numeric;
                judged++;
                squares += j.Error * j.Error;
                if (suspect != null && !(j.Difference > worst)) continue;
                worst = j.Difference;
                suspect = new GradFault(order, i, k, x[k], d[k], j.Numeric, j.Step) { Place = place };
            }
        }
        // The few that are left when most are at kinks prove nothing.
        return judged < skipped ? new ElementErrors(double.PositiveInfinity, skipped, true, null, kink, numeric)
            : new ElementErrors(double.IsNaN(squares) ? double.PositiveInfinity : Math.Sqrt(squares), skipped, hasKinks, suspect, kink,
                numeric);
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

    static Judgement Judge(Func<double, double> at, LossSum here, double analytic, double norm, double tolerance, double[] steps)
    {
        if (!double.IsFinite(analytic) || !double.IsFinite(here.Value))
            return new Judgement(Verdict.Judged, double.PositiveInfinity, double.PositiveInfinity, Derivative(steps[0]), steps[0], false);
        Judgement last = new(Verdict.Unclear, 0, 0, 0, 0, true);
        // The largest step that sees no kink has the least noise: its number is the one to be told.
        (double Numeric, double Step)? best = null;
        foreach (double h in steps)
        {
            double noise = Rounding * here.Size / h, slack = noise + tolerance * norm;
            Side right = Of(h), left = Of(-h);
            if (!right.IsSmooth && !left.IsSmooth) continue;
            Side near = !left.IsSmooth || (right.IsSmooth && Math.Abs(right.Derivative - analytic) < Math.Abs(left.Derivative - analytic))
                ? right : left;
            double difference = Math.Abs(near.Derivative - analytic), error = Math.Max(0, difference - noise) / norm;
            bool differ = Math.Abs(right.Derivative - left.Derivative) > slack, isKink = right.IsSmooth && left.IsSmooth && differ;
            bool isBetween = Math.Min(right.Derivative, left.Derivative) <= analytic
                && analytic <= Math.Max(right.Derivative, left.Derivative);
            bool hasKink = !right.IsSmooth || !left.IsSmooth || differ;
            if (double.IsNaN(error)) (error, difference) = (double.PositiveInfinity, double.PositiveInfinity);
            if (!hasKink) best ??= (near.Derivative, h);
            if (error < tolerance) return new Judgement(Verdict.Judged, error, difference, near.Derivative, h, hasKink);
            // What disagrees is looked at again with smaller steps: a kink so near that a side looked smooth may come to lie outside.
            last = new Judgement(isKink && isBetween ? Verdict.Kink : Verdict.Judged, error, difference, near.Derivative, h, hasKink,
                left.Derivative, right.Derivative);

            Side Of(double step)
            {
                double coarse = Derivative(step), fine = Derivative(step / 2);
                return new Side(coarse, Math.Abs(coarse - fine) <= slack);
            }
        }
        return best is { } b ? last with { Numeric = b.Numeric, Step = b.Step } : last;

        double Derivative(double h) => (-25 * here.Value + 48 * at(h) - 36 * at(2 * h) + 16 * at(3 * h) - 3 * at(4 * h)) / (12 * h);
    }
}

/// <summary>What the elements say together.</summary>
/// <param name="Error">The root of the sum of the squared errors of those that can be judged, relative to the gradient; infinite when
/// most cannot.</param>
/// <param name="Skipped">Those that cannot be judged.</param>
/// <param name="HasKinks">Whether any has a kink at it or near it: where none has, their errors say less than those of directions.</param>
/// <param name="Suspect">The one that differs most.</param>
/// <param name="Kink">The first that lies at a kink.</param>
/// <param name="Numeric">The derivative of each element of each input; NaN where none can be told.</param>
readonly record struct ElementErrors(double Error, int Skipped, bool HasKinks, GradFault? Suspect, GradKink? Kink, double[][] Numeric);
