using static Sagan.Native.Ops;

namespace Sagan.Native.Losses;

/// <summary>
/// The generator learns from the k images of a batch that the discriminator believes most: mean over these of its loss. k falls from the
/// whole batch to nu times it.  Source: Sinha et al. 2020, "Top-k training of GANs".
/// </summary>
public static class TopK
{
    /// <summary>How many of n images count after a number of steps: n (1 - (1 - nu) min(1, step / steps)), rounded, at least 1.</summary>
    public static int Count(int n, double nu, int step, int steps) =>
        Math.Max(1, (int)Math.Round(n * (1 - (1 - nu) * Math.Min(1, (double)step / Math.Max(1, steps)))));

    /// <summary>The mean of the losses [N] of the k highest scores [N].</summary>
    public static Tensor Mean(Tensor losses, Tensor scores, int k) =>
        k >= losses.Count ? Ops.Mean(losses) : Sum(losses * TopKMask(scores.Detach(), k)) * (1f / k);
}
