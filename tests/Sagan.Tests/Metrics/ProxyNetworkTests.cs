using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Kernels;
using Sagan.Native.Metrics;
using Sagan.Native.Models;
using Sagan.Native.Modules;

namespace Sagan.Native.Tests.Metrics;

/// <summary>A data set of creatures, and the same images without classes, with a trained network each.</summary>
public sealed class ProxyFixture : IDisposable
{
    readonly TemporaryFolder folder = new();

    public ProxyFixture()
    {
        Labelled = Dataset.Open(Dataset.Creatures, new DatasetOptions { Size = 16, CreatureCount = 400 });
        for (int i = 0; i < 150; i++) ImageFile.Save(folder.File($"{i:D3}.png"), Labelled.Image(i));
        Unlabelled = Dataset.Open(folder.Path, new DatasetOptions { Size = 16 });
        Classes = ProxyNetwork.Of(Labelled, cache: Cache, progress: (step, steps) => Trained = (step, steps));
        Rotations = ProxyNetwork.Of(Unlabelled);
    }

    public MetricCache Cache => new(folder.File(".cache"));

    /// <summary>What was last heard of the training of <see cref="Classes"/>.</summary>
    public (int Step, int Steps) Trained { get; private set; }

    public ImageDataset Labelled { get; }

    public ImageDataset Unlabelled { get; }

    public ProxyNetwork Classes { get; }

    public ProxyNetwork Rotations { get; }

    public void Dispose()
    {
        Labelled.Dispose();
        Unlabelled.Dispose();
        folder.Dispose();
    }
}

[Quick]
public class ProxyNetworkTests(ProxyFixture fixture) : IClassFixture<ProxyFixture>
{
    static readonly ModelConfig Model = new() { Size = 16, ConvDim = 8, ZDim = 6, GAttention = [8], DAttention = [] };

    [Fact]
    public void It_is_named_for_what_it_is()
    {
        Assert.Equal($"class-cnn-1 {fixture.Labelled.Report.ContentHash[..8]}", fixture.Classes.Name);
        Assert.Equal($"rotation-cnn-1 {fixture.Unlabelled.Report.ContentHash[..8]}", fixture.Rotations.Name);
        Assert.Equal("proxy-FID", fixture.Classes.NameOf("FID"));
        // Which way up an image is, is no class of a data set.
        Assert.Equal((3, 0), (fixture.Classes.Classes, fixture.Rotations.Classes));
        Assert.Null(fixture.Rotations.Extract(ImageSet.Of(fixture.Unlabelled, 10)).Logits);
    }

