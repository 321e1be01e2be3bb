using Sagan.Native.Data;

namespace Sagan.Native.Tests.Data;

public class CreatureTests
{
    [Theory]
    [InlineData(16)]
    [InlineData(20)]
    [InlineData(32)]
    [InlineData(47)]
    [InlineData(64)]
    public void Attributes_read_from_pixels_are_the_true_ones(int size)
    {
        for (int i = 0; i < 500; i++)
        {
            Creature truth = Creature.FromSeed(3, i);
            (CreatureHalf left, CreatureHalf right) = CreatureReader.Read(truth.Draw(size))!.Value;
            CreatureHalf expected = new(truth.Background, truth.Body, truth.Accent, truth.Ears, truth.Eyes);
            Assert.Equal(expected, left);
            Assert.Equal(expected, right);
        }
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
}
