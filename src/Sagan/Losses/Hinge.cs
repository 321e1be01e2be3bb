using static Sagan.Native.Ops;

namespace Sagan.Native.Losses;

/// <summary>The hinge loss for GANs (Lim and Ye 2017; Zhang et al. 2019, equation 4).</summary>
public static class Hinge
{
    /// <summary>mean relu(1 - real) + mean relu(1 + fake).</summary>
    public static Tensor Discriminator(Tensor real, Tensor fake) => Mean(Relu(1 - real)) + Mean(Relu(1 + fake));

    /// <summary>-mean fake.</summary>
    public static Tensor Generator(Tensor fake) => -Mean(fake);
}
