using Sagan.Native.Augmentation;
using Sagan.Native.Losses;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using Sagan.Native.Optim;

namespace Sagan.Native.Training;

/// <summary>
/// The two halves of a SAGAN training step. The discriminator's: fakes are made without recording (G's weights stay; its batch norm uses
/// and tracks batch statistics and its spectral norms move, as in PyTorch under no_grad), scored together with the real images in one pass
/// (one power iteration), or in passes of their own (<see cref="PassKind.Separate"/>), and D is updated. The generator's: gradients flow
/// through D to G, and D's own weight gradients are not computed.
/// <code>D:  mean L(s(T real)) + mean L(s(T fake)) + penalty + regularisers          G:  mean of the k best of L_G(s(T G(z))) + regulariser
/// T: augmentation, where there is one</code>
/// With latent optimisation z moves first, in passes that leave the spectral norms alone, and gradients flow through its steps.
/// With accumulation the batch is cut into parts that go through one after the other; their gradients are averaged, and batch norm sees one
/// part at a time.
/// </summary>
public sealed class GanStep
{
    readonly Generator generator;
    readonly Discriminator discriminator;
    readonly Adam generatorOptimizer, discriminatorOptimizer;
    readonly LossConfig config;
    readonly AdversarialLoss loss;
    readonly LeCam? leCam;
    readonly LatentOptimization? latent;
    readonly Augment? augment, consistency;
    readonly int parts;
    readonly bool isRegularized;
    readonly IReadOnlyList<Parameter> generatorParameters, discriminatorParameters;

    /// <param name="generator">G.</param>
    /// <param name="discriminator">D.</param>
    /// <param name="generatorOptimizer">Over G's parameters.</param>
    /// <param name="discriminatorOptimizer">Over D's.</param>
    /// <param name="config">Losses, penalties and regularisers; hinge where it is null.</param>
    /// <param name="augment">T; null for none.</param>
    /// <param name="consistency">What consistency regularisation changes images with.</param>
    /// <param name="parts">Parts that a batch is cut into.</param>
    /// <param name="latent">What moves z before an update; null for none.</param>
    public GanStep(Generator generator, Discriminator discriminator, Adam generatorOptimizer, Adam discriminatorOptimizer,
        LossConfig? config = null,
        Augment? augment = null, Augment? consistency = null, int parts = 1, LatentOptimization? latent = null)
    {
        (this.generator, this.discriminator, this.generatorOptimizer, this.discriminatorOptimizer) =
            (generator, discriminator, generatorOptimizer, discriminatorOptimizer);
        (this.config, this.augment, this.consistency, this.parts, this.latent) =
            (config ?? new LossConfig(), augment, consistency, parts, latent);
        (generatorParameters, discriminatorParameters) = (generator.Parameters, discriminator.Trained);
        loss = AdversarialLoss.Of(this.config.Kind);
        LossConfig c = this.config;
        isRegularized = c.R1 > 0 || c.LeCam > 0 || c.Consistency > 0 || c.FakeConsistency > 0 || c.LatentConsistency > 0;
        if (c.LeCam > 0) leCam = new LeCam(this.config.LeCamDecay, discriminatorParameters[0].Device);
    }

    /// <summary>What is kept from one update to the next, besides weights and moments.</summary>
    public IReadOnlyList<Parameter> State => [.. leCam?.State ?? [], .. augment?.State ?? []];

    /// <summary>What the log says about growing and augmentation.</summary>
    public IEnumerable<(string Name, double Value)> Metrics => generator.Model.GrowFrom == 0
        ? Augmented
        : [("grow_size", generator.Growth.Size), ("grow_alpha", generator.Growth.Alpha), .. Augmented];

    IEnumerable<(string Name, double Value)> Augmented => augment?.Metrics ?? [];

    /// <summary>Updates D on one batch; returns its loss, penalties included, and the mean scores of real and fake images.</summary>
    public (Tensor Loss, Tensor Real, Tensor Fake) Discriminator(DiscriminatorInput input)
    {
        bool ownStep = config.Kind == LossKind.WganGpTwoStep;
        Pass[] passes = new Pass[parts];
        Tensor l = Update(discriminatorOptimizer, discriminatorParameters, discriminator.LiveParameters, i =>
        {
            Pass p = passes[i] = Score(input.Part(i, parts));
            Tensor part = loss.Discriminator(p.RealScores, p.FakeScores);
            if (p.Cost != null) part += (float)config.LatentOptimizationCost * p.Cost;
            if (isRegularized)
                foreach (Tensor term in Regularizers(p)) part += term;
            return ownStep || Penalty(p) is not { } penalty ? part : part + penalty;
        });
        if (ownStep) l += Update(discriminatorOptimizer, discriminatorParameters, discriminator.LiveParameters, i => Penalty(passes[i])!);
        Tensor real = MeanOf(p => p.RealScores), fake = MeanOf(p => p.FakeScores);
        leCam?.Update(real, fake);
        augment?.Observe([.. passes.Select(p => p.RealScores.Detach())]);
        return (l, real, fake);

        Tensor MeanOf(Func<Pass, Tensor> scores)
        {
            Tensor sum = Ops.Mean(scores(passes[0]).Detach());
            for (int i = 1; i < parts; i++) sum += Ops.Mean(scores(passes[i]).Detach());
            return parts == 1 ? sum : sum * (1f / parts);
        }
    }

