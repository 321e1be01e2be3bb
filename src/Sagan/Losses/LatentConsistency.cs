using static Sagan.Native.Ops;

namespace Sagan.Native.Losses;

/// <summary>
/// Consistency under small changes e of the latent vector (zCR, Zhao et al. 2021, "Improved consistency regularization for GANs"): the
/// discriminator is to score the images of near vectors alike, and the generator is to make different ones of them all the same.
/// <code>D: + lambda_D mean_i (s(G(z_i)) - s(G(z_i + e_i)))^2          G: - lambda_G mean (G(z) - G(z + e))^2          e ~ N(0,
/// sigma^2)</code>
/// The generator's mean is over all elements, so that its weight does not depend on the size of the images. The discriminator's half is
/// <see cref="Consistency.Of"/>.
/// </summary>
public static class LatentConsistency
{
    /// <summary>mean (x - near)^2.</summary>
    /// <param name="x">G(z), [N,H,W,C].</param>
    /// <param name="near">G(z + e).</param>
    public static Tensor Diversity(Tensor x, Tensor near) => Mean(Square(x - near));
}
