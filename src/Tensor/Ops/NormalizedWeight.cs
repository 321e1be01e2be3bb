using Sagan.Native.Kernels;

namespace Sagan.Native;

// Products whose weight may be spectrally normalised: act(x (w / sigma) + bias) = act(scale (x w) + bias) with scale = 1 / sigma, in the epilogue of the product.
// This saves a pass over the weight and a copy of it. With dz = g act'(y):
//
//   dx = scale (dz w^T)      dw = SpectralNormGrad(x^T dz)      and x^T dz is the gradient of w / sigma
//
// Such a product saves x, w, y and then, where the weight is normalised, u, v, sigma, scale.
public static partial class Ops
{
    // The kernels of products with bias or a normalised weight; null where the device has none or there is nothing to fuse.
    static IFusedBias? FusedProduct(Tensor x, Tensor w, Tensor? bias, SingularTriplet? norm)
    {
        if (norm != null) SpectralNormCheck(w, norm);
        if (bias == null && norm == null) return null;
        if (norm != null && (x.Backend is not IFusedSpectralNorm || !HasInverse(norm))) return null;
        return x.Backend as IFusedBias;
    }

    static Tensor? Scale(SingularTriplet? norm) => norm == null ? null : Map(norm.Sigma, default(InverseNormOp));

    // False where 1 / sigma may be beyond the largest float, told where that costs no wait for a device: the weight itself is then divided.
    static bool HasInverse(SingularTriplet norm) => norm.Sigma.Storage is not HostStorage sigma || !float.IsSubnormal(sigma.Span[0]);

    static Tensor[] SavedByProduct(Tensor x, Tensor w, Tensor y, SingularTriplet? norm, Tensor? scale) =>
        norm == null ? [x, w, y] : [x, w, y, norm.U.Detach(), norm.V.Detach(), norm.Sigma, scale!];

    // The weight for dx: w and its scale, or w / sigma as an operation while the backward pass is itself recorded.
    static (Tensor W, Tensor? Scale) SavedWeight(Tensor[] s, PowerIterationSpec? norm)
    {
        if (norm == null) return (s[1], null);
        return Autograd.IsRecording ? (SpectralNorm(s[1], SavedTriplet(s, norm.Value)), null) : (s[1], s[6]);
    }

    // The gradient of w from that of w / sigma.
    static Tensor WeightGrad(Tensor g, Tensor[] s, PowerIterationSpec? norm) => norm == null ? g : SpectralNormGrad(g, s[1], SavedTriplet(s, norm.Value));

    static SingularTriplet SavedTriplet(Tensor[] s, PowerIterationSpec spec) => new(s[3], s[4], s[5], spec);
}
