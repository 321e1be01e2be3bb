using static Sagan.Native.Ops;

namespace Sagan.Native.Losses;

/// <summary>
/// What the networks lose by each score s [N]: the discriminator mean Real(s(real)) + mean Fake(s(fake)), the generator mean
/// Generator(s(fake)).
/// <code>                 Real            Fake            Generator
/// hinge            relu(1 - s)     relu(1 + s)     -s               Lim and Ye 2017; Zhang et al. 2019, equation 4
/// wgan-*           -s              s               -s               Arjovsky et al. 2017; Gulrajani et al. 2017
/// non-saturating   softplus(-s)    softplus(s)     softplus(-s)     Goodfellow et al. 2014
/// bce              -log p          -log (1 - p)    -log p           the same with p = sigmoid(s), logarithms at least -100
/// least-squares    (s - 1)^2       s^2             (s - 1)^2        Mao et al. 2017
/// kl               softplus(-s)    softplus(s)     -s               the official SAGAN code</code>
/// </summary>
public sealed class AdversarialLoss
{
    AdversarialLoss(Func<Tensor, Tensor> real, Func<Tensor, Tensor> fake, Func<Tensor, Tensor> generator) =>
        (Real, Fake, Generator) = (real, fake, generator);

    /// <summary>The discriminator's, for each score of a real image.</summary>
    public Func<Tensor, Tensor> Real { get; }

    /// <summary>The discriminator's, for each score of a fake.</summary>
    public Func<Tensor, Tensor> Fake { get; }

    /// <summary>The generator's, for each score of a fake.</summary>
    public Func<Tensor, Tensor> Generator { get; }

    /// <summary>The losses of this name.</summary>
    public static AdversarialLoss Of(LossKind kind) => kind switch
    {
        LossKind.Hinge => new(s => Relu(1 - s), s => Relu(1 + s), s => -s),
        LossKind.WganGp or LossKind.WganGpTwoStep or LossKind.WganLp => new(s => -s, s => s, s => -s),
        LossKind.NonSaturating or LossKind.Dragan => new(s => Softplus(-s), Softplus, s => Softplus(-s)),
        LossKind.Bce => new(s => -LogSigmoid(s), s => -LogSigmoid(-s), s => -LogSigmoid(s)),
        LossKind.LeastSquares => new(s => Square(s - 1), Square, s => Square(s - 1)),
        LossKind.Kl => new(s => Softplus(-s), Softplus, s => -s),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown loss."),
    };

    /// <summary>mean Real(real) + mean Fake(fake).</summary>
    public Tensor Discriminator(Tensor real, Tensor fake) => Mean(Real(real)) + Mean(Fake(fake));

    // log sigmoid(s) = -softplus(-s), not below -100, where PyTorch's binary_cross_entropy holds a logarithm; there the gradient is 0.
    static Tensor LogSigmoid(Tensor s) => Max(-Softplus(-s), Tensor.Full(-100, new Shape(), s.Device));
}
