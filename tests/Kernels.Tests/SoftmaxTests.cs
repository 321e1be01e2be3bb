using Sagan.Native.Kernels;
using static Sagan.Native.Tests.KernelTesting;

namespace Sagan.Native.Tests;

[Quick]
public class SoftmaxTests
{
    static float[] Softmax(float[] x, int rows, int columns, bool inPlace = false)
    {
        Storage px = Of(x), y = inPlace ? px : Empty(x.Length);
        Device.Cpu.Backend.Softmax(px, y, rows, columns);
        return Read(y);
    }

    static double[] Expected(float[] x, int rows, int columns)
    {
        double[] y = new double[x.Length];
        for (int r = 0; r < rows; r++)
        {
            double max = double.NegativeInfinity, sum = 0;
            for (int c = 0; c < columns; c++) max = Math.Max(max, x[r * columns + c]);
            for (int c = 0; c < columns; c++) sum += y[r * columns + c] = Math.Exp(x[r * columns + c] - max);
            for (int c = 0; c < columns; c++) y[r * columns + c] /= sum;
        }
        return y;
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 1)]
    [InlineData(3, 2)]
    [InlineData(9, 10)]
    [InlineData(4, 16)]
    [InlineData(700, 17)]
    [InlineData(6, 64)]
    [InlineData(3, 1000)]
    [InlineData(2, 40000)]
    public void Rows_of_any_length(int rows, int columns)
    {
        float[] x = Normal(rows * columns, 7, 3), y = Softmax(x, rows, columns);
        double[] expected = Expected(x, rows, columns);
        for (int i = 0; i < y.Length; i++) Assert.True(Math.Abs(y[i] - expected[i]) <= 4e-6 * expected[i] + 1e-38,
            $"y[{i}] is {y[i]}, expected {expected[i]}");
        for (int r = 0; r < rows; r++) Assert.Equal(1, y.Skip(r * columns).Take(columns).Sum(a => (double)a), 1e-5);
        Assert.Equal(y, Softmax(x, rows, columns, inPlace: true));
    }

    [Theory]
    [InlineData(80)]
    [InlineData(1e4)]
    [InlineData(3e38)]
    public void Large_scores_do_not_overflow(double size)
    {
        float a = (float)size;
        float[] x = [a, -a, a, 0, a, -a, -a, -a, -a, -a, -a, -a, -a, -a, -a, -a, -a, -a, 0], y = Softmax(x, 1, x.Length);
        Near("y", Expected(x, 1, x.Length), y, 1e-6);
    }

    [Fact]
    public void Minus_infinity_gives_zero()
    {
        float[] x = [.. Normal(37, 1)];
        foreach (int i in new[] { 0, 3, 15, 16, 36 }) x[i] = float.NegativeInfinity;
        float[] y = Softmax(x, 1, x.Length);
        foreach (int i in new[] { 0, 3, 15, 16, 36 }) Assert.Equal(0, y[i]);
        Near("y", Expected(x, 1, x.Length), y, 1e-6);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_row_with_no_answer_is_nan_and_its_neighbours_are_not(float bad)
    {
        foreach (int columns in new[] { 3, 16, 50 })
        {
            float[] x = Normal(3 * columns, 1);
            x[columns + 1] = bad;
            float[] y = Softmax(x, 3, columns);
            for (int i = 0; i < y.Length; i++) Assert.Equal(i / columns == 1, float.IsNaN(y[i]));
        }
    }

    [Fact]
    public void A_row_of_nothing_but_minus_infinity_is_nan() =>
        Assert.All(Softmax([.. Enumerable.Repeat(float.NegativeInfinity, 20)], 1, 20), a => Assert.True(float.IsNaN(a)));

    [Fact]
    public void Same_bits_for_any_number_of_threads()
    {
        float[] x = Normal(501 * 333, 3, 4);
        SameBits.OnAnyThreads(() => Softmax(x, 501, 333));
    }
}
