using MathNet.Numerics.LinearAlgebra;
using Sagan.Native.Kernels;
using static Sagan.Native.Tests.KernelTesting;

namespace Sagan.Native.Tests;

[Quick]
public class PowerIterationTests
{
    static PowerIterationSpec Spec(int rows, int columns, bool transpose, int iterations, NormEpsilon form = NormEpsilon.Max,
        float epsilon = 1e-12f) =>
        new(rows, columns, transpose, iterations, epsilon, form);

    static (float[] U, float[] V, float Sigma) Run(float[] w, float[] u, float[] v, PowerIterationSpec s, bool inPlace = false)
    {
        Storage pu = Of(u), pv = Of(v), uOut = inPlace ? pu : Empty(u.Length), vOut = inPlace ? pv : Empty(v.Length), sigma = Empty(1);
        Cpu.PowerIteration(Of(w), pu, pv, uOut, vOut, sigma, s);
        return (Read(uOut), Read(vOut), Read(sigma)[0]);
    }

    static (int U, int V) Lengths(PowerIterationSpec s) => s.Transpose ? (s.Columns, s.Rows) : (s.Rows, s.Columns);

    static double At(float[] w, PowerIterationSpec s, int i, int j) => s.Transpose ? w[j * s.Columns + i] : w[i * s.Columns + j];

