using Sagan.Native.Augmentation;
using Sagan.Native.Configuration;
using Sagan.Native.Kernels;
using Sagan.Native.Losses;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using Sagan.Native.Optim;
using Sagan.Native.Training;

namespace Sagan.Native.Tests;

[Quick]
public class AugmentTrainingTests
{
    static readonly ModelConfig Small =
        new() { Size = 16, ConvDim = 8, ZDim = 8, GAttention = [], DAttention = [], SpectralNorm = SpectralNormKind.None };

    // Notes what it was asked for, and changes nothing.
    sealed class Spy : Augment
    {
        public List<(int Images, ulong Draw, ulong Stream)> Calls { get; } = [];

        public List<int> Observed { get; } = [];

        public override Tensor Apply(Tensor x, ulong draw, ulong stream)
        {
            Calls.Add((x.Shape[0], draw, stream));
            return x;
        }

        public override void Observe(IReadOnlyList<Tensor> realScores) => Observed.AddRange(realScores.Select(s => s.Count));
    }

    [Fact]
    public void Parts_of_a_batch_and_both_networks_draw_different_numbers() => Step.Run(() =>
    {
        ModelConfig m = Small;
        Generator g = Generator.Create(m, new Initializer(new RandomSource(1)));
        Discriminator d = Discriminator.Create(m, new Initializer(new RandomSource(2)));
        Spy spy = new();
        GanStep step = new(g, d, new Adam(g.Parameters, 1e-4f, 0, 0.9), new Adam(d.Parameters, 1e-4f, 0, 0.9), augment: spy, parts: 2);
        RandomSource random = new(3);
        Tensor real = random.Uniform(new Shape(4, 16, 16, 3), -1, 1), z = random.Normal(new Shape(4, 8));
        step.Discriminator(new DiscriminatorInput(real, z) { Draw = 6 });
        step.Generator(z, draw: 7);
        (int, ulong, ulong)[] both = [(2, 12, Augment.Real), (2, 12, Augment.Fake), (2, 13, Augment.Real), (2, 13, Augment.Fake)];
        Assert.Equal([.. both, (2, 14ul, Augment.Fake), (2, 15ul, Augment.Fake)], spy.Calls);
        Assert.Equal([2, 2], spy.Observed);
    });

    sealed class Deceiver(params bool[] replaced) : Augment
    {
        public override Tensor Apply(Tensor x, ulong draw, ulong stream) => x;

        public override bool[]? Replaced(int images, ulong draw) => replaced;
    }

    [Fact]
    public void Replaced_images_are_scored_as_real_ones_of_their_own_class() => Step.Run(() =>
    {
        ModelConfig m = Small with { Conditional = true, Classes = 3 };
        RandomSource random = new(3);
        Tensor real = random.Uniform(new Shape(3, 16, 16, 3), -1, 1), z = random.Normal(new Shape(3, 8));
        DiscriminatorInput input = new(real, z) { RealClasses = [0, 0, 2], FakeClasses = [1, 2, 1] };
        Tensor made = Autograd.NoGrad(() => Generator().Call(input.Z, new Condition(IndexTensor.From(input.FakeClasses))));
        Tensor mixed = Ops.Concat(Ops.Concat(Ops.Slice(input.Real, 0, 0, 1), Ops.Slice(made, 0, 1, 1)), Ops.Slice(input.Real, 0, 2, 1));
        float expected = Loss(null, input with { Real = mixed, RealClasses = [0, 2, 2] });
        Assert.Equal(expected, Loss(new Deceiver(false, true, false), input));
        Assert.NotEqual(expected, Loss(null, input));
        Assert.NotEqual(expected, Loss(null, input with { Real = mixed }));

        Generator Generator() => Models.Generator.Create(m, new Initializer(new RandomSource(1)));

        float Loss(Augment? augment, DiscriminatorInput input)
        {
            Generator g = Generator();
            Discriminator d = Discriminator.Create(m, new Initializer(new RandomSource(2)));
            // Unlike hinge, its loss depends on every score, however large.
            LossConfig loss = new() { Kind = LossKind.LeastSquares };
            GanStep step = new(g, d, new Adam(g.Parameters, 1e-4f, 0, 0.9), new Adam(d.Parameters, 1e-4f, 0, 0.9), loss, augment);
            return step.Discriminator(input).Loss.Item();
        }
    });

    // 20,000 images: five standard deviations are 0.016.
    [Fact]
    public void Pseudo_augmentation_replaces_images_with_its_probability()
    {
        Assert.Null(new Apa(1, Device.Cpu).Replaced(8, 1));
        bool[] replaced = new Apa(1, Device.Cpu, initial: 0.3).Replaced(20_000, 1)!;
        Assert.InRange(replaced.Count(r => r) / 20_000.0, 0.284, 0.316);
        Assert.Equal(replaced, new Apa(1, Device.Cpu, initial: 0.3).Replaced(20_000, 1));
        Assert.NotEqual(replaced, new Apa(1, Device.Cpu, initial: 0.3).Replaced(20_000, 2));
    }

