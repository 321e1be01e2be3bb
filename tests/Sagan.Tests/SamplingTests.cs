using System.Text.Json.Nodes;
using Sagan.Native.Configuration;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Interchange.Numpy;
using Sagan.Native.Kernels;
using Sagan.Native.Sampling;
using Sagan.Native.Training;
using Sagan.Native.Training.Checkpoints;

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
        // Standard deviation of a normal number cut off at +-a: sqrt(1 - 2 a phi(a) / (2 Phi(a) - 1)); for a = 0.5 0.2804, for a = 2
        // 0.8796, halved.
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
        string[] tiny = ["--size", "16", "--conv-dim", "8", "--z-dim", "8", "--g-attention", "8", "--d-attention", "4", "--batch", "8",
            "--steps", "2",
            "--set", "data.creatureCount=30", "--set", "sampling.images=8", "--conditional", "true"];
        Assert.Equal((0, ""), Sagan(["train", "--out", run, "-q", .. tiny]));
        Assert.Contains("\"classes\": 3", File.ReadAllText(Path.Combine(run, "config.json")), StringComparison.Ordinal);
        string sheet = folder.File("sheet.png"), longEars = folder.File("long"), morph = folder.File("morph.png"),
            near = folder.File("near.png");
        Assert.Equal((0, ""), Sagan(["sample", run, "--class", "all", "--out", sheet, "-q"]));
        Assert.Equal((0, ""), Sagan(["sample", run, "--class", "long ears,0", "-n", "4", "--out", longEars, "--truncation", "0.7", "-q"]));
        Assert.Equal(["long ears", "round ears"], Directory.GetDirectories(longEars).Select(d => Path.GetFileName(d)!).Order());
        Assert.Equal((0, ""), Sagan(["interpolate", run, "--from-class", "0", "--to-class", "2", "--to-seed", "1", "--rows", "2",
            "--frames", "3", "--out", morph, "-q"]));
        Assert.Equal((0, ""), Sagan(["nearest", run, "-n", "2", "-k", "3", "--out", near, "-q"]));
        Assert.True(new FileInfo(sheet).Length > 1000 && new FileInfo(morph).Length > 100 && new FileInfo(near).Length > 100);
        foreach ((string file, double tolerance) in new[] { ("s.png", 0.0), ("s.webp", 0), ("s.bmp", 0), ("s.jpg", 6), ("s.jpeg", 6) })
        {
            Assert.Equal((0, ""), Sagan(["sample", run, "-n", "6", "--out", folder.File(file), "-q"]));
            Image written = TestData.Load(folder.File(file)).ToChannels(3), png = TestData.Load(folder.File("s.png"));
            Assert.Equal((png.Width, png.Height), (written.Width, written.Height));
            Assert.InRange(written.Pixels.Zip(png.Pixels, (a, b) => Math.Abs(a - b)).Average(), 0, tolerance);
        }
        (int code, string error) = Sagan(["sample", run, "--class", "short ears"]);
        Assert.Equal(2, code);
        Assert.Contains("no such class; there are round ears, pointed ears, long ears", error, StringComparison.Ordinal);
    }

    /// <summary>Class folders with numbers for names, of which 1 is also the place of another.</summary>
    [Fact]
    public void Images_of_all_classes_are_as_many_as_asked_for_and_it_is_said_which_class_each_is()
    {
        using TemporaryFolder folder = new();
        foreach (string name in (string[])["1", "2", "3"])
            for (int i = 0; i < 4; i++) ImageFile.Save(folder / $"data/{name}/{i}.png", Creature.FromSeed(3, i).Draw(16));
        string run = folder.File("run"), npz = folder.File("f.npz"), one = folder.File("one");
        string[] tiny = ["--size", "16", "--conv-dim", "8", "--z-dim", "8", "--g-attention", "8", "--d-attention", "4", "--batch", "4",
            "--steps", "1",
            "--set", "sampling.images=8", "--conditional", "true", "--data", folder.File("data")];
        Assert.Equal((0, ""), Sagan(["train", "--out", run, "-q", .. tiny]));

        string output = Ok(["sample", run, "--class", "all", "-n", "50", "--npz", npz, "--json"], "");
        JsonNode json = JsonNode.Parse(output)!;
        int[] turns = [.. Enumerable.Range(0, 50).Select(i => i % 3)];
        Assert.Equal(turns, json["labels"]!.AsArray().Select(l => (int)l!));
        Assert.Equal(["1", "2", "3"], json["classes"]!.AsArray().Select(c => (string)c!));
        using (NpzReader file = new(npz))
        {
            Assert.Equal([50L, 16, 16, 3], file["arr_0"].Shape);
            Assert.Equal(turns, file.Read<int>("labels"));
            Assert.Equal(turns, file.Read<int>("arr_1"));
            Assert.Equal(["1", "2", "3"], file.Texts["class_names"]);
        }
        // The same file as a data set.
        using (ImageDataset again = Dataset.Open(npz, new DatasetOptions { Size = 16, Channels = 3 }))
            Assert.Equal([("1", 17), ("2", 17), ("3", 16)], again.Report.Classes.Select(c => (c.Name, c.Count)));

        // Names win over numbers, and what was taken is said.
        Assert.Contains("classes: 1 2", Ok(["sample", run, "--class", "1", "-n", "2", "--out", one], "taken for the class named '1', which "
            + "is number 0; number 1 is '2'"));
        Assert.Equal(["1"], Directory.GetDirectories(one).Select(d => Path.GetFileName(d)!));
        Assert.Contains("classes: 1 2", Ok(["sample", run, "--class", "0", "-n", "2", "--out", one], "--class 0: no class is named so; "
            + "taken for number 0, which is '1'"));
        Ok(["interpolate", run, "--from-class", "0", "--rows", "1", "--out", folder.File("i.png")], "--from-class 0: no class is named so");
        Assert.Contains("\"labels\":[2,2]",
            Ok(["nearest", run, "--class", "3", "-n", "2", "-k", "1", "--out", folder.File("n.png"), "--json"], "").Replace(" ", "")
                .Replace("\n", ""));
        Assert.Contains("no such class", Fails(["interpolate", run, "--to-class", "9"]));

        string Ok(string[] arguments, string said)
        {
            using StringWriter output = new(), error = new();
            Assert.True(Commands.SaganCommandLine.Run(arguments, output, error) == 0, error.ToString());
            Assert.Contains(said, error.ToString());
            return output.ToString();
        }

        static string Fails(string[] arguments)
        {
            (int code, string error) = Sagan(arguments);
            Assert.Equal(2, code);
            return error;
        }
    }

    [Fact]
    public void A_generator_that_makes_no_finite_images_is_named()
    {
        using TemporaryFolder folder = new();
        string run = folder.File("run"), picture = folder.File("p.png");
        Assert.Equal((0, ""), Sagan(["train", "--out", run, "-q", "--size", "16", "--conv-dim", "8", "--z-dim", "8", "--g-attention",
            "none", "--d-attention", "none",
            "--batch", "4", "--steps", "1", "--set", "data.creatureCount=20", "--set", "sampling.images=8", "--set",
                "training.emaDecay=0"]));
        RunConfig config =
            ResolvedConfig.Resolve(new ConfigSources { File = Path.Combine(run, "config.json"), FileIsComplete = true }).Config;
        // Through a checkpoint of its own, as another program or an older one may have written it.
        TrainingState state = new(config);
        state.Generator.State().Single(s => s.Name == "last.0.bias").Parameter.Assign([0, float.NaN, 0]);
        CheckpointStore.ForWriting(Path.Combine(run, "checkpoints"), 2).Save(2, state.Files(), []);
        foreach (string[] verb in (string[][])[["sample", run, "--out", picture], ["evaluate", run],
            ["export", run, "--out", folder.File("g.pth")]])
        {
            (int code, string error) = Sagan(verb);
            Assert.Equal(5, code);
            Assert.Contains("the generator's 'last.0.bias' has 1 value of 3 that is NaN or infinite", error);
        }
        // Finite weights whose products are not.
        DivergedException e = Assert.Throws<DivergedException>(() =>
            Sampler.ToImages(Tensor.From([0, 0, 0, float.NaN], new Shape(2, 1, 2, 1))));
        Assert.Contains("image 1 of 2 has values that are NaN or infinite", e.Message);
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
            ImageFile.Save(folder / $"images/{i}.png", new Image(16, 16, 4, pixels));
        }
        Assert.Equal((0, ""), Sagan(["train", "--out", run, "-q", "--data", images, "--size", "16", "--conv-dim", "8", "--z-dim", "8",
            "--g-attention", "8", "--d-attention", "4",
            "--batch", "8", "--steps", "1", "--set", "model.channels=4", "--set", "sampling.images=4"]));
        Assert.Equal((0, ""), Sagan(["sample", run, "-n", "4", "--out", folder.File("grid.png"), "-q"]));
        Assert.Equal((0, ""), Sagan(["sample", run, "-n", "2", "--out", folder.File("alone"), "-q"]));
        string[] written = [folder.File("grid.png"), folder.File("alone/00000.png"),
            .. Directory.GetFiles(Path.Combine(run, "samples"), "*.png")];
        Assert.True(written.Length >= 4);
        Assert.All(written, file =>
        {
            Image image = TestData.Load(file);
            Assert.Equal(4, image.Channels);
            Assert.True(image.Pixels.Where((_, i) => i % 4 == 3).Distinct().Count() > 2);
        });
    }

    static (int Code, string Error) Sagan(string[] arguments)
    {
        using StringWriter output = new(), error = new();
        return (Commands.SaganCommandLine.Run(arguments, output, error), error.ToString());
    }
}
