using Sagan.Native.Configuration;
using Sagan.Native.Losses;
using Sagan.Native.Modules;
using Sagan.Native.Optim;

namespace Sagan.Native.Training;

/// <summary>
/// The two halves of a SAGAN training step. The discriminator's: fakes are made without recording (G's weights stay; its batch norm uses
/// and tracks batch statistics and its spectral norms move, as in PyTorch under no_grad), scored together with the real images in one pass (one power
/// iteration), and
/// D is updated. The generator's: gradients flow through D to G, and D's own weight gradients are not computed.
/// </summary>
public sealed class GanStep(Module generator, Module discriminator, Adam generatorOptimizer, Adam discriminatorOptimizer, LossKind loss = LossKind.Hinge, float lambda = 10)
{
    readonly IReadOnlyList<Parameter> generatorParameters = generator.Parameters, discriminatorParameters = discriminator.Parameters;

    /// <summary>Updates D on one batch; returns its loss, gradient penalty included, and the mean scores of real and fake images.</summary>
    /// <param name="real">[N,H,W,C] in [-1, 1].</param>
    /// <param name="z">[N, ZDim].</param>
    /// <param name="alpha">[N] uniform: the mixing weights of the gradient penalty; not used by the hinge loss.</param>
    public (Tensor Loss, Tensor Real, Tensor Fake) Discriminator(Tensor real, Tensor z, Tensor? alpha = null)
    {
        Tensor fake = Autograd.NoGrad(() => generator.Call(z));
        Tensor scores = discriminator.Call(Ops.Concat(real, fake));
        int n = real.Shape[0];
        Tensor r = Ops.Slice(scores, 0, 0, n), f = Ops.Slice(scores, 0, n, n);
        return (DiscriminatorLoss(r, f, real, fake, alpha), Ops.Mean(r.Detach()), Ops.Mean(f.Detach()));
    }

    // Updates D and returns its loss.
    Tensor DiscriminatorLoss(Tensor r, Tensor f, Tensor real, Tensor fake, Tensor? alpha)
    {
        if (loss == LossKind.Hinge) return Update(Hinge.Discriminator(r, f));
        if (alpha == null) throw new ArgumentNullException(nameof(alpha), "the gradient penalty needs mixing weights.");
        Tensor Penalty() => lambda * Wasserstein.GradientPenalty(discriminator, real, fake, alpha);
        Tensor critic = Wasserstein.Discriminator(r, f);
        if (loss == LossKind.WganGp) return Update(critic + Penalty());
        Update(critic);
        return critic.Detach() + Update(Penalty());
    }

    /// <summary>Updates G on one batch of noise; returns its loss.</summary>
    public Tensor Generator(Tensor z)
    {
        Tensor scores = discriminator.Call(generator.Call(z));
        Tensor l = loss == LossKind.Hinge ? Hinge.Generator(scores) : Wasserstein.Generator(scores);
        generatorOptimizer.Step(Autograd.Grad(l, generatorParameters));
        return l.Detach();
    }

    Tensor Update(Tensor l)
    {
        discriminatorOptimizer.Step(Autograd.Grad(l, discriminatorParameters));
        return l.Detach();
    }
}
