namespace Sagan.Native.Metrics;

/// <summary>
/// A factor of a covariance, whose rank may be lower than its size: S = B B^T by Cholesky's method with the largest remaining diagonal
/// element as the pivot.
/// <code>column j, with pivot p:   b_j = (S e_p - sum over k below j of B[p,k] b_k) / sqrt(pivot)</code>
/// It ends where the largest pivot is below n eps times the largest variance, the rest being rounding. Source: Higham 2002, "Accuracy and
/// Stability of Numerical Algorithms", section 10.3.
/// </summary>
static class Cholesky
{
    const double MachineEpsilon = 2.220446049250313e-16;
    const int Strip = 256;

    /// <summary>The columns of B one after the other: [rank, n].</summary>
    /// <param name="s">S, [n, n], symmetric and positive semidefinite.</param>
    /// <param name="n">Its size.</param>
    public static double[] Factor(double[] s, int n)
    {
        double[] columns = new double[(long)n * n], remaining = new double[n];
        for (int i = 0; i < n; i++) remaining[i] = s[i * n + i];
        double least = n * MachineEpsilon * remaining.Max();
        int rank = 0;
        for (; rank < n; rank++)
        {
            int p = Array.IndexOf(remaining, remaining.Max()), j = rank;
            if (!(remaining[p] > least)) break;
            double pivot = Math.Sqrt(remaining[p]);
            Rows.Share((n + Strip - 1) / Strip, Strip * (j + 1), strip =>
            {
                int start = strip * Strip, count = Math.Min(Strip, n - start);
                Span<double> b = columns.AsSpan(j * n + start, count);
                s.AsSpan(p * n + start, count).CopyTo(b);
                for (int k = 0; k < j; k++) Rows.Add(b, -columns[k * n + p], columns.AsSpan(k * n + start, count));
                for (int i = 0; i < count; i++)
                {
                    b[i] /= pivot;
                    remaining[start + i] -= b[i] * b[i];
                }
            });
            // Exactly none is left, and no row is a pivot twice.
            remaining[p] = double.NegativeInfinity;
        }
        return columns[..(rank * n)];
    }
}
