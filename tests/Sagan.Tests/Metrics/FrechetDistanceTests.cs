using MathNet.Numerics.LinearAlgebra;
using Sagan.Native.Metrics;

namespace Sagan.Native.Tests.Metrics;

[Quick]
public class FrechetDistanceTests
{
    [Theory]
    [InlineData(200, 17)]
    [InlineData(12, 40)]
    [InlineData(2, 3)]
    public void A_set_has_distance_0_from_itself(int count, int width)
    {
        Features x = Clouds.Normal(count, width, 1, correlation: 0.7);
        double trace = Enumerable.Range(0, width).Sum(i => Moments.Of(x).Covariance[i * width + i]);
        // The roots of eigenvalues that are 0 in truth are of the order of the root of double's rounding error.
        Assert.InRange(FrechetDistance.Of(Moments.Of(x), Moments.Of(x)) / trace, -1e-6, 1e-6);
        Assert.InRange(FrechetDistance.Of(x, x) / trace, -1e-6, 1e-6);
    }

    [Fact]
    public void In_one_dimension_it_is_the_difference_of_means_and_of_deviations()
    {
        Features a = Clouds.Normal(500, 1, 2, scale: 1.5, shift: 0.3), b = Clouds.Normal(400, 1, 3, scale: 0.4, shift: -2);
        (double m1, double s1) = Of(a);
        (double m2, double s2) = Of(b);
        Assert.Equal((m1 - m2) * (m1 - m2) + (s1 - s2) * (s1 - s2), FrechetDistance.Of(a, b), 1e-10);

        static (double Mean, double Deviation) Of(Features f)
        {
            double mean = f.Values.Average(v => (double)v);
            return (mean, Math.Sqrt(f.Values.Sum(v => (v - mean) * (v - mean)) / (f.Count - 1)));
        }
    }

    [Fact]
    public void With_diagonal_covariances_it_is_the_sum_over_the_axes()
    {
        // Points at +-r on each axis: the mean is 0 and the covariance exactly diagonal, 2 r^2 / (N - 1).
        static Features Cross(params double[] r) =>
            Clouds.Rows([.. r.SelectMany((v, k) => new[] { v, -v }.Select(s => r.Select((_, i) => i == k ? s : 0.0).ToArray()))]);
        double[] a = [1, 2, 0.5], b = [3, 0.25, 0.5];
        double expected = a.Zip(b, (x, y) => Math.Pow(Math.Sqrt(2 * x * x / 5) - Math.Sqrt(2 * y * y / 5), 2)).Sum();
        Assert.Equal(expected, FrechetDistance.Of(Cross(a), Cross(b)), 1e-10);
    }

    [Theory]
    [InlineData(9, 30, 30)]
    [InlineData(30, 11, 33)]
    [InlineData(25, 25, 7)]
    public void Singular_values_and_eigenvalues_give_the_same(int n1, int n2, int width)
    {
        Features a = Clouds.Normal(n1, width, 4, correlation: 0.5), b = Clouds.Normal(n2, width, 5, scale: 2, shift: 1);
        double eigen = FrechetDistance.Of(Moments.Of(a), Moments.Of(b));
        // Eigenvalues that are 0 in truth: their roots are good to about 1e-7 of the largest.
        Assert.Equal(1, FrechetDistance.OfFew(a, b) / eigen, 1e-6);
    }

    [Fact]
    public void It_is_the_trace_of_the_square_root_of_the_product()
    {
        // Full rank, so that the unsymmetric product has a square root that Newton's iteration (Denman and Beavers 1976) finds.
        Features a = Clouds.Normal(300, 6, 6, correlation: 0.8), b = Clouds.Normal(300, 6, 7, scale: 1.3, shift: 0.2);
        Moments m1 = Moments.Of(a), m2 = Moments.Of(b);
        Matrix<double> s1 = Matrix<double>.Build.Dense(6, 6, m1.Covariance), s2 = Matrix<double>.Build.Dense(6, 6, m2.Covariance);
        Matrix<double> y = s1 * s2, z = Matrix<double>.Build.DenseIdentity(6);
        for (int i = 0; i < 40; i++) (y, z) = ((y + z.Inverse()) / 2, (z + y.Inverse()) / 2);
        double mean = m1.Mean.Zip(m2.Mean, (x, w) => (x - w) * (x - w)).Sum();
        Assert.Equal(mean + s1.Trace() + s2.Trace() - 2 * y.Trace(), FrechetDistance.Of(m1, m2), 1e-8);
    }

    [Fact]
    public void Moments_are_those_of_the_definition()
    {
        // More images than a panel holds.
        Features x = Clouds.Normal(1500, 5, 8, correlation: 0.9, shift: 3);
        Moments m = Moments.Of(x);
        for (int i = 0; i < 5; i++)
            for (int j = 0; j < 5; j++)
            {
                double a = Column(i).Average(), b = Column(j).Average();
                Assert.Equal(Column(i).Zip(Column(j), (p, q) => (p - a) * (q - b)).Sum() / 1499, m.Covariance[i * 5 + j], 1e-9);
            }
        double[] Column(int k) => [.. Enumerable.Range(0, x.Count).Select(i => (double)x.Row(i)[k])];
    }

    [Fact]
    public void One_image_or_another_network_is_refused()
    {
        Features one = Clouds.Normal(1, 4, 1), some = Clouds.Normal(5, 4, 1), wide = Clouds.Normal(5, 6, 1);
        Assert.Contains("1 image in a set; at least 2 are needed",
            Assert.Throws<MetricException>(() => FrechetDistance.Of(one, some)).Message);
        Assert.Contains("1 image in a set", Assert.Throws<MetricException>(() => Moments.Of(one)).Message);
        Assert.Contains("two different networks", Assert.Throws<MetricException>(() => FrechetDistance.Of(some, wide)).Message);
    }

    [Fact]
    public void Features_that_are_not_finite_name_their_image()
    {
        float[] values = [1, 2, 3, float.NaN, 5, 6];
        MetricException e = Assert.Throws<MetricException>(() => new Features(values, 2, name: i => $"cats/{i}.png"));
        Assert.Contains("cats/1.png", e.Message);
        Assert.Contains("not finite", e.Message);
        Assert.Contains("image 2", Assert
            .Throws<MetricException>(() => new Features(new float[6], 2, [0, 0, 0, 0, float.PositiveInfinity, 0])).Message);
    }

    [Fact]
    public void Within_classes_it_is_the_mean_of_their_distances()
    {
        Features[] real = [Clouds.Normal(50, 3, 1), Clouds.Normal(50, 3, 2, shift: 5)],
            fake = [Clouds.Normal(50, 3, 3), Clouds.Normal(50, 3, 4, shift: 4)];
        (double mean, double[] classes) = IntraFrechetDistance.Of(c => real[c], c => fake[c], 2);
        Assert.Equal([FrechetDistance.Of(real[0], fake[0]), FrechetDistance.Of(real[1], fake[1])], classes);
        Assert.Equal(classes.Average(), mean);
        Assert.Contains("class pears: Frechet", Assert.Throws<MetricException>(() =>
            IntraFrechetDistance.Of(c => real[c], c => Clouds.Normal(c == 1 ? 1 : 9, 3, 1), 2, c => c == 1 ? "pears" : "apples")).Message);
    }
}
