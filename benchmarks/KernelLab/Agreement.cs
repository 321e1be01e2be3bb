using System.Globalization;

namespace Sagan.Native.Measuring;

/// <summary>
/// How far the results of a kernel are from those of another: the largest difference over the root mean square of the latter.
/// </summary>
public static class Agreement
{
    /// <summary>
    /// That number, if it is at most <paramref name="tolerance"/>. Otherwise, and where one has a NaN or an infinity that the other has
    /// not, throws <see cref="KernelMismatchException"/>, which names the element.
    /// </summary>
    public static double Check(string what, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double tolerance)
    {
        if (expected.Length != actual.Length)
            throw new KernelMismatchException($"{what}: {actual.Length} results, and {expected.Length} are expected.");
        double squares = 0, worst = 0;
        foreach (float e in expected)
            if (float.IsFinite(e)) squares += (double)e * e;
        double rms = Math.Sqrt(squares / Math.Max(1, expected.Length));
        for (int i = 0; i < expected.Length; i++)
        {
            if (expected[i].Equals(actual[i])) continue;
            double error = Math.Abs((double)actual[i] - expected[i]) / Math.Max(rms, float.Epsilon);
            // Not "error > tolerance", which a NaN passes.
            if (!(error <= tolerance))
                throw new KernelMismatchException(string.Create(CultureInfo.InvariantCulture,
                    $"{what}: result {i} of {expected.Length} is {actual[i]:g9}, expected {expected[i]:g9}; they differ by {error:g3} of "
                    + $"the root mean square {rms:g3}, and {tolerance:g3} is allowed."));
            worst = Math.Max(worst, error);
        }
        return worst;
    }
}

/// <summary>A kernel that is to be timed computes something else.</summary>
public sealed class KernelMismatchException : Exception
{
    /// <summary>Without words.</summary>
    public KernelMismatchException() { }

    /// <summary>Which result, and by how much.</summary>
    public KernelMismatchException(string message) : base(message) { }

    /// <summary>Which result, by how much, and why.</summary>
    public KernelMismatchException(string message, Exception inner) : base(message, inner) { }
}
