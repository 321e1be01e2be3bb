using Sagan.Native.Augmentation;
using Sagan.Native.Commands;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.IO;
using Sagan.Native.Losses;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using Sagan.Native.Optim;
using Sagan.Native.Training;

namespace Sagan.Native.Tests.Growing;

/// <summary>Training while networks grow. That a resumed run equals one that never stopped is in <see cref="TrainerTests"/>.</summary>
public sealed class GrowingTrainingTests : IDisposable
{
    // 4x4 for two steps, 8x8 fades in for one and stays for two, so does 16x16, which is complete after six.
    static readonly RunConfig Small = new()
    {
        Model = new() { Size = 16, ConvDim = 8, ZDim = 8, GrowFrom = 4, GAttention = [4, 8], DAttention = [4, 8], InitialGamma = 0.1 },
        Training = new() { Batch = 4, EmaDecay = 0.5, GrowSteps = 2, FadeSteps = 1 },
        Data = new() { CreatureCount = 8 },
    };

    static readonly ModelConfig ResNet =
        Small.Model with { Family = ModelFamily.Resnet, ConvDim = 4, GrowFrom = 8, GAttention = [8], DAttention = [8] };

    static readonly ModelConfig BigGan = ResNet with
    {
        Conditional = true,
        Classes = 3,
        ConditionalNorm = ConditionalNormKind.Linear,
        SharedEmbedding = 4,
        HierarchicalZ = true,
        ZDim = 9,
        SpectralNorm = SpectralNormKind.Official,
    };

    static readonly Dictionary<string, RunConfig> all = new()
    {
        ["hinge, moments"] = Small with { Optimizer = new() { Beta1 = 0.5 } },
        ["diff-augment, zCR"] = Small with
        {
            Augment = new() { Kind = AugmentKind.DiffAugment },
            Loss = new() { LatentConsistency = 5, LatentDiversity = 0.5 }
        },
        ["ada, bCR, lazy R1, parts"] = Small with
        {
            Augment = new() { Kind = AugmentKind.Ada, AdaTarget = -0.9, AdaInterval = 1, AdaKimg = 0.01 },
            Loss = new() { Consistency = 1, FakeConsistency = 1, R1 = 0.1, R1Every = 2 },
            Training = Small.Training with { Accumulation = 2, DSteps = 2 },
        },
        ["wgan-gp"] = Small with
        {
            Loss = new() { Kind = LossKind.WganGp },
            Model = Small.Model with { SpectralNorm = SpectralNormKind.Heykeetae }
        },
        ["wgan-gp, two steps"] = Small with
        {
            Loss = new() { Kind = LossKind.WganGpTwoStep },
            Model = Small.Model with { SpectralNorm = SpectralNormKind.None }
        },
        ["dragan"] = Small with
        {
            Loss = new() { Kind = LossKind.Dragan },
            Model = Small.Model with { SpectralNorm = SpectralNormKind.None }
        },
        ["resnet, classes, pieces of z, orthogonal, LeCam, apa"] = Small with
        {
            Model = BigGan,
            Loss = new() { Orthogonal = 1e-4, LeCam = 0.3, TopK = 0.5, TopKSteps = 3 },
            Augment = new() { Kind = AugmentKind.Apa, AdaTarget = -0.9, AdaInterval = 1, AdaKimg = 0.01 },
        },
        ["upconv"] = Small with
        {
            Model = Small.Model with
            {
                Family = ModelFamily.Upconv,
                GrowFrom = 8,
                GAttention = [8],
                DAttention = [4],
                SpectralNorm = SpectralNormKind.None
            },
            Loss = new() { Kind = LossKind.Bce },
        },
    };

    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string> Names => [.. all.Keys];

    static ImageDataset Data() => Dataset.Open(Dataset.Creatures, new DatasetOptions { Size = 16, CreatureCount = 8 });

