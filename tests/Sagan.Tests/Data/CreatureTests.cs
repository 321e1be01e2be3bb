using Sagan.Native.Data;
using Sagan.Native.Images;

namespace Sagan.Native.Tests.Data;

public class CreatureTests
{
    const int Count = 1500;

    [Theory]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(47)]
    [InlineData(64)]
    public void Real_creatures_agree(int size)
    {
        CreatureConsistency score = CreatureConsistency.Measure(Draw(Count, size));
        Assert.Equal(Count, score.Images);
        Assert.Equal(1, score.Figures);
        double[] all = [score.Background, score.Body, score.EarColour, score.EarShape, score.EyeColour, score.ArmCount, score.EarToArm];
        Assert.All(all, s => Assert.InRange(s, 0.98, 1));
        Assert.InRange(score.Overall, 0.99, 1);
    }

    [Theory]
    [InlineData(32)]
    [InlineData(64)]
    public void Attributes_read_from_pixels_are_the_true_ones(int size)
    {
        for (int i = 0; i < 500; i++)
        {
            Creature truth = Creature.FromSeed(3, i);
            (CreatureHalf left, CreatureHalf right) = CreatureReader.Read(truth.Draw(size))!.Value;
            CreatureHalf expected = new(truth.Background, truth.Body, truth.Accent, truth.Ears, truth.Eyes, truth.Accent, truth.Arms);
            Assert.Equal(expected, left);
            Assert.Equal(expected, right);
        }
    }

    /// <summary>
    /// The right half comes from the next creature: every score falls to the share of pairs that agree by chance, known from the ground truth.
    /// </summary>
    [Fact]
    public void Halves_of_different_creatures_agree_by_chance_only()
    {
        Creature[] truth = [.. Enumerable.Range(0, Count).Select(i => Creature.FromSeed(5, i))];
        Image[] images = [.. truth.Select(c => c.Draw(32))];
        CreatureConsistency score = CreatureConsistency.Measure(Enumerable.Range(0, Count).Select(i => Join(images[i], images[(i + 1) % Count])));
        double Chance(Func<Creature, Creature, bool> same) => Enumerable.Range(0, Count).Count(i => same(truth[i], truth[(i + 1) % Count])) / (double)Count;
        Assert.Equal(1, score.Figures);
        Assert.InRange(score.Background - Chance((a, b) => a.Background == b.Background), -0.02, 0.02);
        Assert.InRange(score.Body - Chance((a, b) => a.Body == b.Body), -0.02, 0.02);
        Assert.InRange(score.EarColour - Chance((a, b) => a.Accent == b.Accent), -0.02, 0.02);
        Assert.InRange(score.EarShape - Chance((a, b) => a.Ears == b.Ears), -0.02, 0.02);
        Assert.InRange(score.EyeColour - Chance((a, b) => a.Eyes == b.Eyes), -0.02, 0.02);
        Assert.InRange(score.ArmCount - Chance((a, b) => a.Arms == b.Arms), -0.02, 0.02);
        Assert.InRange(score.EarToArm - Chance((a, b) => a.Accent == b.Accent), -0.02, 0.02);
        Assert.InRange(score.Overall, 0.2, 0.35);
    }

    [Fact]
    public void Noise_and_empty_pictures_show_no_figure()
    {
        Random random = new(1);
        IEnumerable<Image> noise = Enumerable.Range(0, 100).Select(_ =>
        {
            Image image = new(32, 32, 3);
            random.NextBytes(image.Pixels);
            return image;
        });
        Assert.Equal(0, CreatureConsistency.Measure(noise).Overall);
        Image plain = new(32, 32, 3);
        Array.Fill(plain.Pixels, (byte)230);
        Assert.Equal(0, CreatureConsistency.Measure([plain]).Figures);
        Assert.Equal(0, CreatureConsistency.Measure([]).Overall);
    }

    /// <summary>A single part painted differently lowers its own scores and no other.</summary>
    [Fact]
    public void One_odd_ear_is_seen()
    {
        List<Image> images = [];
        for (int i = 0; i < 200; i++)
        {
            Creature creature = Creature.FromSeed(9, i);
            int other = Enumerable.Range(0, 6).First(c => c != creature.Accent && c != creature.Body);
            Image image = creature.Draw(32), odd = (creature with { Accent = other }).Draw(32);
            for (int y = 0; y < 10; y++)
            {
                odd.Pixels.AsSpan((y * 32 + 16) * 3, 16 * 3).CopyTo(image.Pixels.AsSpan((y * 32 + 16) * 3));
            }
            images.Add(image);
        }
        CreatureConsistency score = CreatureConsistency.Measure(images);
        Assert.Equal(0, score.EarColour);
        Assert.InRange(score.EarToArm, 0.49, 0.51);
        double[] others = [score.Background, score.Body, score.EarShape, score.EyeColour, score.ArmCount];
        Assert.All(others, s => Assert.InRange(s, 0.98, 1));
    }

    [Fact]
    public void A_seed_gives_the_same_set_every_time_and_every_attribute_value_occurs()
    {
        Creature[] set = [.. Enumerable.Range(0, 2000).Select(i => Creature.FromSeed(1, i))];
        Assert.Equal(set[1234], Creature.FromSeed(1, 1234));
        Assert.NotEqual(set[0], Creature.FromSeed(2, 0));
        Assert.Equal(set[7].Draw(40).Pixels, Creature.FromSeed(1, 7).Draw(40).Pixels);
        Assert.DoesNotContain(set, c => c.Body == c.Accent);
        Assert.All(set.GroupBy(c => c.Body), g => Assert.InRange(g.Count(), 2000 / 6 - 80, 2000 / 6 + 80));
        Assert.All(set.GroupBy(c => c.Ears), g => Assert.InRange(g.Count(), 2000 / 3 - 100, 2000 / 3 + 100));
        Assert.Equal(6, set.Select(c => c.Accent).Distinct().Count());
        Assert.Equal([1, 2], set.Select(c => c.Arms).Distinct().Order());
    }

    [Fact]
    public void The_set_is_labelled_by_ear_shape_and_counts()
    {
        using ImageDataset data = Dataset.Open("creatures", new DatasetOptions { Size = 16, CreatureCount = 300, CreatureSeed = 4 });
        Assert.Equal(300, data.Count);
        Assert.Equal(["round ears", "pointed ears", "long ears"], data.Report.Classes.Select(c => c.Name));
        Assert.Equal(300, data.Report.Classes.Sum(c => c.Count));
        Assert.Equal((int)Creature.FromSeed(4, 17).Ears, data.Label(17));
        Assert.Equal(Creature.FromSeed(4, 17).Draw(16).Pixels, data.Image(17).Pixels);
        DataException e = Assert.Throws<DataException>(() => Dataset.Open("creatures", new DatasetOptions { Size = 8 }));
        Assert.Contains("at least 16", e.Message);
    }

    static Image[] Draw(int count, int size) => [.. Enumerable.Range(0, count).Select(i => Creature.FromSeed(7, i).Draw(size))];

    static Image Join(Image left, Image right)
    {
        Image joined = new(left.Width, left.Height, 3, [.. left.Pixels]);
        int half = left.Width / 2;
        for (int y = 0; y < left.Height; y++)
        {
            right.Pixels.AsSpan((y * left.Width + half) * 3, half * 3).CopyTo(joined.Pixels.AsSpan((y * left.Width + half) * 3));
        }
        return joined;
    }
}
