using Sagan.Native.Configuration;
using Sagan.Native.Models;

namespace Sagan.Native.Losses;

/// <summary>What the two networks play for, and what holds them back.</summary>
public sealed record LossConfig
{
    /// <summary>The pair of losses.</summary>
    public LossKind Kind { get; init; } = LossKind.Hinge;

    /// <summary>Whether the discriminator sees real and fake images in one pass or in one for each.</summary>
    public PassKind Passes { get; init; } = PassKind.Joint;

    /// <summary>Weight of the gradient penalty of wgan-gp, wgan-lp and dragan.</summary>
    public double Lambda { get; init; } = 10;

    /// <summary>A gradient penalty and a spectrally normalised discriminator are refused together unless this is true.</summary>
    public bool PenaltyWithSpectralNorm { get; init; }

    /// <summary>gamma of the R1 penalty, gamma / 2 mean |grad D(real)|^2; 0 = none.</summary>
    public double R1 { get; init; }

    /// <summary>Discriminator steps between two R1 penalties, which are then as many times larger (Karras et al. 2020).</summary>
    public int R1Every { get; init; } = 16;

    /// <summary>Weight of the LeCam regulariser; 0 = none.</summary>
    public double LeCam { get; init; }

    /// <summary>Decay of LeCam's averages of the scores.</summary>
    public double LeCamDecay { get; init; } = 0.99;

    /// <summary>Weight of the consistency between the scores of real images and of their augmented copies (CR); 0 = none.</summary>
    public double Consistency { get; init; }

    /// <summary>The same for fakes; both together are bCR.</summary>
    public double FakeConsistency { get; init; }

    /// <summary>
    /// Weight of the consistency between the scores of the images of a latent vector and of one near it (zCR); 0 = none, 5 is usual.
    /// </summary>
    public double LatentConsistency { get; init; }

    /// <summary>Weight with which the generator is to tell those two vectors apart (zCR); 0 = none, 0.5 is usual.</summary>
    public double LatentDiversity { get; init; }

    /// <summary>Standard deviation of the distance between the two, in each component.</summary>
    public double LatentNoise { get; init; } = 0.03;

    /// <summary>
    /// Step size of latent optimisation (LOGAN): both networks see z after it has moved towards higher scores; 0 = none, 0.9 is usual.
    /// </summary>
    public double LatentOptimization { get; init; }

    /// <summary>Damping of the natural gradient: the step is g / (damping + |g|^2) times the step size.</summary>
    public double LatentOptimizationDamping { get; init; } = 0.1;

    /// <summary>Such steps before each update.</summary>
    public int LatentOptimizationSteps { get; init; } = 1;

    /// <summary>Share of the vectors that move, drawn anew for each step.</summary>
    public double LatentOptimizationShare { get; init; } = 0.8;

    /// <summary>Weight in both losses of the squared length of the steps.</summary>
    public double LatentOptimizationCost { get; init; } = 0.1;

    /// <summary>The generator learns from this fraction of its images, those with the highest scores; 1 = from all.</summary>
    public double TopK { get; init; } = 1;

    /// <summary>Steps over which that fraction falls from 1.</summary>
    public int TopKSteps { get; init; } = 10_000;

    /// <summary>Weight of the orthogonal regularisation of the generator's weights (BigGAN; 1e-4 is usual); 0 = none.</summary>
    public double Orthogonal { get; init; }

    /// <summary>A gradient penalty and a discriminator that is spectrally normalised.</summary>
    bool Fights(ModelConfig model) => GradientPenalty.Belongs(Kind) && model.SpectralNorm != SpectralNormKind.None;

    internal void Validate(ConfigRules rules, ModelConfig model)
    {
        rules.Require("lambda", Lambda, Lambda is >= 0 and <= 1e6, "must be 0 to 1000000; 10 is usual");
        rules.Require("kind", Words.Of(Kind), !Fights(model) || PenaltyWithSpectralNorm,
            "a gradient penalty wants slopes of 1, and spectral normalisation holds every layer's slope below 1: together they fight, and "
                + "training "
            + "fails or stalls. Switch one off (--set model.spectralNorm=none), or insist with --set loss.penaltyWithSpectralNorm=true");
        rules.Require("kind", Words.Of(Kind), !(GradientPenalty.Belongs(Kind) || R1 > 0) || model.Family != ModelFamily.Upconv,
            "this discriminator has batch normalisation, with which the score of an image depends on the others: a gradient penalty makes "
                + "no sense");
        rules.Require("passes", Words.Of(Passes), Passes == PassKind.Joint || model.SpectralNorm != SpectralNormKind.Official,
            "the official code moves the spectral norms in the pass of the real images alone, and separate passes move them in each: "
            + "take model.spectralNorm = heykeetae or torch, or loss.passes = joint");
        Weight("r1", R1);
        rules.Range("r1Every", R1Every, 1, 1_000_000);
        Weight("leCam", LeCam);
        rules.Require("leCamDecay", LeCamDecay, LeCamDecay is >= 0 and < 1, "must be at least 0 and below 1; 0.99 is usual");
        Weight("consistency", Consistency);
        Weight("fakeConsistency", FakeConsistency);
        Weight("latentConsistency", LatentConsistency);
        Weight("latentDiversity", LatentDiversity);
        ValidateLatentOptimization(rules, model);
        rules.Require("latentNoise", LatentNoise, LatentNoise is > 0 and <= 10, "must be above 0 and at most 10; 0.03 is usual");
        rules.Require("topK", TopK, TopK is > 0 and <= 1, "must be above 0 and at most 1, which is all; 0.5 is usual");
        rules.Range("topKSteps", TopKSteps, 0, int.MaxValue);
        Weight("orthogonal", Orthogonal);
        if (Fights(model)) rules.Warn("a gradient penalty and spectral normalisation limit the same slope and get in each other's way; you "
            + "asked for it.");

        void Weight(string key, double value) => rules.Require(key, value, value is >= 0 and <= 1e6, "must be 0 (none) to 1000000");
    }

