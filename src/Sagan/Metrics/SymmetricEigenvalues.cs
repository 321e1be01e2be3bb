namespace Sagan.Native.Metrics;

/// <summary>
/// Eigenvalues of a symmetric matrix, without the vectors: Householder reflections make it tridiagonal, then implicit QL steps make that
/// diagonal. Sources: Golub and Van Loan 2013, "Matrix Computations", algorithms 8.3.1 and 8.3.2; the QL step is EISPACK's imtql1
/// (Dubrulle, Martin, Wilkinson 1968). A general library computes the vectors along, at ten times the time and more for the 2048 features
/// of Inception.
/// </summary>
static class SymmetricEigenvalues
{
    const double MachineEpsilon = 2.220446049250313e-16;
    const int MostSteps = 60;

    /// <summary>
    /// All n eigenvalues, in no order. The mean of a and its transpose is taken, which rounding may have made differ; a is overwritten.
    /// </summary>
    public static double[] Of(double[] a, int n)
    {
        for (int i = 0; i < n; i++)
            for (int j = 0; j < i; j++) a[i * n + j] = a[j * n + i] = (a[i * n + j] + a[j * n + i]) / 2;
        double[] diagonal = new double[n], beside = new double[n];
        Tridiagonal(a, n, diagonal, beside);
        Diagonal(diagonal, beside);
        return diagonal;
    }

    // For each k the reflection I - beta v v^T that takes row k, from k + 1 on, to a multiple of its first component; then, in the rest,
    // A -= v w^T + w v^T with p = beta A v and w = p - beta/2 (p.v) v.
    static void Tridiagonal(double[] a, int n, double[] diagonal, double[] beside)
    {
        double[] v = new double[n], w = new double[n];
        for (int k = 0; k < n; k++)
        {
            diagonal[k] = a[k * n + k];
            int first = k + 1, m = n - first;
            if (m == 0) break;
            Span<double> x = v.AsSpan(first, m);
            a.AsSpan(k * n + first, m).CopyTo(x);
            double tail = m > 1 ? Rows.Dot(x[1..], x[1..]) : 0, norm = Math.Sqrt(x[0] * x[0] + tail);
            if (tail == 0)
            {
                beside[k] = x[0];
                continue;
            }
            beside[k] = x[0] > 0 ? -norm : norm;
            x[0] -= beside[k];
            double beta = 2 / Rows.Dot(x, x);
            Rows.Share(m, m, i => w[first + i] = beta * Rows.Dot(a.AsSpan((first + i) * n + first, m), v.AsSpan(first, m)));
            Rows.Add(w.AsSpan(first, m), -beta / 2 * Rows.Dot(w.AsSpan(first, m), x), x);
            Rows.Share(m, 2 * m, i =>
            {
                Span<double> row = a.AsSpan((first + i) * n + first, m);
                Rows.Add(row, -v[first + i], w.AsSpan(first, m));
                Rows.Add(row, -w[first + i], v.AsSpan(first, m));
            });
        }
    }

    // Each block that is not yet diagonal is swept by rotations from below, until the element beside its first diagonal element is
    // negligible.
    static void Diagonal(double[] d, double[] e)
    {
        for (int l = 0; l < d.Length; l++)
        {
            for (int step = 0; ; step++)
            {
                int m = l;
                while (m < d.Length - 1 && Math.Abs(e[m]) > MachineEpsilon * (Math.Abs(d[m]) + Math.Abs(d[m + 1]))) m++;
                if (m == l) break;
                if (step == MostSteps)
                    throw new MetricException($"eigenvalues: no convergence after {MostSteps} steps; the matrix has numbers that are not "
                        + "finite.");
                Sweep(d, e, l, m);
            }
        }
    }

    static void Sweep(double[] d, double[] e, int l, int m)
    {
        // Wilkinson's shift: the eigenvalue of the first 2 x 2 block that is nearer to d[l].
        double g = (d[l + 1] - d[l]) / (2 * e[l]), r = double.Hypot(g, 1), s = 1, c = 1, p = 0;
        g = d[m] - d[l] + e[l] / (g + Math.CopySign(r, g));
        for (int i = m - 1; i >= l; i--)
        {
            double f = s * e[i], b = c * e[i];
            r = double.Hypot(f, g);
            e[i + 1] = r;
            if (r == 0)
            {
                // The block falls apart here.
                d[i + 1] -= p;
                e[m] = 0;
                return;
            }
            (s, c) = (f / r, g / r);
            g = d[i + 1] - p;
            r = (d[i] - g) * s + 2 * c * b;
            p = s * r;
            d[i + 1] = g + p;
            g = c * r - b;
        }
        d[l] -= p;
        e[l] = g;
        e[m] = 0;
    }
}
