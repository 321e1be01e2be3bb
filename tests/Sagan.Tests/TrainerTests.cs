using Sagan.Native.Augmentation;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Kernels;
using Sagan.Native.Losses;
using Sagan.Native.Models;
using Sagan.Native.Sampling;
using Sagan.Native.Training;

namespace Sagan.Native.Tests;

public class TrainerTests
{
    static readonly RunConfig Tiny = new()
    {
        Model = new() { Size = 16, ConvDim = 8, ZDim = 8, GAttention = [8], DAttention = [4], InitialGamma = 0.1 },
        Training = new() { Batch = 8, Seed = 5, EmaDecay = 0.9, EmaStart = 2, DSteps = 2 },
        Data = new() { CreatureCount = 40, Flip = true },
    };

    static readonly RunConfig WganGp =
        Tiny with { Loss = new() { Kind = LossKind.WganGp }, Model = Tiny.Model with { SpectralNorm = SpectralNormKind.Heykeetae } };

    // Its probability moves after every second update, upwards, so that it differs from one resumed step to the next.
    static readonly RunConfig Ada = Tiny with
    {
        Augment = new() { Kind = AugmentKind.Ada, AdaTarget = -0.99, AdaInterval = 2, AdaKimg = 0.1 },
        Loss = new() { Consistency = 5, FakeConsistency = 5, R1 = 0.1, R1Every = 2 },
        Training = Tiny.Training with { Accumulation = 2 },
    };

    static readonly RunConfig DiffAugment = Tiny with
    {
        Augment = new() { Kind = AugmentKind.DiffAugment, Policy = "flip,color,translation,cutout" },
        Loss = new() { LatentConsistency = 5, LatentDiversity = 0.5 },
    };

    // Everything at once: classes, residual blocks, lazy R1, LeCam's averages, a shrinking top-k, orthogonal regularisation, a batch in two
    // parts.
    static readonly RunConfig Conditional = Tiny with
    {
        Model = Tiny.Model with
        {
            Family = ModelFamily.Resnet,
            Conditional = true,
            Classes = 3,
            SpectralNorm = SpectralNormKind.Official,
            ConvDim = 4,
            GAttention = [16]
        },
        Loss = new() { R1 = 0.1, R1Every = 3, LeCam = 0.3, LeCamDecay = 0.9, TopK = 0.5, TopKSteps = 6, Orthogonal = 1e-4 },
        Training = Tiny.Training with { Accumulation = 2 },
    };

    // Dropout, whose random numbers are a part of the state.
    static readonly RunConfig Upconv = Tiny with
    {
        Model = Tiny.Model with { Family = ModelFamily.Upconv, SpectralNorm = SpectralNormKind.None, DAttention = [4] },
        Loss = new() { Kind = LossKind.Bce },
    };

    static readonly RunConfig Dragan =
        Tiny with { Loss = new() { Kind = LossKind.Dragan }, Model = Tiny.Model with { SpectralNorm = SpectralNormKind.None } };

    static readonly RunConfig Apa = Conditional with { Augment = Ada.Augment with { Kind = AugmentKind.Apa } };

    // Second-order gradients through both networks, in every convention of spectral normalisation; some of the discriminator stays as it
    // is.
    static readonly RunConfig Latent = Apa with
    {
        Model = Conditional.Model with { Latent = LatentKind.Uniform },
        Loss = Conditional.Loss with { LatentOptimization = 0.9, LatentOptimizationSteps = 2 },
        Optimizer = new() { FreezeD = 2 },
    };

    // Every stage within the few steps of these tests: 4x4, 8x8 fades in and stays, 16x16 fades in and stays.
    static readonly RunConfig Growing = DiffAugment with
    {
        Model = Tiny.Model with { GrowFrom = 4 },
        Training = Tiny.Training with { GrowSteps = 1, FadeSteps = 1 },
        Optimizer = new() { Beta1 = 0.5 },
    };

    static readonly RunConfig GrowingClasses = Conditional with
    {
        Model = Conditional.Model with { GrowFrom = 8 },
        Training = Conditional.Training with { GrowSteps = 2, FadeSteps = 2 },
    };

    // Real and fake images in passes of their own: with all that scores images besides, with a penalty that has an update of its own, with
    // z that moves, and with batch normalisation.
    static readonly RunConfig[] Separate =
    [
        InPasses(Ada, SpectralNormKind.Heykeetae),
        InPasses(Tiny with { Loss = new() { Kind = LossKind.WganGpTwoStep } }, SpectralNormKind.Heykeetae),
        InPasses(Tiny with { Loss = new() { Kind = LossKind.WganGp } }, SpectralNormKind.Torch),
        InPasses(Latent, SpectralNormKind.Heykeetae),
        InPasses(Upconv, SpectralNormKind.None),
    ];

    static RunConfig InPasses(RunConfig c, SpectralNormKind norm) =>
        c with { Model = c.Model with { SpectralNorm = norm }, Loss = c.Loss with { Passes = PassKind.Separate } };