    [Fact]
    public void It_has_learnt_the_classes()
    {
        Features f = fixture.Classes.Extract(ImageSet.Of(fixture.Labelled));
        float[][] logits = [.. f.Logits!.Chunk(3)];
        int right = logits.Where((row, i) => Array.IndexOf(row, row.Max()) == fixture.Labelled.Label(i)).Count();
        // Chance is 1/3.
        Assert.InRange(right / (double)f.Count, 0.9, 1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_worse_the_images_the_larger_the_distance(bool labelled)
    {
        FeatureNetwork network = labelled ? fixture.Classes : fixture.Rotations;
        using ImageDataset others =
            Dataset.Open(Dataset.Creatures, new DatasetOptions { Size = 16, CreatureCount = 400, CreatureSeed = 2 });
        Image[] real = [.. Enumerable.Range(0, others.Count).Select(others.Image)];
        Features reference = network.Extract(ImageSet.Of(fixture.Labelled));
        double Distance(double noise) =>
            FrechetDistance.Of(reference, network.Extract(ImageSet.Of([.. real.Select((image, i) => Noisy(image, noise, i))])));
        double[] d = [Distance(0), Distance(0.1), Distance(0.3), Distance(1)];
        for (int i = 1; i < d.Length; i++) Assert.True(d[i] > 1.5 * d[i - 1], string.Join(", ", d));

        static Image Noisy(Image image, double share, int seed)
        {
            Random random = new(seed);
            byte[] pixels = [.. image.Pixels.Select(p => random.NextDouble() < share ? (byte)random.Next(256) : p)];
            return new Image(image.Width, image.Height, image.Channels, pixels);
        }
    }

    [Fact]
    public void The_same_data_give_the_same_bits_whatever_the_threads()
    {
        float[] Train(int threads)
        {
            int before = WorkerPool.Threads;
            try
            {
                WorkerPool.Threads = threads;
                ProxyClassifier classifier = ProxyTraining.Fresh(fixture.Unlabelled, Device.Cpu);
                ProxyTraining.Train(classifier, fixture.Unlabelled, Device.Cpu, steps: 4);
                return [.. classifier.State().SelectMany(s => s.Parameter.Value.ToArray())];
            }
            finally
            {
                WorkerPool.Threads = before;
            }
        }
        Assert.Equal(Train(1), Train(2));
    }

    [Theory]
    [InlineData(16, 48)]
    [InlineData(28, 144)]
    [InlineData(64, 272)]
    [InlineData(96, 272)]
    [InlineData(256, 272)]
    [InlineData(4, 24)]
    public void Any_size_gives_features_and_large_images_cost_no_more_than_64(int size, int width)
    {
        ProxyClassifier c = new(size, 1, 2, new Initializer(new RandomSource(1)));
        Tensor f = c.Call(Tensor.Zeros(new Shape(2, size, size, 1)));
        Assert.Equal((width, new Shape(2, width)), (c.Width, f.Shape));
    }

    [Fact]
    public void The_batch_changes_features_by_no_more_than_rounding()
    {
        Features all = fixture.Classes.Extract(ImageSet.Of(fixture.Labelled, 50), batch: 64);
        Features few = fixture.Classes.Extract(ImageSet.Of(fixture.Labelled, 50), batch: 7);
        for (int i = 0; i < all.Values.Length; i++) Assert.Equal(all.Values[i], few.Values[i], 1e-5f);
    }

    [Fact]
    public void Sets_that_are_not_what_they_say_are_refused()
    {
        Image[] images = [new(16, 16, 3), new(16, 16, 3), new(8, 8, 3)];
        Assert.Contains("8x8x3 beside 16x16x3", Assert.Throws<MetricException>(() => fixture.Classes.Extract(ImageSet.Of(images))).Message);
        ImageSet few = new(5, images[..2], i => $"{i}");
        Assert.Contains("a set of 5 images holds 2", Assert.Throws<MetricException>(() => fixture.Classes.Extract(few)).Message);
    }

    [Fact]
    public void A_part_of_a_data_set_is_always_the_same_part_and_no_image_twice()
    {
        string[] Names() => [.. Enumerable.Range(0, 40).Select(ImageSet.Of(fixture.Labelled, 40).NameOf)];
        Assert.Equal(Names(), Names());
        Assert.Equal(40, Names().Distinct().Count());
        Assert.NotEqual(fixture.Labelled.Name(39), Names()[39]);
        Assert.Equal(fixture.Labelled.Count, ImageSet.Of(fixture.Labelled).Count);
        Assert.Equal(fixture.Labelled.Report.Classes[2].Count, ImageSet.OfClass(fixture.Labelled, 2).Count);
    }

    [Fact]
    public void Generated_images_follow_the_seed_and_leave_the_generator_as_it_was()
    {
        Generator g = Generator.Create(Model, new Initializer(new RandomSource(1)));
        float[] before = [.. g.State().SelectMany(s => s.Parameter.Value.ToArray())];
        byte[] Pixels(ulong seed, int batch) => [.. GeneratorImages.Of(g, 9, seed, batch: batch).Images.SelectMany(i => i.Pixels)];
        byte[] first = Pixels(3, 64);
        Assert.Equal(9 * 16 * 16 * 3, first.Length);
        Assert.Equal(first, Pixels(3, 64));
        Assert.NotEqual(first, Pixels(4, 64));
        // In batches of another size a value may round to the neighbouring byte.
        Assert.All(first.Zip(Pixels(3, 2)), p => Assert.InRange(p.First - p.Second, -1, 1));
        Assert.Equal(before, g.State().SelectMany(s => s.Parameter.Value.ToArray()));
        Assert.True(g.IsTraining);
    }

    [Fact]
    public void A_generator_that_is_not_finite_is_refused_by_name()
    {
        Generator g = Generator.Create(Model, new Initializer(new RandomSource(1)));
        (string name, Parameter p) = g.State().First(s => s.Parameter.IsTrainable);
        float[] values = p.Value.ToArray();
        values[1] = float.NaN;
        p.Assign(values);
        Assert.Contains($"'{name}' is not finite", Assert.Throws<MetricException>(() => GeneratorImages.Of(g, 9, 1)).Message);
    }

    [Fact]
    public void A_proxy_score_is_the_distance_over_the_proxy_network()
    {
        // The network comes from the cache: it is trained once for a data set.
        Assert.Equal((300, 300), fixture.Trained);
        ProxyScore score = ProxyScore.Of(fixture.Labelled, cache: fixture.Cache, progress: (_, _) => Assert.Fail("trained again"));
        Assert.StartsWith("proxy-FID (class-cnn-1 ", score.Name);
        Generator g = Generator.Create(Model, new Initializer(new RandomSource(1)));
        double value = score.Of(g, 64);
        Features fake = fixture.Classes.Extract(GeneratorImages.Of(g, 64, 0)),
            real = fixture.Classes.Extract(ImageSet.Of(fixture.Labelled));
        Assert.Equal(FrechetDistance.Of(Moments.Of(real), Moments.Of(fake)), value, 1e-9 * value);
        Assert.Equal(value, score.Of(g, 64));
        Assert.True(value > 10 * score.Of(ImageSet.Of(fixture.Labelled, 200)));
        // And now the features too.
        Assert.Equal(value, ProxyScore.Of(fixture.Labelled, cache: fixture.Cache).Of(g, 64));
    }
}
