using Sagan.Native.Images;
using Sagan.Native.Kernels;
using Sagan.Native.Sampling;

namespace Sagan.Native.Tests;

public sealed class SamplingTests
{
    [Theory]
    [InlineData(TruncationKind.Resample, 0.5f, 0.5f)]
    [InlineData(TruncationKind.Scale, 0.5f, 1)]
    public void Truncated_noise_stays_within_its_bounds_and_fills_them(TruncationKind kind, float t, float limit)
    {
        float[] z = Truncation.Normal(new RandomSource(1), new Shape(100, 50), t, kind, Device.Cpu).ToArray();
        Assert.All(z, v => Assert.InRange(v, -limit, limit));
        Assert.True(z.Max() > 0.95f * limit && z.Min() < -0.95f * limit);
        // Standard deviation of a normal number cut off at +-a: sqrt(1 - 2 a phi(a) / (2 Phi(a) - 1)); for a = 0.5 0.2804, for a = 2 0.8796, halved.
        double deviation = Math.Sqrt(z.Average(v => (double)v * v));
        Assert.Equal(kind == TruncationKind.Resample ? 0.2804 : 0.4398, deviation, 0.01);
    }

    [Fact]
    public void Interpolation_begins_and_ends_at_its_ends_and_keeps_the_length_on_the_sphere()
    {
        float[] a = [1, 2, 2], b = [-2, 1, 2];
        foreach (InterpolationKind kind in Enum.GetValues<InterpolationKind>())
        {
            Assert.All(Interpolation.Between(a, b, 0, kind).Zip(a), p => Assert.Equal(p.Second, p.First, 1e-6f));
            Assert.All(Interpolation.Between(a, b, 1, kind).Zip(b), p => Assert.Equal(p.Second, p.First, 1e-6f));
        }
        Assert.Equal([-0.5f, 1.5f, 2], Interpolation.Between(a, b, 0.5, InterpolationKind.Linear));
        float[] middle = Interpolation.Between(a, b, 0.3, InterpolationKind.Spherical);
        Assert.Equal(3, Math.Sqrt(middle.Sum(v => (double)v * v)), 1e-6);
        Assert.Equal([2, 4, 4], Interpolation.Between(a, [3, 6, 6], 0.5, InterpolationKind.Spherical));
    }

    [Fact]
    public void A_conditional_run_is_sampled_by_class_from_its_checkpoint_alone()
    {
        using TemporaryFolder folder = new();
        string run = folder.File("run");
        string[] tiny = ["--size", "16", "--conv-dim", "8", "--z-dim", "8", "--g-attention", "8", "--d-attention", "4", "--batch", "8", "--steps", "2",
            "--set", "data.creatureCount=30", "--set", "sampling.images=8", "--conditional", "true"];
        Assert.Equal((0, ""), Sagan(["train", "--out", run, "-q", .. tiny]));
        Assert.Contains("\"classes\": 3", File.ReadAllText(Path.Combine(run, "config.json")), StringComparison.Ordinal);
        string sheet = folder.File("sheet.png"), longEars = folder.File("long"), morph = folder.File("morph.png"), near = folder.File("near.png");
        Assert.Equal((0, ""), Sagan(["sample", run, "--class", "all", "--out", sheet, "-q"]));
        Assert.Equal((0, ""), Sagan(["sample", run, "--class", "long ears,0", "-n", "4", "--out", longEars, "--truncation", "0.7", "-q"]));
        Assert.Equal(["long ears", "round ears"], Directory.GetDirectories(longEars).Select(d => Path.GetFileName(d)!).Order());
        Assert.Equal((0, ""), Sagan(["interpolate", run, "--from-class", "0", "--to-class", "2", "--to-seed", "1", "--rows", "2", "--frames", "3", "--out", morph, "-q"]));
        Assert.Equal((0, ""), Sagan(["nearest", run, "-n", "2", "-k", "3", "--out", near, "-q"]));
        Assert.True(new FileInfo(sheet).Length > 1000 && new FileInfo(morph).Length > 100 && new FileInfo(near).Length > 100);
        foreach ((string file, double tolerance) in new[] { ("s.png", 0.0), ("s.webp", 0), ("s.bmp", 0), ("s.jpg", 6), ("s.jpeg", 6) })
        {
            Assert.Equal((0, ""), Sagan(["sample", run, "-n", "6", "--out", folder.File(file), "-q"]));
            Image written = ImageFile.Load(folder.File(file)).ToChannels(3), png = ImageFile.Load(folder.File("s.png"));
            Assert.Equal((png.Width, png.Height), (written.Width, written.Height));
            Assert.InRange(written.Pixels.Zip(png.Pixels, (a, b) => Math.Abs(a - b)).Average(), 0, tolerance);
        }
        (int code, string error) = Sagan(["sample", run, "--class", "short ears"]);
        Assert.Equal(2, code);
        Assert.Contains("no such class; there are round ears, pointed ears, long ears", error, StringComparison.Ordinal);
    }

    /// <summary>What a model of four channels makes is written with its alpha: in grids and alone.</summary>
    [Fact]
    public void Samples_of_four_channels_keep_their_alpha()
    {
        using TemporaryFolder folder = new();
        string run = folder.File("run"), images = folder.File("images");
        for (int i = 0; i < 16; i++)
        {
            byte[] pixels = [.. Enumerable.Range(0, 256).SelectMany(p => new byte[] { (byte)p, (byte)i, 9, (byte)(p % 16 * 16) })];
            ImageFile.SavePng(folder / $"images/{i}.png", new Image(16, 16, 4, pixels));
        }
        Assert.Equal((0, ""), Sagan(["train", "--out", run, "-q", "--data", images, "--size", "16", "--conv-dim", "8", "--z-dim", "8", "--g-attention", "8", "--d-attention", "4",
            "--batch", "8", "--steps", "1", "--set", "model.channels=4", "--set", "sampling.images=4"]));
        Assert.Equal((0, ""), Sagan(["sample", run, "-n", "4", "--out", folder.File("grid.png"), "-q"]));
        Assert.Equal((0, ""), Sagan(["sample", run, "-n", "2", "--out", folder.File("alone"), "-q"]));
        string[] written = [folder.File("grid.png"), folder.File("alone/00000.png"), .. Directory.GetFiles(Path.Combine(run, "samples"), "*.png")];
        Assert.True(written.Length >= 4);
        Assert.All(written, file =>
        {
            Image image = ImageFile.Load(file);
            Assert.Equal(4, image.Channels);
            Assert.True(image.Pixels.Where((_, i) => i % 4 == 3).Distinct().Count() > 2);
        });
    }

    static (int Code, string Error) Sagan(string[] arguments)
    {
        using StringWriter output = new(), error = new();
        return (Cli.SaganCommandLine.Run(arguments, output, error), error.ToString());
    }
}
