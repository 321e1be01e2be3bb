using Sagan.Native.Modules;
using static Sagan.Native.Ops;
using SpectralNorm = Sagan.Native.Modules.SpectralNorm;

namespace Sagan.Native.Losses;

/// <summary>The Wasserstein loss with gradient penalty (Gulrajani et al. 2017, equation 3).</summary>
public static class Wasserstein
{
    // Keeps the root's gradient finite where D is flat.
    const float Tiny = 1e-12f;

    /// <summary>mean fake - mean real.</summary>
    public static Tensor Discriminator(Tensor real, Tensor fake) => Mean(fake) - Mean(real);

    /// <summary>-mean fake.</summary>
    public static Tensor Generator(Tensor fake) => -Mean(fake);

    /// <summary>
    /// xh_i = alpha_i real_i + (1 - alpha_i) fake_i,  GP = mean_i (|dD(xh_i)/dxh_i|_2 - 1)^2.  real, fake [N,H,W,C], alpha [N] in [0, 1); the result can be
    /// differentiated.
    /// Spectral norms do not move in this extra pass.
    /// </summary>
    public static Tensor GradientPenalty(Module discriminator, Tensor real, Tensor fake, Tensor alpha)
    {
        Tensor a = alpha.Reshape(-1, 1, 1, 1);
        Tensor xh = (a * real.Detach() + (1 - a) * fake.Detach()).RequireGrad();
        Tensor scores = SpectralNorm.Frozen(discriminator, () => discriminator.Call(xh));
        Tensor g = Autograd.Grad(Sum(scores), [xh], createGraph: true)[0];
        Tensor norm = Sqrt(Sum(Square(g), [1, 2, 3]) + Tiny);
        return Mean(Square(norm - 1));
    }
}
