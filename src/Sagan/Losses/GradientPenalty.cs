using static Sagan.Native.Ops;

namespace Sagan.Native.Losses;

/// <summary>
/// Penalties on the slope of the discriminator's score s, which can themselves be differentiated. With g_i = ds(x_i)/dx_i:
/// <code>wgan-gp   mean_i (|g_i| - 1)^2             x_i = a_i real_i + (1 - a_i) fake_i, a_i ~ U(0, 1)      Gulrajani et al. 2017
/// wgan-lp   mean_i max(0, |g_i| - 1)^2       the same points                                      Petzka et al. 2018
/// dragan    mean_i (|g_i| - 1)^2             x_i = clip(real_i + b_i std/2 U(0, 1), -1, 1), b_i ~ U(-1, 1)      Kodali et al. 2017
/// r1        mean_i |g_i|^2                   x_i = real_i                                         Mescheder et al. 2018</code>
/// </summary>
public static class GradientPenalty
{
    // Keeps the gradient of the norm finite where it is 0.
    const float Tiny = 1e-12f;

    /// <summary>
    /// The penalty that belongs to a loss, or null where it has none. The points x are made of constants: no gradient flows to the
    /// generator.
    /// </summary>
    /// <param name="kind">The loss.</param>
    /// <param name="score">Scores of images, [N,H,W,C] to [N].</param>
    /// <param name="real">[N,H,W,C].</param>
    /// <param name="fake">[N,H,W,C].</param>
    /// <param name="alpha">[N] uniform in [0, 1).</param>
    /// <param name="noise">[N,H,W,C] uniform in [0, 1); for dragan only.</param>
    public static Tensor? Of(LossKind kind, Func<Tensor, Tensor> score, Tensor real, Tensor fake, Tensor alpha, Tensor? noise) =>
        kind switch
        {
            LossKind.WganGp or LossKind.WganGpTwoStep => Mean(Square(Slopes(score, Between(real, fake, alpha)) - 1)),
            LossKind.WganLp => Mean(Square(Relu(Slopes(score, Between(real, fake, alpha)) - 1))),
            LossKind.Dragan => Mean(Square(
                Slopes(score, Around(real, alpha, noise ?? throw new ArgumentNullException(nameof(noise), "dragan needs noise."))) - 1)),
            _ => null,
        };

    /// <summary>True when the loss has a penalty.</summary>
    public static bool Belongs(LossKind kind) => kind is LossKind.WganGp or LossKind.WganGpTwoStep or LossKind.WganLp or LossKind.Dragan;

    /// <summary>mean_i |ds(real_i)/dreal_i|^2, of which gamma / 2 is R1.</summary>
    public static Tensor R1(Func<Tensor, Tensor> score, Tensor real) => Mean(SquaredSlopes(score, real.Detach()));

    static Tensor Slopes(Func<Tensor, Tensor> score, Tensor x) => Sqrt(SquaredSlopes(score, x) + Tiny);

    static Tensor SquaredSlopes(Func<Tensor, Tensor> score, Tensor points)
    {
        Tensor x = points.Detach().RequireGrad();
        Tensor g = Autograd.Grad(Sum(score(x)), [x], createGraph: true)[0];
        return Sum(Square(g), [1, 2, 3]);
    }

    static Tensor Between(Tensor real, Tensor fake, Tensor alpha)
    {
        Tensor a = alpha.Reshape(-1, 1, 1, 1);
        return a * real.Detach() + (1 - a) * fake.Detach();
    }

    static Tensor Around(Tensor real, Tensor alpha, Tensor noise)
    {
        Tensor x = real.Detach();
        Tensor deviation = Sqrt(Mean(Square(x - Mean(x))));
        Tensor moved = x + Affine(alpha, 2, -1).Reshape(-1, 1, 1, 1) * (0.5f * deviation) * noise;
        Tensor least = Tensor.Full(-1, new Shape(), x.Device);
        return -Max(-Max(moved, least), least);
    }
}
