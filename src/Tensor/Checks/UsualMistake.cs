using System.Globalization;
using Sagan.Native.Kernels;

namespace Sagan.Native.Checks;

/// <summary>
/// Names the usual mistake that turns the right numbers into the given wrong ones: a factor, the sign, a transpose, a sum that is a mean.
/// For gradients that were written by hand, in rules and in lessons.
/// </summary>
public static class UsualMistake
{
    /// <summary>How near the numbers must come to what a mistake would make of the right ones.</summary>
    public const double Tolerance = 5e-3;

    internal const string NothingFlows =
        "nothing flows: the value leaves the tape (ToArray, Detach, NoGrad), or this input's part is missing";

    /// <summary>What was likely done wrong, or null where no usual mistake gives these numbers. Elements whose right value is NaN are left
    /// out: nobody knows them.</summary>
    /// <param name="actual">The numbers, in memory order.</param>
    /// <param name="right">What they should be.</param>
    /// <param name="shape">The shape of both.</param>
    /// <param name="broadcast">How many elements of the output each of these stands for, where the operation broadcasts; else 1.</param>
    public static string? Find(ReadOnlySpan<double> actual, ReadOnlySpan<double> right, Shape shape, int broadcast = 1)
    {
        (double aa, double ar, double rr, double largest, int large) = (0, 0, 0, 0, 0);
        for (int i = 0; i < actual.Length; i++)
        {
            if (double.IsNaN(right[i])) continue;
            aa += actual[i] * actual[i];
            ar += actual[i] * right[i];
            rr += right[i] * right[i];
            largest = Math.Max(largest, Math.Abs(right[i]));
        }
        foreach (double r in right)
            if (Math.Abs(r) > 0.1 * largest) large++;
        if (!double.IsFinite(aa))
            return "NaN or infinity: a cell that was never written, a division by 0, the exponential of a large number, or the "
                + "logarithm or root of one that is not above 0";
        if (rr == 0) return null;
        if (aa <= Tolerance * Tolerance * rr)
            return NothingFlows;
        double factor = ar / rr;
        // One number alone is always a multiple of another: only the plain factors mean something.
        if (Agree(actual, right, factor) && Describe(factor, broadcast, alone: large < 2) is { } text) return text;
        return Transposed(actual, right, shape);
    }

    /// <summary>True where the numbers are those that a mistake makes, each of them: small ones as exactly as a tenth of the largest.
    /// </summary>
    public static bool Agree(ReadOnlySpan<double> actual, ReadOnlySpan<double> mistaken, double factor = 1)
    {
        double largest = 0;
        bool any = false;
        foreach (double m in mistaken)
            if (!double.IsNaN(m)) (largest, any) = (Math.Max(largest, Math.Abs(factor * m)), true);
        for (int i = 0; i < actual.Length; i++)
            if (!double.IsNaN(mistaken[i])
                && !(Math.Abs(actual[i] - factor * mistaken[i]) <= Tolerance * Math.Max(Math.Abs(factor * mistaken[i]), 0.1 * largest)))
                return false;
        return any;
    }

    static string? Describe(double factor, int broadcast, bool alone)
    {
        bool negative = factor < 0;
        double size = Math.Abs(factor);
        string sign = negative ? ", and the sign is wrong" : "";
        if (Near(size, 1)) return negative ? "the sign is wrong: all of it is the negative of what it should be" : null;
        if (broadcast > 1 && Near(size * broadcast, 1))
            return $"the mean over a broadcast axis in place of the sum: all of it is 1/{broadcast} of what it should be, and {broadcast} "
                + $"outputs read each element{sign}";
        for (int n = 2; n <= 4; n++)
        {
            if (Near(size, n)) return $"a factor {n} too much: all of it is {n} times what it should be{sign}";
            if (Near(size * n, 1)) return $"a factor {n} is missing: all of it is 1/{n} of what it should be{sign}";
        }
        return alone ? null : string.Create(CultureInfo.InvariantCulture,
            $"a constant factor: all of it is {factor:G4} times what it should be");

        static bool Near(double a, double b) => Math.Abs(a - b) <= Tolerance * b;
    }

    // Of the last two axes: the numbers of the transpose in the place of the matrix, whatever its sides.
    static string? Transposed(ReadOnlySpan<double> actual, ReadOnlySpan<double> right, Shape shape)
    {
        if (shape.Rank < 2) return null;
        int rows = shape[-2], columns = shape[-1];
        if (rows < 2 || columns < 2) return null;
        double[] transposed = new double[right.Length];
        for (int start = 0; start < right.Length; start += rows * columns)
            for (int i = 0; i < rows; i++)
                for (int j = 0; j < columns; j++) transposed[start + j * rows + i] = right[start + i * columns + j];
        return Agree(actual, transposed) ? "transposed: rows and columns of the last two axes are exchanged"
            : Agree(actual, transposed, -1) ? "transposed, and the sign is wrong" : null;
    }
}
