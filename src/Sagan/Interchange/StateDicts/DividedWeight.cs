using MathNet.Numerics.LinearAlgebra;

namespace Sagan.Native.Interchange.StateDicts;

/// <summary>
/// The right singular vector of a spectral norm whose file has W, the divided weight and u, but no v: what torch.nn.utils.spectral_norm
/// wrote before PyTorch 1.0. As PyTorch's own loader has it:
/// <code>sigma = mean of W / divided, element by element        v = W^+ u, scaled so that u^T W v = sigma</code>
/// Where the divided weight is 0 there is no quotient, and the mean is over the others.
/// </summary>
static class DividedWeight
{
    /// <summary>By what the weight was divided; null where no element tells.</summary>
    public static double? Sigma(float[] weight, float[] divided)
    {
        double sum = 0;
        int count = 0;
        for (int i = 0; i < Math.Min(weight.Length, divided.Length); i++)
        {
            if (divided[i] == 0) continue;
            sum += (double)weight[i] / divided[i];
            count++;
        }
        return count > 0 && double.IsFinite(sum) && sum != 0 ? sum / count : null;
    }

    /// <summary>v, or null where u is orthogonal to all columns of W, so that no scale gives sigma.</summary>
    /// <param name="w">[u.Length, columns], row-major.</param>
    /// <param name="u">The left singular vector.</param>
    /// <param name="sigma">What u^T W v is to be.</param>
    public static float[]? SolveV(float[] w, float[] u, double sigma)
    {
        Matrix<double> m = Matrix<double>.Build.Dense(u.Length, w.Length / u.Length, (i, j) => w[i * (w.Length / u.Length) + j]);
        Vector<double> left = Vector<double>.Build.Dense(u.Length, i => u[i]);
        // W^+ = W^T (W W^T)^+ = (W^T W)^+ W^T: by the smaller of the two.
        Vector<double> v = m.RowCount <= m.ColumnCount
            ? m.TransposeThisAndMultiply(PseudoInverse(m.TransposeAndMultiply(m), left))
            : PseudoInverse(m.TransposeThisAndMultiply(m), m.TransposeThisAndMultiply(left));
        double now = left.DotProduct(m.Multiply(v));
        return Math.Abs(now) > 0 && double.IsFinite(sigma / now) ? [.. v.Select(x => (float)(x * sigma / now))] : null;
    }

    // Of a symmetric matrix without negative eigenvalues, times a vector. Eigenvalues that are 0 but for rounding count as 0.
    static Vector<double> PseudoInverse(Matrix<double> symmetric, Vector<double> x)
    {
        var evd = symmetric.Evd(Symmetricity.Symmetric);
        double least = evd.EigenValues.Max(e => e.Real) * symmetric.RowCount * 2.2e-16;
        Vector<double> y = evd.EigenVectors.TransposeThisAndMultiply(x);
        for (int i = 0; i < y.Count; i++) y[i] = evd.EigenValues[i].Real > least ? y[i] / evd.EigenValues[i].Real : 0;
        return evd.EigenVectors.Multiply(y);
    }
}
