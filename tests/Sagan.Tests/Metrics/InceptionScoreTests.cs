using Sagan.Native.Metrics;

namespace Sagan.Native.Tests.Metrics;

[Quick]
public class InceptionScoreTests
{
    static Features Logits(int count, int classes, Func<int, int, double> logit) =>
        new(new float[count], 1, [.. Enumerable.Range(0, count * classes).Select(i => (float)logit(i / classes, i % classes))]);

    [Fact]
    public void Of_images_that_look_like_every_class_it_is_1() =>
        Assert.Equal(1, InceptionScore.Of(Logits(40, 7, (_, _) => -3)).Mean, 1e-12);

    [Theory]
    [InlineData(2)]
    [InlineData(10)]
    public void Of_equally_many_sure_images_of_each_class_it_is_their_number(int classes)
    {
        // The other probabilities are below what a double holds; their logarithms are not.
        MeanAndDeviation score = InceptionScore.Of(Logits(classes * 20, classes, (i, c) => i % classes == c ? 1000 : 0));
        Assert.Equal(classes, score.Mean, 1e-9);
        Assert.Equal(0, score.Deviation, 1e-9);
    }

    [Fact]
    public void It_is_the_mean_over_splits_of_the_definition()
    {
        Random random = new(3);
        double[,] x = new double[23, 4];
        for (int i = 0; i < 23; i++)
            for (int c = 0; c < 4; c++) x[i, c] = (float)(4 * random.NextDouble());
        double[] scores = [Naive(0, 7), Naive(7, 15), Naive(15, 23)];
        MeanAndDeviation score = InceptionScore.Of(Logits(23, 4, (i, c) => x[i, c]), splits: 3);
        Assert.Equal(scores.Average(), score.Mean, 1e-12);
        Assert.Equal(Math.Sqrt(scores.Average(s => Math.Pow(s - scores.Average(), 2))), score.Deviation, 1e-12);

        double Naive(int start, int end)
        {
            double[][] p = [.. Enumerable.Range(start, end - start).Select(i =>
            {
                double[] e = [.. Enumerable.Range(0, 4).Select(c => Math.Exp(x[i, c]))];
                return e.Select(v => v / e.Sum()).ToArray();
            })];
            double[] mean = [.. Enumerable.Range(0, 4).Select(c => p.Average(row => row[c]))];
            return Math.Exp(p.Average(row => row.Select((v, c) => v * (Math.Log(v) - Math.Log(mean[c]))).Sum()));
        }
    }

    [Fact]
    public void Without_classes_or_with_one_image_it_is_refused()
    {
        Assert.Contains("no classes", Assert.Throws<MetricException>(() => InceptionScore.Of(Clouds.Normal(9, 3, 1))).Message);
        Assert.Contains("at least 2", Assert.Throws<MetricException>(() => InceptionScore.Of(Logits(1, 3, (_, _) => 0))).Message);
    }
}
