using Sagan.Native.Augmentation;
using static Sagan.Native.Ops;

namespace Sagan.Native.Losses;

/// <summary>
/// Latent optimisation (LOGAN): before an update of either network z moves towards images of higher scores, by a step of natural gradient
/// ascent,
/// <code>f(z) = s(G(z))    g = df/dz    dz = alpha g / (beta + |g|^2)    z' = clip(z + m dz, -1, 1)    m in {0, 1}, P(m = 1) = share
/// both losses are those of G(z'), + w mean_i |m_i dz_i|^2</code>
/// dz is alpha (g g^T + beta I)^-1 g: the inverse of the empirical Fisher matrix of one vector with Tikhonov's damping, by the formula of
/// Sherman and Morrison. Gradients flow through dz to the network that learns, which is the point of it: they are of second order, df/dz
/// differentiated by the weights. Sources: Wu et al. 2019, "LOGAN: latent optimisation for generative adversarial networks"; the clip is
/// that of its predecessor's code (CS-GAN, Wu et al. 2019), and belongs to a uniform z; the share and the defaults are those of StudioGAN,
/// which does not cut the gradient either.
/// </summary>
/// <remarks>
/// With several steps the cost is the sum over them. StudioGAN's cost counts vectors that the draw leaves alone, too; and from its second
/// step on it cuts the gradient to the steps before, which here flows.
/// </remarks>
public sealed class LatentOptimization
{
    readonly ulong seed;
    readonly float rate, damping;
    readonly int steps;
    readonly double share;

    /// <param name="seed">The choice of vectors follows from it.</param>
    /// <param name="rate">alpha.</param>
    /// <param name="damping">beta, above 0.</param>
    /// <param name="steps">Steps one after the other.</param>
    /// <param name="share">The part of the vectors that moves in each step, in (0, 1].</param>
    public LatentOptimization(ulong seed, double rate, double damping, int steps = 1, double share = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(damping);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        (this.seed, this.rate, this.damping, this.steps, this.share) = (seed, (float)rate, (float)damping, steps, share);
    }

    /// <summary>What a configuration asks for; null for none.</summary>
    /// <param name="config">Its constants.</param>
    /// <param name="seed">The choice of vectors follows from it.</param>
    public static LatentOptimization? Create(LossConfig config, ulong seed) => config.LatentOptimization == 0 ? null
        : new(seed, config.LatentOptimization, config.LatentOptimizationDamping, config.LatentOptimizationSteps,
            config.LatentOptimizationShare);

    /// <summary>z' [N, D], and the mean over the vectors of |m dz|^2; both depend on the weights in f.</summary>
    /// <param name="z">[N, D].</param>
    /// <param name="score">f, [N, D] to [N].</param>
    /// <param name="draw">Number of the update: which vectors move follows from it.</param>
    public (Tensor Z, Tensor Cost) Move(Tensor z, Func<Tensor, Tensor> score, ulong draw)
    {
        int n = z.Shape[0];
        Tensor at = z.Detach().RequireGrad(), least = Tensor.Full(-1, new Shape(), z.Device);
        Tensor? cost = null;
        for (int k = 0; k < steps; k++)
        {
            Tensor g = Autograd.Grad(Sum(score(at)), [at], createGraph: true)[0];
            Tensor dz = rate * g / (damping + Sum(Square(g), [1], keepDims: true));
            if (share < 1) dz *= Tensor.From(Chosen(n, draw, (ulong)k), new Shape(n, 1), z.Device);
            Tensor length = Sum(Square(dz)) * (1f / n);
            cost = cost == null ? length : cost + length;
            at = -Max(-Max(at + dz, least), least);
        }
        return (at, cost!);
    }

    float[] Chosen(int n, ulong draw, ulong step) =>
        [.. Enumerable.Range(0, n).Select(i => new ImageDraws(seed, draw, step, i).Uniform(0) < share ? 1f : 0)];
}