    public static TheoryData<int, int, bool, int, NormEpsilon, float> Cases()
    {
        TheoryData<int, int, bool, int, NormEpsilon, float> data = [];
        foreach ((int rows, int columns) in new[] { (1, 1), (1, 37), (8, 16), (17, 5), (29, 67), (520, 33), (64, 1027) })
            foreach (bool transpose in new[] { false, true })
                foreach (int iterations in new[] { 0, 1, 3 })
                {
                    data.Add(rows, columns, transpose, iterations, NormEpsilon.Max, 1e-12f);
                    data.Add(rows, columns, transpose, iterations, NormEpsilon.Add, 0.1f);
                }
        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Iterations_are_the_formula(int rows, int columns, bool transpose, int iterations, NormEpsilon form, float epsilon)
    {
        PowerIterationSpec s = Spec(rows, columns, transpose, iterations, form, epsilon);
        (int nu, int nv) = Lengths(s);
        float[] w = Normal(rows * columns, 1, 0.2), u0 = Normal(nu, 2), v0 = Normal(nv, 3);
        double[] u = [.. u0.Select(a => (double)a)], v = [.. v0.Select(a => (double)a)];
        double[] Normalized(double[] x)
        {
            double norm = Math.Sqrt(x.Sum(a => a * a));
            return [.. x.Select(a => a / (form == NormEpsilon.Max ? norm : norm + epsilon))];
        }

        double[] Forward(double[] x) => [.. Enumerable.Range(0, nu).Select(i => Enumerable.Range(0, nv).Sum(j => At(w, s, i, j) * x[j]))];
        double[] Backward(double[] x) => [.. Enumerable.Range(0, nv).Select(j => Enumerable.Range(0, nu).Sum(i => At(w, s, i, j) * x[i]))];
        for (int i = 0; i < iterations; i++)
        {
            v = Normalized(Backward(u));
            u = Normalized(Forward(v));
        }
        double sigma = Forward(v).Zip(u, (a, b) => a * b).Sum();

        (float[] U, float[] V, float Sigma) = Run(w, u0, v0, s);
        Near("u", u, U, 3e-6);
        Near("v", v, V, 3e-6);
        Assert.Equal(sigma, Sigma, 5e-6 * Math.Max(1, Math.Abs(sigma)));
        (float[] U2, float[] V2, float Sigma2) = Run(w, u0, v0, s, inPlace: true);
        Assert.Equal(U, U2);
        Assert.Equal(V, V2);
        Assert.Equal(Sigma, Sigma2);
    }

    [Theory]
    [InlineData(33, 70, false)]
    [InlineData(33, 70, true)]
    [InlineData(90, 9, false)]
    public void Many_iterations_find_the_largest_singular_value(int rows, int columns, bool transpose)
    {
        PowerIterationSpec s = Spec(rows, columns, transpose, 2000);
        (int nu, int nv) = Lengths(s);
        float[] w = Normal(rows * columns, 5);
        (float[] u, float[] v, float sigma) = Run(w, Normal(nu, 6), new float[nv], s);
        Matrix<double> m = Matrix<double>.Build.DenseOfRowMajor(rows, columns, w.Select(a => (double)a));
        Assert.Equal(m.Svd().S[0], sigma, 1e-5 * sigma);
        Assert.Equal(1, Math.Sqrt(u.Sum(a => (double)a * a)), 1e-6);
        Assert.Equal(1, Math.Sqrt(v.Sum(a => (double)a * a)), 1e-6);
    }

    [Fact]
    public void An_all_zero_matrix_has_sigma_zero_and_keeps_u_and_v()
    {
        float[] u = Normal(5, 1), v = Normal(7, 2);
        (float[] U, float[] V, float sigma) = Run(new float[35], u, v, Spec(5, 7, false, 2));
        Assert.Equal(0, sigma);
        Assert.Equal(u, U);
        Assert.Equal(v, V);
    }

    // Squares of 1e-25 are below the smallest float.
    [Fact]
    public void A_tiny_matrix_keeps_its_norm()
    {
        float[] w = Normal(40 * 30, 5), tiny = [.. w.Select(a => a * 1e-25f)];
        float[] u = Normal(40, 1), v = Normal(30, 2);
        PowerIterationSpec s = Spec(40, 30, false, 4, NormEpsilon.Max, 0);
        Assert.Equal(Run(w, u, v, s).Sigma, Run(tiny, u, v, s).Sigma * 1e25, 1e-4);
    }

    [Theory]
    [InlineData(1, 1, false)]
    [InlineData(13, 37, false)]
    [InlineData(13, 37, true)]
    [InlineData(300, 66, true)]
    public void Backward_is_the_derivative_of_w_over_sigma(int rows, int columns, bool transpose)
    {
        PowerIterationSpec s = Spec(rows, columns, transpose, 0);
        (int nu, int nv) = Lengths(s);
        float[] w = Normal(rows * columns, 1), g = Normal(rows * columns, 2), u = Normal(nu, 3, 1 / Math.Sqrt(nu)),
            v = Normal(nv, 4, 1 / Math.Sqrt(nv));
        float sigma = Run(w, u, v, s).Sigma;
        Storage pg = Of(g), dw = Empty(g.Length);
        Cpu.SpectralNormBackward(pg, Of(w), Of(u), Of(v), Of(sigma), dw, s);
        double dot = g.Zip(w, (a, b) => (double)a * b).Sum();
        double[] expected = new double[g.Length];
        for (int r = 0; r < rows; r++)
            for (int c = 0; c < columns; c++)
                expected[r * columns + c] = (g[r * columns + c] - dot / sigma * (transpose ? (double)u[c] * v[r]
                    : (double)u[r] * v[c])) / sigma;
        Near("dw", expected, Read(dw), 5e-6, 1);
        float[] apart = Read(dw);
        Cpu.SpectralNormBackward(pg, Of(w), Of(u), Of(v), Of(sigma), pg, s);
        Assert.Equal(apart, Read(pg));
    }

    [Fact]
    public void Backward_of_a_sigma_of_0_is_that_of_a_constant_1()
    {
        Storage dw = Empty(6);
        foreach (float w in new[] { 0f, 1 })
        {
            Cpu.SpectralNormBackward(Of(1, -2, 3, 0, 5, 6), Of(w, 0, w, 0, 0, 0), Of(1, 0), Of(0, 1, 0), Of(0f), dw, Spec(2, 3, false, 1));
            Assert.Equal([1f, -2, 3, 0, 5, 6], Read(dw));
        }
    }

    // Sizes at which squares, sums and reciprocals of floats leave their range, also through the vectors.
    [Theory]
    [InlineData(1e-12f)]
    [InlineData(1e-20f)]
    [InlineData(1e-37f)]
    [InlineData(1e20f)]
    [InlineData(3e37f)]
    public void Vectors_and_gradient_do_not_depend_on_the_size_of_the_matrix(float scale)
    {
        const int Rows = 40, Columns = 30;
        float[] w = Normal(Rows * Columns, 5, 0.1), scaled = [.. w.Select(a => a * scale)], g = Normal(w.Length, 7, 0.1);
        PowerIterationSpec s = Spec(Rows, Columns, false, 2);
        (float[] U, float[] V, float Sigma) = Run(w, Normal(Rows, 1), Normal(Columns, 2), s);
        (float[] U, float[] V, float Sigma) other = Run(scaled, Normal(Rows, 1), Normal(Columns, 2), s);
        Near("u", [.. U.Select(a => (double)a)], other.U, 1e-6);
        Near("v", [.. V.Select(a => (double)a)], other.V, 1e-6);
        Assert.Equal(1, other.Sigma / ((double)Sigma * scale), 1e-6);
        Storage dw = Empty(w.Length), of = Empty(w.Length);
        Cpu.SpectralNormBackward(Of(g), Of(w), Of(U), Of(V), Of(Sigma), dw, s);
        Cpu.SpectralNormBackward(Of(g), Of(scaled), Of(other.U), Of(other.V), Of(other.Sigma), of, s);
        Near("dw", [.. Read(dw).Select(a => (double)a)], [.. Read(of).Select(a => (float)((double)a * scale))], 3e-6, 1);
    }

    [Fact]
    public void Same_bits_for_any_number_of_threads()
    {
        float[] w = Normal(777 * 150, 1), g = Normal(w.Length, 2);
        foreach (bool transpose in new[] { false, true })
            SameBits.OnAnyThreads(() =>
            {
                PowerIterationSpec s = Spec(777, 150, transpose, 2);
                (int nu, int nv) = Lengths(s);
                (float[] u, float[] v, float sigma) = Run(w, Normal(nu, 3), new float[nv], s);
                Storage dw = Empty(w.Length);
                Cpu.SpectralNormBackward(Of(g), Of(w), Of(u), Of(v), Of(sigma), dw, s);
                return [.. u, .. v, sigma, .. Read(dw)];
            });
    }
}
