using Sagan.Native.Augmentation;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Inspection;
using Sagan.Native.Kernels;
using Sagan.Native.Losses;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using Sagan.Native.Optim;
using Sagan.Native.Sampling;

namespace Sagan.Native.Training;

/// <summary>
/// All that a run is at one moment: networks, moving average, moments, counters. What <see cref="Files"/> writes is enough to go on bit for
/// bit; random numbers and the order of the data need no state, because they are counter-based: they follow from seed and step.
/// </summary>
sealed partial class TrainingState
{
    // Independent random streams under the run's seed. The numbers are part of what "same seed" means.
    const ulong GeneratorInit = 1, DiscriminatorInit = 2, Noise = 3, Mixing = 4, FixedNoise = 5, FakeClasses = 6, PenaltyNoise = 7;
    const ulong Augmentation = 8, ConsistencyCopies = 9, LatentShift = 10, LatentChoice = 11;

    readonly (string Name, Parameter Gamma)[] gammas;
    readonly (string Name, SpectralNorm Norm, Parameter Weight)[] norms;

    /// <summary>Fresh networks, on the configuration's device unless another is given.</summary>
    public TrainingState(RunConfig config, Device? device = null)
    {
        Config = config;
        Device = device ?? Device.Parse(config.Training.Device);
        Generator = Generator.Create(config.Model, Init(GeneratorInit));
        Discriminator = Discriminator.Create(config.Model, Init(DiscriminatorInit));
        gammas = [.. Gammas("g", Generator), .. Gammas("d", Discriminator)];
        norms = [.. Norms("g", Generator), .. Norms("d", Discriminator)];
        OptimizerConfig o = config.Optimizer;
        Discriminator.FreezeBlocks(o.FreezeD);
        GeneratorOptimizer = Adam(Generator.Parameters, o.GLearningRate);
        DiscriminatorOptimizer = Adam(Discriminator.Trained, o.DLearningRate);
        Step = new GanStep(Generator, Discriminator, GeneratorOptimizer, DiscriminatorOptimizer, config.Loss,
            Augment.Create(config.Augment, Seed(Augmentation), Device), ConsistencyAugment.Create(Seed(ConsistencyCopies)),
                config.Training.Accumulation,
            LatentOptimization.Create(config.Loss, Seed(LatentChoice)));
        if (config.Training.EmaDecay > 0)
        {
            // It becomes a copy at once, so a cheap filling will do.
            Average = Generator.Create(config.Model, new Initializer(new RandomSource(config.Training.Seed), device: Device));
            Ema = new ExponentialMovingAverage(Average, Generator, config.Training.EmaDecay, config.Training.EmaStart);
        }

        StepCount = 0;

        ulong Seed(ulong stream) => CounterRandom.Bits(config.Training.Seed, stream, 0);
        Initializer Init(ulong stream) => new(new RandomSource(config.Training.Seed, stream), config.Model.Init, Device);
        Adam Adam(IReadOnlyList<Parameter> trained, double rate) =>
            new(trained, (float)rate, o.Beta1, o.Beta2, (float)o.Epsilon, o.AdamForm);
    }

    public RunConfig Config { get; }

    public Device Device { get; }

    public Generator Generator { get; }

    public Discriminator Discriminator { get; }

    /// <summary>The generator's moving average, where the run keeps one.</summary>
    public Generator? Average { get; }

    /// <summary>The generator to sample from: the average, or else the generator itself.</summary>
    public Generator Best => Average ?? Generator;

    public ExponentialMovingAverage? Ema { get; }

    public Adam GeneratorOptimizer { get; }

    public Adam DiscriminatorOptimizer { get; }

    /// <summary>The updates of both networks, and what they keep between steps.</summary>
    public GanStep Step { get; }

    /// <summary>Number of finished training steps. How far the networks have grown follows from it.</summary>
    public int StepCount
    {
        get;
        set
        {
            field = value;
            Growth growth = GrowthSchedule.At(Config, value);
            (Generator.Growth, Discriminator.Growth) = (growth, growth);
            if (Average != null) Average.Growth = growth;
        }
    }

    /// <summary>What the configured learning rates are multiplied by: below 1 once the run was rolled back.</summary>
    public double LearningRateScale
    {
        get;
        set
        {
            field = value;
            GeneratorOptimizer.LearningRate = (float)(Config.Optimizer.GLearningRate * value);
            DiscriminatorOptimizer.LearningRate = (float)(Config.Optimizer.DLearningRate * value);
        }
    } = 1;

    /// <summary>The noise of draw number <paramref name="draw"/>: a function of seed and number.</summary>
    public Tensor Z(long draw, int count) => Latent(Noise, draw * RoundUp((long)count * Config.Model.ZDim), count);

    /// <summary>Vectors near those of draw number <paramref name="draw"/>, for consistency under changes of the latent vector.</summary>
    public Tensor NearZ(long draw, Tensor z) =>
        z + (float)Config.Loss.LatentNoise * Stream(LatentShift, draw * RoundUp(z.Count)).Normal(z.Shape, Device);

