using Sagan.Native.Kernels;
using static Sagan.Native.Tests.KernelTesting;

namespace Sagan.Native.Tests;

[Quick]
public class MatMulTests
{
    // The definition: three loops in double.
    static double[] Expected(float[] a, float[] b, MatMulSpec s)
    {
        double[] y = new double[s.Batch * s.M * s.N];
        for (int n = 0; n < s.Batch; n++)
            for (int i = 0; i < s.M; i++)
                for (int j = 0; j < s.N; j++)
                {
                    double sum = 0;
                    for (int p = 0; p < s.K; p++)
                    {
                        double x = a[n * s.BatchStrideA + (s.TransposeA ? p * s.M + i : i * s.K + p)];
                        double w = b[n * s.BatchStrideB + (s.TransposeB ? j * s.K + p : p * s.N + j)];
                        sum += x * w;
                    }
                    y[(n * s.M + i) * s.N + j] = sum;
                }
        return y;
    }

    static MatMulSpec Spec(int batch, int m, int n, int k, bool ta, bool tb, bool repeatA = false, bool repeatB = false) =>
        new(batch, m, n, k, ta, tb, repeatA ? 0 : m * k, repeatB ? 0 : k * n);

    static (float[] A, float[] B) Inputs(MatMulSpec s) =>
        (Uniform((s.BatchStrideA == 0 ? 1 : s.Batch) * s.M * s.K, 1), Uniform((s.BatchStrideB == 0 ? 1 : s.Batch) * s.K * s.N, 2));

    static float[] Product(float[] a, float[] b, MatMulSpec s) => Run(s.Batch * s.M * s.N, (x, y) => Cpu.MatMul(x[0], x[1], y, s), a, b);

    static void Check(MatMulSpec s)
    {
        (float[] a, float[] b) = Inputs(s);
        AssertClose(Expected(a, b, s), Product(a, b, s), s.K, s.ToString());
    }

    public static TheoryData<int, int, int> Sizes => new()
    {
        { 1, 1, 1 }, { 1, 1, 37 }, { 5, 1, 64 }, { 1, 7, 3 }, { 3, 5, 1 }, { 2, 2, 0 }, { 11, 31, 17 }, { 12, 32, 16 }, { 13, 33, 18 },
            { 24, 64, 48 },
        { 7, 16, 100 }, { 16, 7, 100 }, { 70, 48, 35 }, { 48, 129, 65 }, { 33, 17, 1030 }, { 9, 40, 2100 }, { 100, 100, 100 },
        { 203, 61, 77 }, { 61, 203, 77 },
        { 1, 300, 200 }, { 300, 1, 200 }, { 20, 3, 5000 }, { 8, 64, 4096 }, { 65, 30, 9001 },
    };

    [Theory, MemberData(nameof(Sizes))]
    public void Agrees_with_the_definition(int m, int n, int k)
    {
        foreach (bool ta in (bool[])[false, true])
            foreach (bool tb in (bool[])[false, true])
                Check(Spec(1, m, n, k, ta, tb));
    }

    [Fact]
    public void Agrees_with_the_definition_at_every_small_size()
    {
        for (int m = 1; m <= 15; m++)
            for (int n = 1; n <= 35; n += m % 3 + 1)
            {
                Check(Spec(1, m, n, 1 + (m + n) % 7, n % 2 == 0, m % 2 == 0));
                Check(Spec(1, n, m, 1 + (m + n) % 7, m % 2 == 0, n % 2 == 0));
            }
    }

    [Theory]
    [InlineData(3, 20, 33, 18)]
    [InlineData(17, 9, 10, 40)]
    [InlineData(40, 33, 12, 7)]
    public void Batches_may_repeat_an_operand(int batch, int m, int n, int k)
    {
        for (int flags = 0; flags < 16; flags++)
            Check(Spec(batch, m, n, k, (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0, (flags & 8) != 0));
    }

    [Fact]
    public void Empty_products_write_nothing_and_empty_sums_write_zero()
    {
        Check(Spec(0, 5, 6, 7, false, false));
        Check(Spec(2, 0, 6, 7, false, true));
        Check(Spec(2, 5, 0, 7, true, false));
        Check(Spec(2, 5, 6, 0, true, true));
    }

    [Theory]
    [InlineData(30, 50, 20)]
    [InlineData(13, 3, 2500)]
    [InlineData(5, 19, 9000)]
    [InlineData(4, 6, 0)]
    public void Bias_and_activation_follow_the_product(int m, int n, int k)
    {
        MatMulSpec s = Spec(1, m, n, k, false, true);
        (float[] a, float[] b) = Inputs(s);
        float[] bias = Uniform(n, 3);
        foreach (Activation act in Activations)
            AssertClose(BiasActivation(Expected(a, b, s), bias, act),
                Run(m * n, (x, y) => Cpu.MatMulBias(x[0], x[1], null, x[2], y, s, act), a, b, bias), k, $"{s} {act}");
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Nan_and_infinity_reach_every_sum_they_are_part_of_and_no_other(float value)
    {
        foreach (int k in (int[])[19, 4500])
        {
            MatMulSpec s = Spec(1, 26, 45, k, k > 100, false);
            (float[] a, float[] b) = Inputs(s);
            int row = 14, at = k - 3;
            a[s.TransposeA ? at * s.M + row : row * s.K + at] = value;
            float[] y = Product(a, b, s);
            double[] expected = Expected(a, b, s);
            for (int i = 0; i < y.Length; i++)
                if (i / s.N != row) Assert.True(float.IsFinite(y[i]));
                else Assert.Equal((float)expected[i], y[i]);
        }
    }

    [Theory]
    [InlineData(1, 100, 90, 80)]
    [InlineData(1, 16, 500, 300)]
    [InlineData(1, 24, 40, 9000)]
    [InlineData(10, 50, 30, 64)]
    [InlineData(1, 400, 500, 1100)]
    public void Same_bits_for_any_number_of_threads(int batch, int m, int n, int k)
    {
        MatMulSpec s = Spec(batch, m, n, k, false, false);
        (float[] a, float[] b) = Inputs(s);
        SameBits.OnAnyThreads(() => Product(a, b, s));
    }
}