    void ValidateLatentOptimization(ConfigRules rules, ModelConfig model)
    {
        const string Key = "latentOptimization";
        rules.Require(Key, LatentOptimization, LatentOptimization is >= 0 and <= 100, "must be 0 (none) to 100; 0.9 is usual");
        rules.Require(Key + "Damping", LatentOptimizationDamping, LatentOptimizationDamping is > 0 and <= 1e6,
            "must be above 0 and at most 1000000");
        rules.Range(Key + "Steps", LatentOptimizationSteps, 1, 100);
        rules.Require(Key + "Share", LatentOptimizationShare, LatentOptimizationShare is > 0 and <= 1,
            "must be above 0 and at most 1, which is all; 0.8 is usual");
        rules.Require(Key + "Cost", LatentOptimizationCost, LatentOptimizationCost is >= 0 and <= 1e6, "must be 0 (none) to 1000000");
        if (LatentOptimization == 0) return;
        rules.Require(Key, LatentOptimization, model.Latent == LatentKind.Uniform,
            "moves z and clips it to [-1, 1], where a normal z does not stay; take a uniform one: --set model.latent=uniform");
        rules.Require(Key, LatentOptimization, model.Family != ModelFamily.Upconv,
            "this discriminator has batch normalisation and dropout, with which the score of an image hangs on others and on chance: "
            + "its slope means nothing");
        rules.Require(Key, LatentOptimization, LatentConsistency == 0 && LatentDiversity == 0,
            "moves z, and latentConsistency and latentDiversity compare with vectors near where it was: leave one of them out");
    }
}

/// <summary>How the discriminator's update sees its images. The spectral norms move in each pass that is counted here.</summary>
public enum PassKind
{
    /// <summary>Real and fake images in one pass; the gradient penalty in one that leaves the spectral norms as they are.</summary>
    Joint,

    /// <summary>
    /// One pass for the real images, one for the fakes, and one for the gradient penalty, in this order, as heykeetae's code has it. With
    /// batch normalisation real and fake images then have statistics of their own. Passes of other regularisers and of latent optimisation
    /// leave the spectral norms as they are.
    /// </summary>
    Separate,
}

/// <summary>A pair of losses; s(x) is the discriminator's score. See <see cref="Losses.AdversarialLoss"/>.</summary>
public enum LossKind
{
    /// <summary>D: mean relu(1 - s(real)) + mean relu(1 + s(fake)); G: -mean s(fake).</summary>
    Hinge,

    /// <summary>
    /// D: mean s(fake) - mean s(real) + lambda mean (|grad s| - 1)^2 between real and fake, one optimiser step; G: -mean s(fake).
    /// </summary>
    WganGp,

    /// <summary>The same, with an optimiser step of its own for the penalty, as heykeetae's code does.</summary>
    WganGpTwoStep,

    /// <summary>wgan-gp with a penalty only where the slope is above 1: mean max(0, |grad s| - 1)^2.</summary>
    WganLp,

    /// <summary>non-saturating, with lambda mean (|grad s| - 1)^2 around the real images.</summary>
    Dragan,

    /// <summary>D: mean softplus(-s(real)) + mean softplus(s(fake)); G: mean softplus(-s(fake)).</summary>
    NonSaturating,

    /// <summary>
    /// The same on probabilities p = sigmoid(s), their logarithms held above -100: D: -mean log p(real) - mean log (1 - p(fake)); G: -mean
    /// log p(fake).
    /// </summary>
    Bce,

    /// <summary>D: mean (s(real) - 1)^2 + mean s(fake)^2; G: mean (s(fake) - 1)^2.</summary>
    LeastSquares,

    /// <summary>The official code's second loss: D as non-saturating; G: -mean s(fake).</summary>
    Kl,
}