    // What is inactive rests: weights, buffers, singular vectors, moments. What is live and trainable moves.
    [Theory]
    [MemberData(nameof(Names))]
    public void Every_stage_trains_what_is_live_and_nothing_else(string name)
    {
        RunConfig config = all[name];
        TrainingState state = new(config);
        using ImageDataset data = Data();
        using Trainer trainer = new(state, data);
        HashSet<string> inactive = [];
        for (int step = 0; step < 10; step++)
        {
            Assert.Equal(GrowthSchedule.At(config, step), state.Generator.Growth);
            Assert.Equal((state.Generator.Growth, state.Generator.Growth), (state.Discriminator.Growth, state.Average!.Growth));
            (string Name, Parameter P, bool Live)[] before =
            [
                .. state.Generator.State().Select(s => ("g." + s.Name, s.Parameter, state.Generator.IsLive(s.Parameter))),
                .. state.Discriminator.State().Select(s => ("d." + s.Name, s.Parameter, state.Discriminator.IsLive(s.Parameter))),
            ];
            Dictionary<Parameter, (Parameter M, Parameter V)> moments = state.GeneratorOptimizer.State()
                .Concat(state.DiscriminatorOptimizer.State()).ToDictionary(s => s.Parameter, s => (s.M, s.V));
            float[][] values = [.. before.Select(b => b.P.Value.ToArray())], m = [.. before.Select(b => Of(b.P, p => p.M))],
                v = [.. before.Select(b => Of(b.P, p => p.V))];
            Assert.True(trainer.Next().IsFinite, $"{name}: step {step}");
            for (int i = 0; i < before.Length; i++)
            {
                (string key, Parameter p, bool live) = before[i];
                if (!live)
                {
                    inactive.Add(key);
                    Assert.True(values[i].AsSpan().SequenceEqual(p.Value.ToArray()), $"{name}: {key} moved in step {step} while it was "
                        + "inactive");
                    Assert.Equal(m[i], Of(p, x => x.M));
                    Assert.Equal(v[i], Of(p, x => x.V));
                }
                // A bias that a normalisation or a softmax takes away again has a gradient of 0 or of rounding noise.
                else if (p.IsTrainable && !key.EndsWith(".bias", StringComparison.Ordinal))
                    Assert.False(values[i].AsSpan().SequenceEqual(p.Value.ToArray()), $"{name}: {key} did not move in step {step}");
            }
            Assert.True(state.IsFinite);

            float[] Of(Parameter p, Func<(Parameter M, Parameter V), Parameter> which) =>
                moments.TryGetValue(p, out (Parameter, Parameter) pair) ? which(pair).Value.ToArray() : [];
        }
        Assert.Equal(new Growth(16, 1), state.Generator.Growth);
        Assert.Contains(inactive, k => k.StartsWith("g.to_rgb", StringComparison.Ordinal));
        Assert.Contains(inactive, k => k.StartsWith("d.from_rgb", StringComparison.Ordinal));
    }

    // With beta1 = 0 the first step of Adam is the learning rate times the gradient's sign: by the t of the run it would be several times
    // that.
    [Fact]
    public void A_block_that_wakes_takes_its_first_steps_as_a_new_one_does()
    {
        RunConfig config = Small with
        {
            Training = Small.Training with { GrowSteps = 6 },
            Optimizer = new() { GLearningRate = 1e-3, Beta2 = 0.99 }
        };
        TrainingState state = new(config);
        using ImageDataset data = Data();
        using Trainer trainer = new(state, data);
        for (int i = 0; i < 6; i++) trainer.Next();
        Parameter awake = state.Generator.State().First(s => s.Name == "l2.0.weight_orig").Parameter,
            head = state.Generator.State().First(s => s.Name == "to_rgb8.weight").Parameter;
        foreach (Parameter p in (Parameter[])[awake, head])
        {
            Assert.True(state.Generator.IsLive(p));
            Assert.Equal(6, state.GeneratorOptimizer.SkippedSteps[state.Generator.Parameters.ToList().IndexOf(p)]);
        }
        float[] before = [.. awake.Value.ToArray(), .. head.Value.ToArray()];
        trainer.Next();
        double[] moved = [.. before.Zip([.. awake.Value.ToArray(), .. head.Value.ToArray()], (a, b) => Math.Abs((double)b - a))];
        Assert.InRange(moved.Max(), 0.99e-3, 1.01e-3);
        Assert.True(moved.Count(x => x > 0.9e-3) > 0.9 * moved.Length);
    }

