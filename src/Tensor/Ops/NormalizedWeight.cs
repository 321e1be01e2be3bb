using Sagan.Native.Kernels;

namespace Sagan.Native;

// Products whose weight may be spectrally normalised: act(x (w / sigma) + bias) = act(scale (x w) + bias) with scale = 1 / sigma, in the
// epilogue of the product.
// This saves a pass over the weight and a copy of it. With dz = g act'(y):
//
//   dx = scale (dz w^T)      dw = SpectralNormGrad(x^T dz)      and x^T dz is the gradient of w / sigma
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

    // The gradient of w from that of w / sigma.
    static Tensor WeightGrad(Tensor g, Tensor w, SingularTriplet? norm) => norm == null ? g : SpectralNormGrad(g, w, norm);

    /// <summary>What such a product saves; Norm and Scale = 1 / sigma where its weight is normalised.</summary>
    internal readonly record struct WeightedProduct<TSpec>(Tensor X, Tensor Weight, Tensor Y, SingularTriplet? Norm, Tensor? Scale,
        TSpec Spec, Activation Activation)
        : ISaved<WeightedProduct<TSpec>>
    {
        public WeightedProduct<TSpec> Keep(SavedTensors by) => this with
        {
            X = by.Keep(X),
            Weight = by.Keep(Weight),
            Y = by.Keep(Y),
            Norm = Norm?.Keep(by),
            Scale = Scale == null ? null : by.Keep(Scale),
        };

        /// <summary>The weight for dx: w and its scale, or w / sigma as an operation while the backward pass is itself recorded.</summary>
        public (Tensor W, Tensor? Scale) WeightForInput() =>
            Norm != null && Autograd.IsRecording ? (SpectralNorm(Weight, Norm), null) : (Weight, Scale);
    }
}
