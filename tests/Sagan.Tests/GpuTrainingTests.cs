using Sagan.Native.Augmentation;
using Sagan.Native.Data;
using Sagan.Native.Kernels;
using Sagan.Native.Losses;
using Sagan.Native.Models;
using Sagan.Native.Training;

namespace Sagan.Native.Tests;

/// <summary>Whole training steps on a GPU against the same steps on the processor.</summary>
public sealed class GpuTrainingTests
{
    // Adam's epsilon is large, so that rounding noise in gradients that are 0 by theory does not become steps: see tests/golden/README.md.
    static readonly RunConfig Hinge = new()
    {
        Model = new() { Size = 16, ConvDim = 8, ZDim = 8, GAttention = [8], DAttention = [4], InitialGamma = 0.5 },
        Optimizer = new() { GLearningRate = 1e-3, DLearningRate = 4e-3, Epsilon = 1e-4 },
        Training = new() { Batch = 2, Seed = 5, EmaDecay = 0.9 },
        Data = new() { CreatureCount = 4 },
    };

    static readonly RunConfig WganGp =
        Hinge with { Loss = new() { Kind = LossKind.WganGp }, Model = Hinge.Model with { SpectralNorm = SpectralNormKind.Heykeetae } };

    // From the first update on each image is changed in every way.
    static readonly RunConfig Augmented = Hinge with
    {
        Augment = new() { Kind = AugmentKind.Ada, AdaTarget = -0.99, AdaInterval = 1, AdaKimg = 0.002 },
        Loss = new() { Consistency = 1, FakeConsistency = 1, LatentConsistency = 1, LatentDiversity = 0.1 },
    };

    // The second step fades in the full size.
    static readonly RunConfig Growing =
        Hinge with { Model = Hinge.Model with { GrowFrom = 8 }, Training = Hinge.Training with { GrowSteps = 1, FadeSteps = 1 } };

    static Device Gpu => NetworkGpu.Device;

    [Theory]
    [InlineData("hinge")]
    [InlineData("wgan-gp")]
    [InlineData("augmented")]
    [InlineData("growing")]
    public void Two_steps_follow_the_processor(string run)
    {
        RunConfig config = run switch { "hinge" => Hinge, "wgan-gp" => WganGp, "growing" => Growing, _ => Augmented };
        TrainingState gpu = new(config, Gpu), cpu = new(config, Device.Cpu);
        StepReport[] onGpu = Advance(gpu, 2), onCpu = Advance(cpu, 2);
        for (int i = 0; i < onGpu.Length; i++)
        {
            Assert.Equal(onCpu[i].DLoss, onGpu[i].DLoss, 1e-4);
            Assert.Equal(onCpu[i].GLoss, onGpu[i].GLoss, 1e-4);
        }
        foreach (((string name, Parameter expected), (_, Parameter actual)) in cpu.Generator.State().Concat(cpu.Discriminator.State())
            .Zip(gpu.Generator.State().Concat(gpu.Discriminator.State())))
        {
            float[] e = expected.Value.ToArray(), a = actual.Value.ToArray();
            for (int k = 0; k < e.Length; k++)
                Assert.True(Math.Abs(e[k] - a[k]) <= 1e-4, $"{name}[{k}] is {a[k]} on {gpu.Device}, {e[k]} on the processor");
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_bits_whether_losses_are_looked_at_or_not()
    {
        TrainingState seen = new(Hinge, Gpu), unseen = new(Hinge, Gpu);
        StepReport[] reports = Advance(seen, 2);
        using ImageDataset data = Data();
        using (Trainer trainer = new(unseen, data))
        {
            trainer.NextUnseen();
            trainer.NextUnseen();
            // Looked at afterwards, each step reports what it would have reported at once.
            Assert.Equal(reports, trainer.Look());
            Assert.Empty(trainer.Look());
        }
        Assert.Equal(2, unseen.StepCount);
        foreach ((Parameter a, Parameter b) in Parameters(seen).Zip(Parameters(unseen))) Assert.Equal(a.Value.ToArray(), b.Value.ToArray());
    }

    [Fact]
    public void A_step_leaves_no_tensor_behind()
    {
        using ImageDataset data = Data();
        using Trainer trainer = new(new TrainingState(Hinge, Gpu), data);
        // Adam keeps a table for each place that gradients come to lie in, and the first steps find new ones.
        for (int i = 0; i < 12; i++) trainer.NextUnseen();
        trainer.Look();
        Garbage.Collect();
        int live = Gpu.Pool.LiveCount;
        for (int i = 0; i < 3; i++) trainer.NextUnseen();
        trainer.Look();
        Garbage.Collect();
        Assert.Equal(live, Gpu.Pool.LiveCount);
    }

    static IEnumerable<Parameter> Parameters(TrainingState s) =>
        s.Generator.Parameters.Concat(s.Discriminator.Parameters).Concat(s.Average!.Parameters);

    static ImageDataset Data() => Dataset.Open(Dataset.Creatures, new DatasetOptions { Size = 16, CreatureCount = 4 });

    static StepReport[] Advance(TrainingState state, int steps)
    {
        using ImageDataset data = Data();
        using Trainer trainer = new(state, data);
        return [.. Enumerable.Range(0, steps).Select(_ => trainer.Next())];
    }
}