    [Fact]
    public void Only_counts_that_can_be_are_read()
    {
        TrainingState state = new(Small);
        using (ImageDataset data = Data())
        using (Trainer trainer = new(state, data)) trainer.Next();
        int n = state.Generator.Parameters.Count;
        string good = string.Join(',', state.GeneratorOptimizer.SkippedSteps.ToArray());
        Assert.Equal(1, state.GeneratorOptimizer.SkippedSteps.ToArray().Max());
        foreach (string bad in (string[])["", "1", string.Join(',', Enumerable.Repeat("2", n)),
            string.Join(',', Enumerable.Repeat("-1", n)), good + ",0", new string('1', 100 * n)])
        {
            RunFileException e = Assert.Throws<RunFileException>(() => Load(bad));
            Assert.Contains($"'sagan.g_missed' must be {n} counts of at most 1", e.Message);
        }
        Load(good);

        void Load(string missed) => new TrainingState(Small).Load(name =>
        {
            MemoryStream s = new();
            state.Files()[name](s);
            s.Position = 0;
            if (name != TrainingState.OptimizerFile) return s;
            using SafetensorsReader reader = new(s, name);
            SafetensorsWriter writer = new();
            foreach (TensorEntry e in reader.Entries)
                writer.Add(e.Name, new Shape([.. e.Shape.Select(d => (int)d)]), reader.Read<float>(e.Name));
            foreach ((string key, string value) in reader.Metadata) writer.Metadata[key] = key == "sagan.g_missed" ? missed : value;
            MemoryStream changed = new();
            writer.Write(changed);
            changed.Position = 0;
            return changed;
        });
    }

    // From training to a file that a network which never grew reads.
    [Fact]
    public void A_run_is_sampled_at_each_stage_and_exported_when_it_is_complete()
    {
        string run = folder.File("run"), file = folder.File("g.safetensors"), plain = folder.File("plain");
        string[] small = ["--size", "16", "--conv-dim", "8", "--z-dim", "8", "--g-attention", "8", "--d-attention", "none"];
        string[] grow = ["--grow-from", "4", "--set", "training.growSteps=2", "--set", "training.fadeSteps=1", "--batch", "4", "--set",
            "data.creatureCount=8"];
        Ok(["train", .. small, .. grow, "--steps", "7", "--save-every", "1", "--keep", "9", "--sample-every", "0", "--out", run, "-q"]);
        Assert.Contains("4x4 to step 2, 8x8 fades in until 3 and stays to 5, 16x16 fades in until 6",
            File.ReadAllText(Path.Combine(run, "log.txt")));

        foreach ((int step, int blocks) in (IEnumerable<(int, int)>)[(1, 4), (3, 2), (7, 1)])
        {
            Image image = Assert.Single(Sample(Path.Combine(run, "checkpoints", $"step-{step:D7}"), 1));
            Assert.Equal(16, image.Width);
            Assert.Equal(blocks, Block(image));
        }

        (int code, string error) = Sagan("export", Path.Combine(run, "checkpoints", "step-0000005"), "--out", file);
        Assert.Equal(2, code);
        Assert.Contains("at step 5 the generator is still growing", error);
        Assert.Contains("after step 6", error);
        Assert.Contains($"train on: sagan resume {run} --steps STEPS", error);
        Directory.Move(Path.Combine(run, "checkpoints", "step-0000004"), folder.File("alone"));
        (code, error) = Sagan("export", folder.File("alone"), "--out", file);
        Assert.Equal(2, code);
        Assert.EndsWith("train on in the run that this checkpoint is of.", error.TrimEnd());
        Assert.False(File.Exists(file));

        Ok(["export", run, "--out", file]);
        using (SafetensorsReader exported = new(file))
            Assert.DoesNotContain(exported.Entries, e => e.Name.StartsWith("to_rgb", StringComparison.Ordinal));
        Ok(["import", file, .. small, "--out", plain]);
        Assert.Equal(Sample(run, 5).Select(i => i.Pixels), Sample(plain, 5).Select(i => i.Pixels));

        (code, error) = Sagan(["import", file, .. small, "--grow-from", "8", "--out", folder.File("no")]);
        Assert.Equal(2, code);
        Assert.Contains("do not grow; --set model.growFrom=0", error);
    }

    // The side of the largest squares of one colour.
    static int Block(Image image) => new[] { 16, 8, 4, 2, 1 }.First(k => Enumerable.Range(0, 256).All(i =>
        Enumerable.Range(0, 3).All(c => image.Pixels[3 * i + c] == image.Pixels[3 * (i / 16 / k * k * 16 + i % 16 / k * k) + c])));

    Image[] Sample(string source, int count)
    {
        string pictures = folder.File(Guid.NewGuid().ToString("N"));
        Ok(["sample", source, "-n", $"{count}", "--seed", "3", "--out", pictures]);
        return [.. Directory.EnumerateFiles(pictures).Order(StringComparer.Ordinal).Select(f => TestData.Load(f))];
    }

    static (int Code, string Error) Sagan(params string[] arguments)
    {
        StringWriter output = new(), error = new();
        return (SaganCommandLine.Run(arguments, output, error), error.ToString());
    }

    static void Ok(string[] arguments)
    {
        (int code, string error) = Sagan(arguments);
        Assert.True(code == 0, error);
    }
}