    /// <summary>Updates G on one batch of noise; returns its loss.</summary>
    /// <param name="z">[N, ZDim].</param>
    /// <param name="classes">What the images are to be, in a conditional model.</param>
    /// <param name="draw">Number of the update: what augmentation draws depends on it.</param>
    /// <param name="nearZ">[N, ZDim] near z, for the diversity of zCR.</param>
    public Tensor Generator(Tensor z, int[]? classes = null, long draw = 0, Tensor? nearZ = null)
    {
        int n = z.Shape[0] / parts;
        return Update(generatorOptimizer, generatorParameters, generator.LiveParameters, i =>
        {
            Condition? c = Classes(classes?[(i * n)..((i + 1) * n)]);
            (Tensor moved, Tensor? cost) = Moved(Part(z, i), c, draw * parts + i);
            Tensor fake = generator.Call(moved, c);
            Tensor scores = discriminator.Call(Transform(fake, draw * parts + i, Augment.Fake), c), losses = loss.Generator(scores);
            Tensor part = config.TopK < 1 ? TopK
                .Mean(losses, scores, TopK.Count(n, config.TopK, generatorOptimizer.StepCount, config.TopKSteps)) : Ops.Mean(losses);
            if (cost != null) part += (float)config.LatentOptimizationCost * cost;
            if (config.LatentDiversity > 0)
                part -= (float)config.LatentDiversity * LatentConsistency.Diversity(fake, Near(Part(Required(nearZ), i), c));
            return config.Orthogonal > 0 ? part
                + (float)config.Orthogonal * OrthogonalRegularization.Of(generator, generator.LiveParameters) : part;
        });

        Tensor Part(Tensor all, int i) => parts == 1 ? all : Ops.Slice(all, 0, i * n, n);
    }

    // What D's update is of: the images as they were made and as it sees them, their scores, how to score others of the same classes, and
    // what moving z cost.
    sealed record Pass(DiscriminatorInput Input, Tensor Made, Tensor Real, Tensor Fake, Tensor RealScores, Tensor FakeScores,
        Func<Tensor, Tensor> ScoreReal, Func<Tensor, Tensor> ScoreFake, Func<Tensor, Tensor> ScorePenalty, Tensor? Cost);

    Pass Score(DiscriminatorInput input)
    {
        if (discriminator.Model.GrowFrom > 0) input = input with { Real = discriminator.AsGrown(input.Real) };
        Condition? ofFake = Classes(input.FakeClasses);
        (Tensor z, Tensor? cost) = Moved(input.Z, ofFake, input.Draw);
        Tensor made = cost != null ? generator.Call(z, ofFake) : Autograd.NoGrad(() => generator.Call(z, ofFake));
        if (augment?.Replaced(input.Real.Shape[0], (ulong)input.Draw) is { } replaced) input = input.Deceived(made.Detach(), replaced);
        Condition? ofReal = Classes(input.RealClasses);
        Condition? ofBoth = input.RealClasses == null ? null : Classes([.. input.RealClasses, .. input.FakeClasses!]);
        Tensor real = Transform(input.Real, input.Draw, Augment.Real), fake = Transform(made, input.Draw, Augment.Fake);
        (Tensor scoresOfReal, Tensor scoresOfFake) = config.Passes == PassKind.Separate
            ? SpectralNorm.Together(discriminator, () => (discriminator.Call(real, ofReal), discriminator.Call(fake, ofFake)))
            : InOnePass();
        return new Pass(input, made, real, fake, scoresOfReal, scoresOfFake, x => Extra(x, ofReal), x => Extra(x, ofFake),
            config.Passes == PassKind.Separate ? x => discriminator.Call(x, ofReal) : x => Extra(x, ofReal), cost);

        (Tensor Real, Tensor Fake) InOnePass()
        {
            Tensor scores = discriminator.Call(Ops.Concat(real, fake), ofBoth);
            int n = input.Real.Shape[0];
            return (Ops.Slice(scores, 0, 0, n), Ops.Slice(scores, 0, n, n));
        }

        // Spectral norms do not move in passes beside the one that D learns from.
        Tensor Extra(Tensor x, Condition? c) => SpectralNorm.Frozen(discriminator, () => discriminator.Call(x, c));
    }

