namespace Sagan.Native.Kernels;

/// <summary>How a vector is divided by its norm.</summary>
public enum NormEpsilon
{
    /// <summary>
    /// x / |x|: torch.nn.functional.normalize, x / max(|x|, eps), for every x that is not shorter than eps. A shorter one is divided by its
    /// own length here, so that u and v are unit vectors whatever the weight's size: divided by eps they would shrink at each step, and w /
    /// sigma grow without bound.
    /// </summary>
    Max,

    /// <summary>
    /// x / (|x| + eps): heykeetae and the official code. w / sigma is larger than 1 by about 2 eps / sigma, and without bound below eps, as
    /// theirs.
    /// </summary>
    Add,
}

/// <summary>
/// The stored matrix S is [Rows, Columns], row-major. Transpose false: W = S, u has Rows and v has Columns elements. Transpose true: W =
/// S^T, u has Columns and v has Rows elements. 4 Rows Columns flops an iteration. |error| of each result at most 1e-5 relative to its
/// largest element.
/// </summary>
/// <param name="Rows">Of S, not of W.</param>
/// <param name="Columns">Of S, not of W.</param>
/// <param name="Transpose">Whether W is S^T.</param>
/// <param name="Iterations">At least 0; with 0, u and v stay and only sigma is computed.</param>
/// <param name="Epsilon">Of the norms.</param>
/// <param name="EpsilonForm">How it enters them.</param>
public readonly record struct PowerIterationSpec(int Rows, int Columns, bool Transpose, int Iterations, float Epsilon,
    NormEpsilon EpsilonForm);
