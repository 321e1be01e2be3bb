using Sagan.Native.Metrics;

namespace Sagan.Native.Tests.Metrics;

[Quick]
public class ManifoldTests
{
    [Theory]
    [InlineData(50, 40, 6, 0.5)]
    [InlineData(31, 77, 19, 0.1)]
    [InlineData(20, 20, 2, 3)]
    public void It_is_what_brute_force_counts(int n, int m, int width, double shift)
    {
        Features real = Clouds.Normal(n, width, 1), fake = Clouds.Normal(m, width, 2, scale: 0.8, shift: shift);
        PrecisionRecall expected = BruteForce(real, fake);
        PrecisionRecall all = Manifold.Of(real, fake);
        Assert.Equal(expected.Precision, all.Precision);
        Assert.Equal(expected.Recall, all.Recall);
        Assert.Equal(expected.Density, all.Density, 1e-12);
        Assert.Equal(expected.Coverage, all.Coverage);
        foreach (int tile in (int[])[1, 3, 16]) Assert.Equal(all, Manifold.Of(real, fake, tile));
    }

    [Fact]
    public void A_set_among_itself_has_1_of_everything_and_one_far_away_has_0()
    {
        Features x = Clouds.Normal(60, 5, 1), far = Clouds.Normal(60, 5, 2, shift: 1000);
        Assert.Equal(new PrecisionRecall(1, 1, 1, 1), Manifold.Of(x, x));
        Assert.Equal(default, Manifold.Of(x, far));
    }

    [Fact]
    public void A_generator_that_makes_one_image_is_precise_and_recalls_nothing()
    {
        Features real = Clouds.Normal(80, 4, 1);
        Features fake = real.Choose([.. Enumerable.Repeat(17, 30)]);
        PrecisionRecall p = Manifold.Of(real, fake);
        Assert.Equal(1, p.Precision);
        // The copies of image 17 have radius 0, in which only image 17 itself lies.
        Assert.Equal(1.0 / 80, p.Recall);
        Assert.InRange(p.Coverage, 1.0 / 80, 0.5);
    }

    [Fact]
    public void Too_few_images_are_refused() =>
        Assert.Contains("at least 6", Assert
            .Throws<MetricException>(() => Manifold.Of(Clouds.Normal(5, 2, 1), Clouds.Normal(50, 2, 1))).Message);

    static PrecisionRecall BruteForce(Features real, Features fake)
    {
        double[] real3 = Radii(real, 3), real5 = Radii(real, 5), fake3 = Radii(fake, 3);
        int n = real.Count, m = fake.Count, precise = 0, recalled = 0, balls = 0, covered = 0;
        for (int j = 0; j < m; j++)
        {
            precise += Enumerable.Range(0, n).Any(i => D(i, j) <= real3[i]) ? 1 : 0;
            balls += Enumerable.Range(0, n).Count(i => D(i, j) < real5[i]);
        }
        for (int i = 0; i < n; i++)
        {
            recalled += Enumerable.Range(0, m).Any(j => D(i, j) <= fake3[j]) ? 1 : 0;
            covered += Enumerable.Range(0, m).Any(j => D(i, j) < real5[i]) ? 1 : 0;
        }
        return new PrecisionRecall(precise / (double)m, recalled / (double)n, balls / (5.0 * m), covered / (double)n);

        double D(int i, int j) => Clouds.SquaredDistance(real, i, fake, j);
        static double[] Radii(Features f, int k) =>
            [.. Enumerable.Range(0, f.Count).Select(i =>
                Enumerable.Range(0, f.Count).Where(j => j != i).Select(j => Clouds.SquaredDistance(f, i, f, j)).Order().ElementAt(k - 1))];
    }
}
