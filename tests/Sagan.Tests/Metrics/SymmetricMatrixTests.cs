using MathNet.Numerics.LinearAlgebra;
using Sagan.Native.Kernels;
using Sagan.Native.Metrics;

namespace Sagan.Native.Tests.Metrics;

[Quick]
public class SymmetricMatrixTests
{
    // A product of random matrices: symmetric, of this rank.
    static Matrix<double> OfRank(int n, int rank, int seed)
    {
        Random random = new(seed);
        Matrix<double> b = Matrix<double>.Build.Dense(n, rank, (_, _) => random.NextDouble() - 0.5);
        return b * b.Transpose();
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(33, 33)]
    [InlineData(60, 7)]
    [InlineData(260, 200)]
    public void Eigenvalues_are_those_of_another_library(int n, int rank)
    {
        Matrix<double> a = OfRank(n, rank, 1);
        // Some of them negative.
        a -= 0.3 * Matrix<double>.Build.DenseIdentity(n);
        double[] expected = [.. a.Evd(Symmetricity.Symmetric).EigenValues.Select(v => v.Real).Order()];
        double[] actual = [.. SymmetricEigenvalues.Of(a.ToColumnMajorArray(), n).Order()];
        // Backward stable: absolute errors of some roundings of the largest.
        for (int i = 0; i < n; i++) Assert.Equal(expected[i], actual[i], 1e-12 * Math.Max(1, expected[^1]));
    }

    [Fact]
    public void Eigenvalues_of_a_diagonal_matrix_and_of_blocks_are_exact()
    {
        Assert.Equal([0, 0, 2, 5], SymmetricEigenvalues.Of([5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0], 4).Order());
        Assert.Equal([-1, 1, 3, 3], SymmetricEigenvalues.Of([0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 3], 4).Order()
            .Select(v => Math.Round(v, 14)));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(40, 40)]
    [InlineData(300, 17)]
    public void A_factor_times_its_transpose_is_the_matrix(int n, int rank)
    {
        Matrix<double> s = OfRank(n, rank, 2);
        double[] b = Cholesky.Factor(s.ToColumnMajorArray(), n);
        Assert.Equal(rank, b.Length / n);
        Matrix<double> columns = Matrix<double>.Build.Dense(n, rank, b);
        Assert.InRange((columns * columns.Transpose() - s).L2Norm() / s.L2Norm(), 0, 1e-13);
    }

    [Fact]
    public void A_matrix_of_zeros_has_no_factor_and_no_root()
    {
        Assert.Empty(Cholesky.Factor(new double[9], 3));
        Features same = Clouds.Rows([1, 2], [1, 2], [1, 2]), other = Clouds.Rows([1, 5], [1, 5], [1, 5]);
        Assert.Equal(9, FrechetDistance.Of(Moments.Of(same), Moments.Of(other)));
        Assert.Equal(9, FrechetDistance.Of(same, other));
    }

    [Fact]
    public void Threads_do_not_change_a_bit()
    {
        double[] Eigenvalues(int threads)
        {
            int before = WorkerPool.Threads;
            try
            {
                WorkerPool.Threads = threads;
                return SymmetricEigenvalues.Of(Cholesky.Factor(OfRank(220, 220, 3).ToColumnMajorArray(), 220), 220);
            }
            finally
            {
                WorkerPool.Threads = before;
            }
        }
        Assert.Equal(Eigenvalues(1), Eigenvalues(2));
    }
}