    static readonly RunConfig[] All = [Tiny, WganGp, Conditional, Upconv, Dragan, Ada, DiffAugment, Apa, Latent, Growing, GrowingClasses,
        .. Separate];

    static ImageDataset Data() => Dataset.Open(Dataset.Creatures, new DatasetOptions { Size = 16, CreatureCount = 40 });

    [Fact]
    public void Same_seed_gives_the_same_bits_for_1_and_3_threads()
    {
        int before = WorkerPool.Threads;
        try
        {
            foreach (RunConfig config in All)
            {
                byte[][] states = [.. new[] { 1, 3 }.Select(threads =>
                {
                    WorkerPool.Threads = threads;
                    return Snapshot(Advance(new TrainingState(config), 4));
                })];
                Assert.True(states[0].AsSpan().SequenceEqual(states[1]), "1 and 3 threads differ");
            }
        }
        finally
        {
            WorkerPool.Threads = before;
        }
    }

    [Fact]
    public void The_probability_of_adaptive_augmentation_moves_in_training_and_is_loaded_again()
    {
        TrainingState state = Advance(new TrainingState(Ada), 2), loaded = new(Ada);
        (string name, double p) = Assert.Single(state.Step.Metrics);
        Assert.Equal("ada_p", name);
        Assert.InRange(p, 0.01, 1);
        Dictionary<string, byte[]> files = Write(state);
        loaded.Load(file => new MemoryStream(files[file]));
        Assert.Equal(p, loaded.Step.Metrics.Single().Value);
    }

    // In training mode a heykeetae norm turns its vectors in every pass that counts: three in D's update with a penalty, and none in the
    // passes beside.
    [Fact]
    public void Spectral_norms_move_once_in_each_separate_pass()
    {
        foreach ((RunConfig config, int passes) in ((RunConfig, int)[])[(Separate[1], 3), (Separate[0], 4), (WganGp, 1)])
        {
            // Weights stay, so that the passes can be counted by power iteration itself.
            RunConfig still = config with
            {
                Optimizer = new() { GLearningRate = 1e-30, DLearningRate = 1e-30 },
                Training = config.Training with { EmaDecay = 0 }
            };
            TrainingState trained = new(still), counted = new(still);
            Step.Run(() => trained.Step.Discriminator(trained
                .Input(new RandomSource(3).Uniform(new Shape(8, 16, 16, 3), -1, 1), new int[8], 0)));
            for (int i = 0; i < passes; i++)
                Step.Run(() => Autograd.NoGrad(() =>
                    counted.Discriminator.Call(new RandomSource(3).Uniform(new Shape(8, 16, 16, 3), -1, 1))).ToArray());
            Assert.Equal(Vectors(counted), Vectors(trained));
        }

        static float[] Vectors(TrainingState s) =>
            [.. s.Discriminator.State().Where(p => p.Name.EndsWith("weight_u", StringComparison.Ordinal))
                .SelectMany(p => p.Parameter.Value.ToArray())];
    }

    [Fact]
    public void Another_seed_gives_other_bits() =>
        Assert.False(Snapshot(new TrainingState(Tiny)).AsSpan()
            .SequenceEqual(Snapshot(new TrainingState(Tiny with { Training = Tiny.Training with { Seed = 6 } }))));

    [Fact]
    public void A_run_resumed_after_any_step_equals_one_that_never_stopped()
    {
        const int Steps = 5;
        foreach (RunConfig config in All)
        {
            byte[] whole = Snapshot(Advance(new TrainingState(config), Steps));
            TrainingState stopped = new(config);
            for (int stop = 1; stop < Steps; stop++)
            {
                Dictionary<string, byte[]> files = Write(Advance(stopped, 1));
                TrainingState resumed = new(config);
                resumed.Load(name => new MemoryStream(files[name]));
                Assert.Equal(stop, resumed.StepCount);
                Assert.True(whole.AsSpan().SequenceEqual(Snapshot(Advance(resumed, Steps - stop))),
                    $"{config.Model.Family}, {config.Loss.Kind}, {config.Augment.Kind}: resumed after step {stop} differs");
            }
        }
    }

    [Theory]
    [InlineData(NormStatistics.Running)]
    [InlineData(NormStatistics.Batch)]
    [InlineData(NormStatistics.Standing)]
    public void Sampling_changes_nothing(NormStatistics statistics)
    {
        TrainingState state = Advance(new TrainingState(WganGp), 2);
        byte[] before = Snapshot(state);
        Image[] images = Step.Run(() => Sampler.Images(state.Generator, state.FixedZ(70), statistics));
        Assert.Equal(70, images.Length);
        Assert.True(before.AsSpan().SequenceEqual(Snapshot(state)));
        Image[] again = Step.Run(() => Sampler.Images(state.Generator, state.FixedZ(70), statistics));
        Assert.All(images.Zip(again), p => Assert.Equal(p.First.Pixels, p.Second.Pixels));
    }

