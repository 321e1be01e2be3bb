using Sagan.Native.Data;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Tests.Data;

/// <summary>
/// The measure on sets of pictures of which it is known what it must say: near 1 on real ones, near 0 on what only suggests them.
/// </summary>
public class CreatureConsistencyTests
{
    const int Count = 300;

    [Theory]
    [InlineData(16)]
    [InlineData(20)]
    [InlineData(32)]
    [InlineData(47)]
    [InlineData(64)]
    public void Real_creatures_are_near_1(int size)
    {
        CreatureConsistency c = CreatureConsistency.Measure(Real(size));
        Assert.Equal(Count, c.Images);
        Assert.InRange(c.Figures, 0.98, 1);
        Assert.All((double[])[c.EarColour, c.EarShape, c.EyeColour], kappa => Assert.InRange(kappa, 0.98, 1));
        Assert.InRange(c.Diversity, 0.93, 1);
        Assert.InRange(c.Overall, 0.9, 1);
    }

    /// <summary>The right half comes from the next creature: whole figures, all combinations, and agreement by chance only.</summary>
    [Theory]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(64)]
    public void Halves_of_different_creatures_agree_by_chance_only(int size)
    {
        Image[] images = Real(size);
        CreatureConsistency c = CreatureConsistency.Measure(images.Select((left, i) => Join(left, images[(i + 1) % Count])));
        Assert.InRange(c.Figures, 0.98, 1);
        Assert.InRange(c.Diversity, 0.93, 1);
        // The standard deviation of kappa by chance is sqrt(e / (1 - e) / 300): 0.03 for one in six, 0.04 for one in three.
        Assert.All((double[])[c.EarColour, c.EarShape, c.EyeColour], kappa => Assert.InRange(kappa, -0.12, 0.12));
        Assert.InRange(c.Overall, 0, 0.06);
    }

    [Theory]
    [InlineData("blurred", 16)]
    [InlineData("blurred", 32)]
    [InlineData("blurred", 64)]
    [InlineData("grey", 16)]
    [InlineData("grey", 32)]
    [InlineData("grey", 64)]
    [InlineData("faint", 32)]
    [InlineData("constant", 32)]
    [InlineData("noise", 32)]
    [InlineData("mean", 16)]
    [InlineData("mean", 32)]
    [InlineData("mean", 64)]
    [InlineData("smudges", 32)]
    [InlineData("no eyes", 16)]
    [InlineData("no eyes", 32)]
    [InlineData("no eyes", 64)]
    [InlineData("one ear", 16)]
    [InlineData("one ear", 32)]
    [InlineData("one ear", 64)]
    public void What_only_suggests_a_creature_is_near_0(string kind, int size)
    {
        CreatureConsistency c = CreatureConsistency.Measure(Bad(kind, size));
        Assert.Equal(Count, c.Images);
        Assert.InRange(c.Figures, 0, 0.05);
        Assert.InRange(c.Overall, 0, 0.01);
    }

    /// <summary>Collapse: whole figures whose sides agree always, and no more than always the same value makes them.</summary>
    [Theory]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(64)]
    public void Copies_of_one_creature_are_0(int size)
    {
        CreatureConsistency c = CreatureConsistency.Measure(Enumerable.Repeat(Creature.FromSeed(7, 3).Draw(size), Count));
        Assert.Equal((1, 0, 1), (c.Figures, c.Agreement, c.Combinations));
        Assert.Equal(0, c.Overall);
    }

    /// <summary>A generator that makes k different creatures, each as often, has at most k / 54.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(6)]
    [InlineData(20)]
    public void Copies_of_a_few_creatures_count_by_their_number(int different)
    {
        Creature[] creatures = [.. Enumerable.Range(0, different).Select(i => Creature.FromSeed(7, i))];
        Image[] images = [.. creatures.Select(c => c.Draw(32))];
        int combinations = creatures.Select(c => (c.Accent, c.Ears, c.Eyes)).Distinct().Count();
        CreatureConsistency c = CreatureConsistency.Measure(Enumerable.Range(0, Count).Select(i => images[i % different]));
        Assert.InRange(c.Combinations, 1, combinations * 1.04);
        Assert.InRange(c.Overall, 0, different * 1.04 / 54);
    }

    [Fact]
    public void The_number_is_the_product_of_its_parts_and_rises_with_each()
    {
        // Half of the pictures without a figure; then half of them with the right side of another.
        Image[] real = Real(32), noise = Bad("noise", 32);
        double whole = CreatureConsistency.Measure(real).Overall;
        CreatureConsistency half = CreatureConsistency.Measure(real.Select((image, i) => i % 2 == 0 ? image : noise[i]));
        Assert.Equal(0.5, half.Figures);
        Assert.InRange(half.Overall, 0.45 * whole, 0.55 * whole);
        CreatureConsistency mixed = CreatureConsistency.Measure(real.Select((x, i) => i % 2 == 0 ? x : Join(x, real[(i + 7) % Count])));
        Assert.InRange(mixed.Agreement, 0.4, 0.6);
        Assert.InRange(mixed.Overall, 0.4 * whole, 0.6 * whole);
        Assert.Equal(mixed.Figures * mixed.Agreement * mixed.Diversity, mixed.Overall);
        Assert.Equal((0, 0), (CreatureConsistency.Measure([]).Overall, CreatureConsistency.Measure([]).Images));
    }

    /// <summary>A single part painted differently lowers its own kappa and no other.</summary>
    [Fact]
    public void One_odd_ear_is_seen()
    {
        List<Image> images = [];
        for (int i = 0; i < Count; i++)
        {
            Creature creature = Creature.FromSeed(9, i);
            int other = Enumerable.Range(1, 5).Select(k => (creature.Accent + k) % 6).First(c => c != creature.Body);
            Image image = creature.Draw(32), odd = (creature with { Accent = other }).Draw(32);
            for (int y = 0; y < 10; y++)
                odd.Pixels.AsSpan((y * 32 + 16) * 3, 16 * 3).CopyTo(image.Pixels.AsSpan((y * 32 + 16) * 3));
            images.Add(image);
        }
        CreatureConsistency c = CreatureConsistency.Measure(images);
        // Never the same, where chance alone makes one in six the same: p = 0, e = 1/6, kappa = -1/5.
        Assert.InRange(c.EarColour, -0.22, -0.18);
        Assert.InRange(c.EarShape, 0.98, 1);
        Assert.InRange(c.EyeColour, 0.98, 1);
    }

    static Image[] Real(int size) => [.. Enumerable.Range(0, Count).Select(i => Creature.FromSeed(7, i).Draw(size))];

    static Image[] Bad(string kind, int size)
    {
        Random random = new(1);
        Image[] real = Real(size);
        Image mean = Of(size, at => (byte)real.Average(image => image.Pixels[at]));
        return [.. real.Select(image => kind switch
        {
            "blurred" => Blur(image, size / 8),
            "grey" => Of(size, at => (byte)((image.Pixels[at / 3 * 3] + image.Pixels[at / 3 * 3 + 1] + image.Pixels[at / 3 * 3 + 2]) / 3)),
            // Figures of their own, faint on the mean picture.
            "faint" => Of(size, at => (byte)(0.7 * mean.Pixels[at] + 0.3 * image.Pixels[at])),
            "constant" => Of(size, at => image.Pixels[at % 3]),
            "noise" => Of(size, _ => (byte)random.Next(256)),
            "mean" => mean,
            "no eyes" => Cover(image, 0.24f, 0.40f, 0.76f, 0.68f, image.Pixels.AsSpan((size * 3 / 4 * size + size * 3 / 8) * 3, 3)),
            "one ear" => Cover(image, 0, 0, 0.5f, 0.31f, image.Pixels.AsSpan(0, 3)),
            // What training passes through: the mean picture, darker, with a random tint and noise.
            _ => Smudge(mean, random),
        })];
    }

    /// <summary>A copy with a rectangle, in parts of the side, of one colour.</summary>
    static Image Cover(Image image, float left, float top, float right, float bottom, ReadOnlySpan<byte> colour)
    {
        Image copy = new(image.Width, image.Height, 3, [.. image.Pixels]);
        for (int y = (int)(top * image.Height); y < bottom * image.Height; y++)
            for (int x = (int)(left * image.Width); x < right * image.Width; x++)
                colour.CopyTo(copy.Pixels.AsSpan((y * image.Width + x) * 3));
        return copy;
    }

    static Image Smudge(Image mean, Random random)
    {
        int[] tint = [random.Next(-25, 26), random.Next(-25, 26), random.Next(-25, 26)];
        return Of(mean.Width, at => (byte)Math.Clamp(0.8 * mean.Pixels[at] + tint[at % 3] + random.Next(-15, 16), 0, 255));
    }

    static Image Of(int size, Func<int, byte> value)
    {
        Image image = new(size, size, 3);
        for (int i = 0; i < image.Pixels.Length; i++) image.Pixels[i] = value(i);
        return image;
    }

    /// <summary>Four means over 2 radius + 1 pixels, in a row and in a column by turns.</summary>
    static Image Blur(Image image, int radius)
    {
        int n = image.Width;
        for (int pass = 0; pass < 4; pass++)
        {
            (Image from, int dx, int dy) = (image, (pass + 1) % 2, pass % 2);
            image = Of(n, at =>
            {
                (int x, int y, int sum) = (at / 3 % n, at / 3 / n, 0);
                for (int d = -radius; d <= radius; d++)
                    sum += from.Pixels[(Math.Clamp(y + dy * d, 0, n - 1) * n + Math.Clamp(x + dx * d, 0, n - 1)) * 3 + at % 3];
                return (byte)(sum / (2 * radius + 1));
            });
        }
        return image;
    }

    static Image Join(Image left, Image right)
    {
        Image joined = new(left.Width, left.Height, 3, [.. left.Pixels]);
        int half = left.Width / 2;
        for (int y = 0; y < left.Height; y++)
            right.Pixels.AsSpan((y * left.Width + half) * 3, half * 3).CopyTo(joined.Pixels.AsSpan((y * left.Width + half) * 3));
        return joined;
    }
}