    // Both halves by their formulas, on networks without spectral normalisation, whose passes do not change them.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Near_latent_vectors_are_to_score_alike_and_look_different(int parts) => Step.Run(() =>
    {
        ModelConfig m = Small;
        RandomSource random = new(3);
        Tensor real = random.Uniform(new Shape(4, 16, 16, 3), -1, 1), z = random.Normal(new Shape(4, 8)),
            near = z + 0.3f * random.Normal(z.Shape);
        DiscriminatorInput input = new(real, z) { NearZ = near };

        (Generator g, Discriminator d, _) = Fresh(new LossConfig());
        float consistency = 0, diversity = 0;
        for (int i = 0; i < parts; i++)
        {
            int n = 4 / parts;
            Tensor x = g.Call(Ops.Slice(z, 0, i * n, n)), y = g.Call(Ops.Slice(near, 0, i * n, n));
            consistency += Ops.Mean(Ops.Square(d.Call(x) - d.Call(y))).Item() / parts;
            diversity += Ops.Mean(Ops.Square(x - y)).Item() / parts;
        }
        Assert.True(consistency > 1e-7 && diversity > 1e-4, $"{consistency}, {diversity}");

        // Weights that make the terms about as large as the losses: the rest is rounding.
        LossConfig weighted = new() { LatentConsistency = 1 / consistency, LatentDiversity = 1 / diversity };
        float plain = Fresh(new LossConfig()).Step.Discriminator(input).Loss.Item(),
            with = Fresh(weighted).Step.Discriminator(input).Loss.Item();
        Assert.Equal(1, with - plain, 1e-3f);
        plain = Fresh(new LossConfig()).Step.Generator(z).Item();
        with = Fresh(weighted).Step.Generator(z, nearZ: near).Item();
        Assert.Equal(-1, with - plain, 1e-3f);
        Assert.Throws<ArgumentException>(() => Fresh(weighted).Step.Generator(z));

        (Generator, Discriminator, GanStep Step) Fresh(LossConfig loss)
        {
            Generator g = Generator.Create(m, new Initializer(new RandomSource(1)));
            Discriminator d = Discriminator.Create(m, new Initializer(new RandomSource(2)));
            return (g, d, new GanStep(g, d, new Adam(g.Parameters, 1e-4f, 0, 0.9), new Adam(d.Parameters, 1e-4f, 0, 0.9), loss,
                parts: parts));
        }
    });

    [Theory]
    [InlineData("loss.latentNoise=0", "must be above 0 and at most 10")]
    [InlineData("loss.latentConsistency=-1", "must be 0 (none) to 1000000")]
    [InlineData("augment.policy=colour", "'colour' is no policy")]
    [InlineData("augment.policy=", "diff-augment needs a policy", "augment.kind=diff-augment")]
    [InlineData("augment.adaTarget=1", "must be above -1 and below 1")]
    [InlineData("augment.adaInterval=0", "must be 1 to 10000")]
    [InlineData("augment.adaKimg=0", "must be above 0")]
    [InlineData("augment.kind=adaptive", "one of none, diff-augment, ada, apa")]
    public void Configurations_that_make_no_sense_are_refused_with_the_way_out(string set, string expected, params string[] more)
    {
        ConfigException e = Assert.Throws<ConfigException>(() =>
            ResolvedConfig.Resolve(new ConfigSources { Preset = "demo", Set = [set, .. more] }));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_configuration_makes_the_augmentation_it_names()
    {
        Assert.Null(Augment.Create(new AugmentConfig(), 1, Device.Cpu));
        Assert.IsType<DiffAugment>(Augment.Create(new AugmentConfig { Kind = AugmentKind.DiffAugment }, 1, Device.Cpu));
        Augment ada = Assert.IsType<Ada>(Augment.Create(new AugmentConfig { Kind = AugmentKind.Ada }, 1, Device.Cpu));
        Assert.Equal(["ada_p", "ada_signs", "ada_updates"], ada.State.Select(p => p.Name));
        Augment apa = Assert.IsType<Apa>(Augment.Create(new AugmentConfig { Kind = AugmentKind.Apa }, 1, Device.Cpu));
        Assert.Equal(["apa_p", "apa_signs", "apa_updates"], apa.State.Select(p => p.Name));
        AugmentConfig few = ResolvedConfig.Resolve(new ConfigSources { Preset = "fewshot64" }).Config.Augment;
        Assert.Equal((AugmentKind.DiffAugment, AugmentPolicies.Color | AugmentPolicies.Translation | AugmentPolicies.Cutout),
            (few.Kind, few.Policies));
    }

    [Fact]
    public void Augmentation_may_not_change_when_a_run_is_resumed()
    {
        RunConfig c = new();
        Assert.Throws<UsageException>(() =>
            ResumeRules.Check(c, c with { Augment = new() { Kind = AugmentKind.Ada } }, allowChange: false));
    }
}
