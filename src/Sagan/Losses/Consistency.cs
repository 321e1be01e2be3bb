using static Sagan.Native.Ops;

namespace Sagan.Native.Losses;

/// <summary>
/// Consistency regularisation: an image and a copy of it that was mirrored and shifted should have one score,
/// <code>R = mean_i (s(x_i) - s(T x_i))^2</code>
/// of real images (CR, Zhang et al. 2020), and of fakes as well (bCR, Zhao et al. 2021). T mirrors half of the images and shifts each by up
/// to an eighth of its width, filling with zeros.
/// </summary>
public static class Consistency
{
    /// <summary>R.</summary>
    /// <param name="scores">s(x), [N].</param>
    /// <param name="score">s.</param>
    /// <param name="transformed">T x.</param>
    public static Tensor Of(Tensor scores, Func<Tensor, Tensor> score, Tensor transformed) => Mean(Square(scores - score(transformed)));
}