    // Gradients of parts are averaged; without batch normalisation in D and with a penalty that is a mean, two halves give what the whole
    // gives.
    [Fact]
    public void A_batch_in_two_parts_moves_the_discriminator_as_one()
    {
        RunConfig plain = Tiny with
        {
            Model = Tiny.Model with { SpectralNorm = SpectralNormKind.None },
            Loss = new() { Kind = LossKind.WganGp },
            Training = Tiny.Training with { EmaDecay = 0 },
            // With this epsilon a step is nearly proportional to the gradient: p -= g / (|g| + 1).
            Optimizer = new() { DLearningRate = 1, Epsilon = 1 },
        };
        float[] start = [.. new TrainingState(plain).Discriminator.Parameters.SelectMany(p => p.Value.ToArray())];
        float[][] weights = [.. new[] { 1, 2 }.Select(parts =>
        {
            TrainingState state = new(plain with { Training = plain.Training with { Accumulation = parts } });
            // With running statistics a fake does not depend on its part.
            state.Generator.Train(false);
            Step.Run(() =>
            {
                Tensor real = new RandomSource(9).Uniform(new Shape(8, 16, 16, 3), -1, 1);
                state.Step.Discriminator(state.Input(real, new int[8], 0));
            });
            return state.Discriminator.Parameters.SelectMany(p => p.Value.ToArray()).ToArray();
        })];
        float moved = start.Zip(weights[0]).Max(w => Math.Abs(w.First - w.Second)),
            apart = weights[0].Zip(weights[1]).Max(w => Math.Abs(w.First - w.Second));
        Assert.True(moved > 0.1 && apart < 1e-5 * moved, $"moved by {moved}, apart by {apart}");
    }

    [Fact]
    public void Standing_statistics_differ_from_the_running_ones_and_do_not_depend_on_the_batch()
    {
        TrainingState state = Advance(new TrainingState(Conditional), 2);
        Image[] standing = Sample(8, NormStatistics.Standing), running = Sample(8, NormStatistics.Running),
            fewer = Sample(3, NormStatistics.Standing);
        Assert.NotEqual(running[0].Pixels, standing[0].Pixels);
        Assert.Equal(standing[2].Pixels, fewer[2].Pixels);

        Image[] Sample(int n, NormStatistics s) =>
            Step.Run(() => Sampler.Images(state.Best, Ops.Slice(state.FixedZ(8), 0, 0, n), s, state.FixedClasses(n)));
    }

    [Fact]
    public void With_running_statistics_an_image_does_not_depend_on_its_neighbours()
    {
        TrainingState state = Advance(new TrainingState(Tiny), 2);
        Image[] many = Step.Run(() => Sampler.Images(state.Best, state.FixedZ(8)));
        Image[] one = Step.Run(() => Sampler.Images(state.Best, Ops.Slice(state.FixedZ(8), 0, 3, 1)));
        Assert.Equal(many[3].Pixels, one[0].Pixels);
    }

    [Fact]
    public void A_checkpoint_that_does_not_fit_changes_nothing()
    {
        Dictionary<string, byte[]> files = Write(new TrainingState(Tiny with { Model = Tiny.Model with { ConvDim = 16 } }));
        TrainingState state = new(Tiny);
        byte[] before = Snapshot(state);
        Exception e = Assert.ThrowsAny<Exception>(() => state.Load(name => new MemoryStream(files[name])));
        Assert.Contains("does not fit the network", e.Message, StringComparison.Ordinal);
        Assert.True(before.AsSpan().SequenceEqual(Snapshot(state)));
    }

    [Fact]
    public void A_state_with_a_weight_that_is_not_finite_says_so()
    {
        TrainingState state = new(Tiny);
        Assert.True(state.IsFinite);
        Parameter p = state.Discriminator.State().Last().Parameter;
        float[] values = p.Value.ToArray();
        values[^1] = float.NaN;
        p.Assign(values);
        Assert.False(state.IsFinite);
    }

    [Fact]
    public void Training_memory_is_flat_over_200_steps()
    {
        using ImageDataset data = Data();
        TrainingState state = new(Tiny);
        using Trainer trainer = new(state, data);
        for (int i = 0; i < 5; i++) trainer.Next();
        Garbage.Collect();
        (long live, long reserved) = (Device.Cpu.Pool.LiveBytes, Device.Cpu.Pool.ReservedBytes);
        for (int i = 0; i < 200; i++) Assert.True(trainer.Next().IsFinite);
        Assert.Equal(live, Device.Cpu.Pool.LiveBytes);
        Assert.Equal(reserved, Device.Cpu.Pool.ReservedBytes);
    }

    static TrainingState Advance(TrainingState state, int steps)
    {
        using ImageDataset data = Data();
        using Trainer trainer = new(state, data);
        for (int i = 0; i < steps; i++) trainer.Next();
        return state;
    }

    static Dictionary<string, byte[]> Write(TrainingState state) => state.Files().ToDictionary(f => f.Key, f =>
    {
        using MemoryStream s = new();
        f.Value(s);
        return s.ToArray();
    });

    static byte[] Snapshot(TrainingState state) => [.. Write(state).OrderBy(f => f.Key, StringComparer.Ordinal).SelectMany(f => f.Value)];
}
