using Sagan.Native.Metrics;

namespace Sagan.Native.Tests.Metrics;

[Quick]
public class KernelDistanceTests
{
    [Fact]
    public void Of_whole_sets_it_is_the_double_sum()
    {
        Features x = Clouds.Normal(60, 10, 1), y = Clouds.Normal(60, 10, 2, shift: 0.3);
        double xx = 0, yy = 0, xy = 0;
        for (int i = 0; i < 60; i++)
            for (int j = 0; j < 60; j++)
            {
                if (i != j) (xx, yy) = (xx + Kernel(x, i, x, j), yy + Kernel(y, i, y, j));
                xy += Kernel(x, i, y, j);
            }
        MeanAndDeviation kid = KernelDistance.Of(x, y, seed: 1);
        // Products in float32; the sums are in double.
        Assert.Equal((xx + yy) / (60 * 59) - 2 * xy / 3600, kid.Mean, 1e-6);
        Assert.Equal(0, kid.Deviation);

        static double Kernel(Features a, int i, Features b, int j)
        {
            double dot = 0;
            for (int k = 0; k < a.Width; k++) dot += (double)a.Row(i)[k] * b.Row(j)[k];
            return Math.Pow(dot / a.Width + 1, 3);
        }
    }

    [Fact]
    public void Subsets_follow_the_seed_and_the_tile_changes_nothing()
    {
        Features x = Clouds.Normal(300, 8, 1), y = Clouds.Normal(200, 8, 2, shift: 1);
        MeanAndDeviation first = KernelDistance.Of(x, y, seed: 7, subsets: 10, size: 50);
        Assert.Equal(first, KernelDistance.Of(x, y, seed: 7, subsets: 10, size: 50, tile: 13));
        Assert.NotEqual(first, KernelDistance.Of(x, y, seed: 8, subsets: 10, size: 50));
        Assert.True(first.Deviation > 0);
        // Four deviations of the mean of ten.
        double whole = KernelDistance.Of(x, y, seed: 7, subsets: 1, size: 200).Mean;
        Assert.InRange(first.Mean - whole, -4 * first.Deviation / Math.Sqrt(10), 4 * first.Deviation / Math.Sqrt(10));
    }

    [Fact]
    public void Of_equal_distributions_it_is_0_on_average_whatever_the_number()
    {
        // Unbiased: the mean over many small draws is 0 within four deviations of the mean, where the biased estimate would be above 0 by
        // far.
        Features x = Clouds.Normal(4000, 4, 1), y = Clouds.Normal(4000, 4, 2);
        MeanAndDeviation kid = KernelDistance.Of(x, y, seed: 1, subsets: 200, size: 20);
        Assert.InRange(kid.Mean, -4 * kid.Deviation / Math.Sqrt(200), 4 * kid.Deviation / Math.Sqrt(200));
    }

    [Fact]
    public void One_image_is_refused() =>
        Assert.Contains("at least 2", Assert
            .Throws<MetricException>(() => KernelDistance.Of(Clouds.Normal(1, 2, 1), Clouds.Normal(9, 2, 1), 1)).Message);
}
