using Sagan.Native.Kernels;

namespace Sagan.Native;

public static partial class Ops
{
    // Keeps an all-zero weight from dividing by zero; no other sigma is changed by adding it.
    const float SmallestSigma = 1e-12f;

    /// <summary>
    /// Power iteration towards the largest singular value of a weight matrix: v = l2n(W^T u), u = l2n(W v), sigma = u^T W v. Not recorded.
    /// Source: Miyato et al. 2018, algorithm 1. The spec says which way the matrix lies; with 0 iterations u and v are copied.
    /// </summary>
    public static (Tensor U, Tensor V, Tensor Sigma) PowerIteration(Tensor w, Tensor u, Tensor v, PowerIterationSpec spec)
    {
        PowerIterationCheck("power_iteration", w, u, v, spec);
        if (w.Backend is not IFusedSpectralNorm fused) return PowerIterationReference(w, u, v, spec);
        Tensor uOut = Tensor.Empty(u.Shape, w.Device), vOut = Tensor.Empty(v.Shape, w.Device), sigma = Tensor.Empty(new Shape(), w.Device);
        fused.PowerIteration(w.Storage, u.Storage, v.Storage, uOut.Storage, vOut.Storage, sigma.Storage, spec);
        return (uOut, vOut, sigma);
    }

    /// <summary>
    /// y = w / sigma with sigma = u^T W v and u, v constant; a sigma of 0 counts as 1e-12.
    /// <code>dw = (g - &lt;g, y&gt; u v^T) / sigma</code>
    /// Products take the triplet themselves and save this pass over the weight: act(scale (x w) + bias) with scale = 1 / sigma.
    /// </summary>
    public static Tensor SpectralNorm(Tensor w, SingularTriplet norm)
    {
        SpectralNormCheck(w, norm);
        norm = norm with { U = norm.U.Detach(), V = norm.V.Detach() };
        if (w.Backend is not IFusedSpectralNorm) return SpectralNormReference(w, norm.U, norm.V, norm.Spec);
        Tensor y = w.Detach() / (norm.Sigma + SmallestSigma);
        return Autograd.Record("spectral_norm", y, norm.Spec, save: [w, norm.U, norm.V, norm.Sigma],
            (w, static (g, s, c) => SpectralNormGrad(g, s[0], new SingularTriplet(s[1], s[2], s[3], c))));
    }

    /// <summary>
    /// y = w / sigma with the power iteration as part of the function, so that gradients flow through it, as in the official SAGAN code:
    /// <code>v = l2n(W^T u)   u' = l2n(W v)   sigma = u'^T W v   l2n(x) = x / (|x| + eps)
    /// dW = (g - &lt;g, y&gt; S) / sigma   S = u' v^T + u ((I - v v^T) W^T u')^T / |W^T u|   for one step; the second part goes to 0 as u converges</code>
    /// W has a row for each element of u. Returns y, u' (not recorded) and sigma.
    /// </summary>
    public static (Tensor Y, Tensor U, Tensor Sigma) NormalizedByPowerIteration(Tensor w, Tensor u, PowerIterationSpec spec)
    {
        if (spec.Transpose) throw new ArgumentException("spectral_norm: the rows of the matrix must be the weight's first axis here.", nameof(spec));
        Tensor matrix = Reshape(w, spec.Rows, spec.Columns);
        // A copy: the parameter it comes from moves before the backward pass.
        Tensor left = Reshape(Affine(u.Detach(), 1), 1, spec.Rows), right = UnitLength(MatMul(left, matrix));
        for (int i = 0; i < spec.Iterations; i++)
        {
            if (i > 0) right = UnitLength(MatMul(left, matrix));
            left = UnitLength(MatMul(right, matrix, transposeB: true));
        }
        Tensor sigma = Sum(MatMul(left, matrix) * right);
        return (w / (sigma + SmallestSigma), Reshape(left.Detach(), u.Shape), sigma);

        Tensor UnitLength(Tensor x) => x / (Sqrt(Sum(Square(x))) + spec.Epsilon);
    }

    // The gradient of w from g, that of w / sigma.
    static Tensor SpectralNormGrad(Tensor g, Tensor w, SingularTriplet norm)
    {
        if (Autograd.IsRecording)
        {
            // A node of its own for this use of w, connected to the graph behind it.
            Tensor x = Identity(w);
            return Autograd.Grad(Sum(SpectralNormReference(x, norm.U, norm.V, norm.Spec) * g), [x], createGraph: true)[0];
        }
        Tensor dw = InPlaceOf(g);
        ((IFusedSpectralNorm)g.Backend).SpectralNormBackward(g.Storage, w.Storage, norm.U.Storage, norm.V.Storage, norm.Sigma.Storage, dw.Storage, norm.Spec);
        return dw;
    }

    static void SpectralNormCheck(Tensor w, SingularTriplet norm)
    {
        PowerIterationCheck("spectral_norm", w, norm.U, norm.V, norm.Spec);
        Check.SameDevice("spectral_norm", w, norm.Sigma);
        Check.Shape("spectral_norm", "sigma", norm.Sigma, new Shape(), "a scalar");
    }

    static void PowerIterationCheck(string op, Tensor w, Tensor u, Tensor v, PowerIterationSpec spec)
    {
        Check.SameDevice(op, w, u);
        Check.SameDevice(op, w, v);
        if (w.Count != spec.Rows * spec.Columns) throw new ShapeException($"{op}: w {w.Shape} has {w.Count} elements, the matrix is {spec.Rows} x {spec.Columns}.");
        Check.Vector(op, "u", u, spec.Transpose ? spec.Columns : spec.Rows, "one per row of W");
        Check.Vector(op, "v", v, spec.Transpose ? spec.Rows : spec.Columns, "one per column of W");
    }

    /// <summary>The definition of <see cref="SpectralNorm"/>.</summary>
    internal static Tensor SpectralNormReference(Tensor w, Tensor u, Tensor v, PowerIterationSpec c)
    {
        Tensor matrix = Reshape(w, c.Rows, c.Columns);
        (Tensor left, Tensor right) = c.Transpose ? (v, u) : (u, v);
        Tensor sigma = MatMul(Reshape(left, 1, c.Rows), MatMul(matrix, Reshape(right, c.Columns, 1)));
        return w / (Reshape(sigma, new Shape()) + SmallestSigma);
    }

    /// <summary>The definition of <see cref="PowerIteration"/>, for weights that are not all zero.</summary>
    internal static (Tensor U, Tensor V, Tensor Sigma) PowerIterationReference(Tensor w, Tensor u, Tensor v, PowerIterationSpec c)
    {
        // Of constants alone, so nothing is recorded.
        Tensor matrix = Reshape(w.Detach(), c.Rows, c.Columns);
        u = Reshape(u.Detach(), -1, 1);
        v = Reshape(v.Detach(), -1, 1);
        for (int i = 0; i < c.Iterations; i++)
        {
            v = Normalize(MatMul(matrix, u, transposeA: !c.Transpose), c);
            u = Normalize(MatMul(matrix, v, transposeA: c.Transpose), c);
        }
        Tensor sigma = MatMul(u, MatMul(matrix, v, transposeA: c.Transpose), transposeA: true);
        return (Reshape(u, -1), Reshape(v, -1), Reshape(sigma, new Shape()));
    }

    static Tensor Normalize(Tensor x, PowerIterationSpec c)
    {
        Tensor norm = Sqrt(Sum(Square(x)));
        return x / (c.EpsilonForm == NormEpsilon.Add ? norm + c.Epsilon : Max(norm, Tensor.Full(c.Epsilon, norm.Shape, x.Device)));
    }
}
