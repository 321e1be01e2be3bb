using Sagan.Native.Kernels;

namespace Sagan.Native;

/// <summary>
/// The largest singular value of a weight matrix W and its vectors, as <see cref="Ops.PowerIteration"/> finds them: sigma = u^T W v. A
/// product that is given one computes with w / sigma in place of w (<see cref="Ops.SpectralNorm"/>); its gradient treats u and v as
/// constants.
/// </summary>
/// <param name="U">One element per row of W.</param>
/// <param name="V">One element per column of W.</param>
/// <param name="Sigma">A scalar.</param>
/// <param name="Spec">Which way the matrix lies in the weight.</param>
public sealed record SingularTriplet(Tensor U, Tensor V, Tensor Sigma, PowerIterationSpec Spec)
{
    /// <summary>With handles of its own; u and v as constants.</summary>
    internal SingularTriplet Keep(SavedTensors by) => new(by.KeepConstant(U), by.KeepConstant(V), by.Keep(Sigma), Spec);
}
