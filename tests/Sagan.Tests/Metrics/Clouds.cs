using Sagan.Native.Metrics;

namespace Sagan.Native.Tests.Metrics;

/// <summary>Made-up features.</summary>
static class Clouds
{
    /// <summary>Normal numbers with a deviation and a mean for each column, correlated by neighbouring columns.</summary>
    public static Features Normal(int count, int width, int seed, double scale = 1, double shift = 0, double correlation = 0)
    {
        Random random = new(seed);
        float[] x = new float[count * width];
        for (int i = 0; i < count; i++)
        {
            double before = 0;
            for (int k = 0; k < width; k++)
            {
                double normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
                before = correlation * before + normal;
                x[i * width + k] = (float)(scale * before * (1 + 0.1 * k) + shift);
            }
        }
        return new Features(x, width);
    }

    public static Features Rows(params double[][] rows) => new([.. rows.SelectMany(r => r).Select(v => (float)v)], rows[0].Length);

    public static double SquaredDistance(Features a, int i, Features b, int j)
    {
        double sum = 0;
        for (int k = 0; k < a.Width; k++) sum += Math.Pow((double)a.Row(i)[k] - b.Row(j)[k], 2);
        return sum;
    }
}