    /// <summary>The mixing weights of the gradient penalty of D step number <paramref name="draw"/>.</summary>
    public Tensor Alpha(long draw, int count) => Stream(Mixing, draw * RoundUp(count)).Uniform(new Shape(count), device: Device);

    /// <summary>
    /// What D step number <paramref name="draw"/> is computed from: these images, and random numbers that follow from the number.
    /// </summary>
    public DiscriminatorInput Input(Tensor real, int[] classes, long draw)
    {
        int n = real.Shape[0];
        Tensor z = Z(draw, n);
        return new DiscriminatorInput(real, z)
        {
            NearZ = Config.Loss.LatentConsistency > 0 ? NearZ(draw, z) : null,
            Alpha = GradientPenalty.Belongs(Config.Loss.Kind) ? Alpha(draw, n) : null,
            Noise = Config.Loss.Kind == LossKind.Dragan
                ? Stream(PenaltyNoise, draw * RoundUp(real.Count)).Uniform(real.Shape, device: Device) : null,
            RealClasses = Config.Model.Conditional ? classes : null,
            FakeClasses = Classes(draw, n, classes),
            Draw = draw,
        };
    }

    /// <summary>The classes that the fakes of draw number <paramref name="draw"/> are to be of: uniform, or those of the real images; null
    /// in an unconditional model.</summary>
    public int[]? Classes(long draw, int count, int[]? real)
    {
        if (!Config.Model.Conditional) return null;
        if (Config.Training.FakeClasses == FakeClassKind.Real && real != null) return real;
        return [.. Enumerable.Range(0, count)
            .Select(i => CounterRandom.Below(Config.Model.Classes, Config.Training.Seed, FakeClasses, (ulong)(draw * count + i)))];
    }

    /// <summary>The noise of the sample grids, the same during a whole run, so that pictures of different steps can be compared.</summary>
    public Tensor FixedZ(int count) => FixedZ(Config, count, Device);

    /// <summary>The same of a run with this configuration.</summary>
    public static Tensor FixedZ(RunConfig config, int count, Device device) =>
        Sampler.Latent(config.Model, new RandomSource(config.Training.Seed, FixedNoise), count, device);

    /// <summary>The classes of the sample grids: one after the other, a column of eight for each.</summary>
    public int[]? FixedClasses(int count) => FixedClasses(Config, count);

    /// <summary>The same of a run with this configuration.</summary>
    public static int[]? FixedClasses(RunConfig config, int count) =>
        config.Model.Conditional ? [.. Enumerable.Range(0, count).Select(i => i % 8 % config.Model.Classes)] : null;

    /// <summary>The gamma of every attention block, by name.</summary>
    public IEnumerable<(string Name, float Value)> Gammas() =>
        gammas.Where(g => IsLive(g.Gamma)).Select(g => (g.Name, g.Gamma.Value.Item()));

    /// <summary>The largest singular value of every spectrally normalised weight, as the last power iteration left it, by name.</summary>
    public IEnumerable<(string Name, float Value)> SingularValues() =>
        norms.Where(n => IsLive(n.Weight)).Select(n => (n.Name, n.Norm.Sigma));

    bool IsLive(Parameter p) => Generator.IsLive(p) && Discriminator.IsLive(p);

    /// <summary>The discriminator's scores of images; it is left as it was.</summary>
    /// <param name="images">Of the model's size.</param>
    /// <param name="classes">Their classes, in a conditional model.</param>
    public float[] Scores(IReadOnlyList<Image> images, int[] classes) =>
        AttentionPass.Undisturbed(Discriminator, () => Native.Step.Run(() => Autograd.NoGrad(() => Discriminator.Call(
            Sampler.FromImages(images, Device), AttentionPass.ConditionOf(Config.Model, classes, Device)).ToArray())));

    /// <summary>False when a weight, buffer, average or moment is NaN or infinite: such a state must not replace a good one.</summary>
    public bool IsFinite => Generator.State().Concat(Discriminator.State()).Concat(Average?.State() ?? []).Concat(Kept())
        .All(s => s.Parameter.Value.IsFinite());

    static IEnumerable<(string Name, Parameter Gamma)> Gammas(string network, Module module) =>
        module.Descendants().Where(m => m.Module is SelfAttention).Select(m => ($"{network}.{m.Name}", ((SelfAttention)m.Module).Gamma));

    static IEnumerable<(string Name, SpectralNorm Norm, Parameter Weight)> Norms(string network, Module module) =>
        module.Descendants().Where(m => m.Module is SpectralNorm)
            .Select(m => ($"{network}.{m.Name}", (SpectralNorm)m.Module, m.Module.Parameters[0]));

    Tensor Latent(ulong stream, long offset, int count) => Sampler.Latent(Config.Model, Stream(stream, offset), count, Device);

    RandomSource Stream(ulong stream, long offset) => new(Config.Training.Seed, stream) { Offset = (ulong)offset };

    static long RoundUp(long count) => (count + 3) / 4 * 4;
}