    // z, moved where there is latent optimisation: by the scores that the losses see.
    (Tensor Z, Tensor? Cost) Moved(Tensor z, Condition? c, long draw) => latent == null ? (z, null) : Moved(latent, z, c, draw);

    (Tensor Z, Tensor Cost) Moved(LatentOptimization latent, Tensor z, Condition? c, long draw) =>
        latent.Move(z, x => SpectralNorm.Frozen(discriminator, () => discriminator.Call(Transform(Near(x, c), draw, Augment.Fake), c)),
            (ulong)draw);

    Tensor? Penalty(Pass p)
    {
        if (!GradientPenalty.Belongs(config.Kind)) return null;
        Tensor alpha = p.Input.Alpha ?? throw new ArgumentException("the gradient penalty needs mixing weights.", nameof(p));
        return (float)config.Lambda * GradientPenalty.Of(config.Kind, p.ScorePenalty, p.Real, p.Fake, alpha, p.Input.Noise)!;
    }

    IEnumerable<Tensor> Regularizers(Pass p)
    {
        if (config.R1 > 0 && discriminatorOptimizer.StepCount % config.R1Every == 0)
            yield return (float)(0.5 * config.R1 * config.R1Every) * GradientPenalty.R1(p.ScoreReal, p.Real);
        if (leCam != null) yield return (float)config.LeCam * leCam.Of(p.RealScores, p.FakeScores);
        if (config.Consistency > 0) yield return (float)config.Consistency * Consistency
            .Of(p.RealScores, p.ScoreReal, Copy(p.Input.Real, Augment.Real));
        if (config.FakeConsistency > 0)
            yield return (float)config.FakeConsistency * Consistency.Of(p.FakeScores, p.ScoreFake, Copy(p.Made, Augment.Fake));
        if (config.LatentConsistency > 0)
        {
            // The same changes as those of the images compared with.
            Tensor near = Autograd.NoGrad(() => Near(Required(p.Input.NearZ), Classes(p.Input.FakeClasses)));
            yield return (float)config.LatentConsistency * Consistency
                .Of(p.FakeScores, p.ScoreFake, Transform(near, p.Input.Draw, Augment.Fake));
        }

        Tensor Copy(Tensor x, ulong stream) =>
            (consistency ?? throw new InvalidOperationException("consistency regularisation needs something to change images with."))
                .Apply(x, (ulong)p.Input.Draw, stream);
    }

    Tensor Near(Tensor z, Condition? c) => SpectralNorm.Frozen(generator, () => generator.Call(z, c));

    static Tensor Required(Tensor? nearZ) =>
        nearZ ?? throw new ArgumentException("consistency under changes of the latent vector needs vectors near z.", nameof(nearZ));

    Tensor Transform(Tensor x, long draw, ulong stream) => augment?.Apply(x, (ulong)draw, stream) ?? x;

    Condition? Classes(int[]? labels) => labels == null ? null : new Condition(IndexTensor.From(labels, discriminatorParameters[0].Device));

    // One optimiser step on the mean of the parts' losses, which it returns; of the parameters, those that are live are moved.
    Tensor Update(Adam optimizer, IReadOnlyList<Parameter> parameters, IReadOnlyList<Parameter> live, Func<int, Tensor> part)
    {
        Tensor l = part(0);
        Tensor[] sum = Autograd.Grad(parts == 1 ? l : l * (1f / parts), live);
        l = l.Detach();
        for (int i = 1; i < parts; i++)
        {
            Tensor next = part(i);
            Tensor[] gradients = Autograd.Grad(next * (1f / parts), live);
            for (int k = 0; k < sum.Length; k++) sum[k] += gradients[k];
            l += next.Detach();
        }
        optimizer.Step(live.Count == parameters.Count ? sum : WithGaps(sum, live, parameters));
        return parts == 1 ? l : l * (1f / parts);
    }

    // The gradients of the live ones at the places that these have among all parameters.
    static Tensor?[] WithGaps(Tensor[] gradients, IReadOnlyList<Parameter> live, IReadOnlyList<Parameter> parameters)
    {
        int k = 0;
        return [.. parameters.Select(p => k < gradients.Length && live[k] == p ? gradients[k++] : null)];
    }
}
