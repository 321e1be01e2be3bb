namespace Sagan.Native.Tests.Conformance;

/// <summary>The largest error that a case allows each element of one of its outputs.</summary>
delegate double[] Bound(KernelCase c, int output, float[] expected);

/// <summary>The bounds that the specs state.</summary>
static class Bounds
{
    /// <summary>The same bits.</summary>
    public static Bound Exact => (_, _, expected) => new double[expected.Length];

    /// <summary>relative |expected| + absolute.</summary>
    public static Bound Relative(double relative, double absolute = 0) => (_, _, expected) => [.. expected.Select(e =>
        relative * Math.Abs((double)e) + absolute)];

    /// <summary>A fraction of the largest |expected|.</summary>
    public static Bound OfLargest(double fraction) => (_, _, expected) =>
    {
        double largest = expected.Select(e => Math.Abs((double)e)).DefaultIfEmpty().Max();
        return [.. expected.Select(_ => fraction * largest)];
    };

    /// <summary>
    /// A fraction of what the case gives for the absolute values of its inputs: for sums of products this is the sum of the absolute terms.
    /// </summary>
    public static Bound OfAbsolute(double fraction) => OfAbsolute(fraction, (c, values) => c.Define(values));

    /// <summary>A fraction of what <paramref name="define"/> makes of the absolute values of the inputs, plus an absolute part.</summary>
    public static Bound OfAbsolute(double fraction, Func<KernelCase, float[][], float[][]> define, double absolute = 0) => (c, output, _) =>
    {
        float[][] values = c.Values();
        for (int i = 0; i < values.Length; i++)
            if (c.Operands[i].Role == Role.Input) values[i] = [.. values[i].Select(MathF.Abs)];
        return [.. define(c, values)[output].Select(e => fraction * e + absolute)];
    };

    /// <summary>
    /// The largest error relative to its bound, and where: at most 1 when the result conforms. NaN and infinities must be met exactly.
    /// </summary>
    public static (double Ratio, int At) Worst(float[] actual, float[] expected, double[] bound)
    {
        (double Ratio, int At) worst = (0, -1);
        for (int i = 0; i < expected.Length; i++)
        {
            bool equal = BitConverter.SingleToInt32Bits(actual[i]) == BitConverter.SingleToInt32Bits(expected[i]);
            double ratio = equal || (float.IsNaN(actual[i]) && float.IsNaN(expected[i])) ? 0
                : bound[i] > 0 && float.IsFinite(expected[i]) && float.IsFinite(actual[i])
                ? Math.Abs((double)actual[i] - expected[i]) / bound[i]
                : double.PositiveInfinity;
            if (ratio > worst.Ratio) worst = (ratio, i);
        }
        return worst;
    }
}
