using Sagan.Native.Kernels;

namespace Sagan.Native;

public static partial class Ops
{
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
    /// y = w / sigma with sigma = u^T W v and u, v constant. Where sigma is 0, as that of an all-zero weight, it counts as a constant 1:
    /// y = w, dw = g.
    /// <code>dw = (g - &lt;g, y&gt; u v^T) / sigma</code>
    /// Products take the triplet themselves and save this pass over the weight: act(scale (x w) + bias) with scale = 1 / sigma.
    /// </summary>
    public static Tensor SpectralNorm(Tensor w, SingularTriplet norm)
    {
        SpectralNormCheck(w, norm);
        norm = norm with { U = norm.U.Detach(), V = norm.V.Detach() };
        if (w.Backend is not IFusedSpectralNorm) return SpectralNormReference(w, norm.U, norm.V, norm.Spec);
        Tensor y = w.Detach() / NonZero(norm.Sigma.Detach());
        return Autograd.Record("spectral_norm", y, new Divided(w, norm),
            (w, static (g, s) => SpectralNormGrad(g, s.Weight, s.Norm)));
    }

    readonly record struct Divided(Tensor Weight, SingularTriplet Norm) : ISaved<Divided>
    {
        public Divided Keep(SavedTensors by) => new(by.Keep(Weight), Norm.Keep(by));
    }

    /// <summary>
    /// y = w / sigma with the power iteration as part of the function, so that gradients flow through it, as in the official SAGAN code:
    /// <code>v = l2n(W^T u)   u' = l2n(W v)   sigma = u'^T W v   l2n(x) = x / (|x| + eps)
    /// dW = (g - &lt;g, y&gt; S) / sigma   S = u' v^T + u ((I - v v^T) W^T u')^T / |W^T u|   for one step;
    /// the second part goes to 0 as u converges</code>
    /// A norm or sigma of 0 counts as a constant 1. W has a row for each element of u. Returns y, u' (not recorded) and sigma.
    /// </summary>
    public static (Tensor Y, Tensor U, Tensor Sigma) NormalizedByPowerIteration(Tensor w, Tensor u, PowerIterationSpec spec)
    {
        if (spec.Transpose)
            throw new ArgumentException("spectral_norm: the rows of the matrix must be the weight's first axis here.", nameof(spec));
        Tensor matrix = Reshape(w, spec.Rows, spec.Columns);
        // A copy: the parameter it comes from moves before the backward pass.
        Tensor left = Reshape(Affine(u.Detach(), 1), 1, spec.Rows), right = UnitLength(MatMul(left, matrix));
        for (int i = 0; i < spec.Iterations; i++)
        {
            if (i > 0) right = UnitLength(MatMul(left, matrix));
            left = UnitLength(MatMul(right, matrix, transposeB: true));
        }
        Tensor sigma = Sum(MatMul(left, matrix) * right);
        // A product of 0 leaves u as it was: else it would stay 0 for ever, also after the weight has become something else.
        Tensor next = left.Detach(), isZero = 1 - Square(Sign(Sum(Square(next))));
        return (w / NonZero(sigma), Reshape(next + isZero * Reshape(u.Detach(), next.Shape), u.Shape), sigma);

        // At 0 the root has no slope.
        Tensor UnitLength(Tensor x) => x / (Sqrt(NonZero(Sum(Square(x)))) + spec.Epsilon);
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
        ((IFusedSpectralNorm)g.Backend).SpectralNormBackward(g.Storage, w.Storage, norm.U.Storage, norm.V.Storage, norm.Sigma.Storage,
            dw.Storage, norm.Spec);
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
        if (w.Count != spec.Rows * spec.Columns)
            throw new ShapeException($"{op}: w {w.Shape} has {w.Count} elements, the matrix is {spec.Rows} x {spec.Columns}.");
        Check.Vector(op, "u", u, spec.Transpose ? spec.Columns : spec.Rows, "one per row of W");
        Check.Vector(op, "v", v, spec.Transpose ? spec.Rows : spec.Columns, "one per column of W");
    }

    /// <summary>The definition of <see cref="SpectralNorm"/>.</summary>
    internal static Tensor SpectralNormReference(Tensor w, Tensor u, Tensor v, PowerIterationSpec c)
    {
        Tensor matrix = Reshape(w, c.Rows, c.Columns);
        (Tensor left, Tensor right) = c.Transpose ? (v, u) : (u, v);
        Tensor sigma = MatMul(Reshape(left, 1, c.Rows), MatMul(matrix, Reshape(right, c.Columns, 1)));
        return w / NonZero(Reshape(sigma, new Shape()));
    }

    // y = x, or 1 where x is 0;  dx = g where x is not 0 (nor NaN), else 0 g.
    static Tensor NonZero(Tensor x) =>
        Autograd.Record("non_zero", Map(x, default(NonZeroOp)), new Input(x),
            (x, static (g, s) => g * Square(Sign(s.X))));

    /// <summary>The definition of <see cref="PowerIteration"/>, in double on the host. A product of 0 leaves the vector as it
    /// was.</summary>
    internal static (Tensor U, Tensor V, Tensor Sigma) PowerIterationReference(Tensor w, Tensor u, Tensor v, PowerIterationSpec c)
    {
        float[] matrix = w.ToArray();
        double[] left = [.. u.ToArray().Select(x => (double)x)], right = [.. v.ToArray().Select(x => (double)x)];
        for (int i = 0; i < c.Iterations; i++)
        {
            right = Normalize(Product(matrix, left, right.Length, c, transposed: !c.Transpose), right, c);
            left = Normalize(Product(matrix, right, left.Length, c, transposed: c.Transpose), left, c);
        }
        double sigma = Product(matrix, right, left.Length, c, transposed: c.Transpose).Zip(left, (a, b) => a * b).Sum();
        return (Vector(left), Vector(right), Tensor.Scalar((float)sigma, w.Device));

        Tensor Vector(double[] x) => Tensor.From([.. x.Select(a => (float)a)], new Shape(x.Length), w.Device);
    }

    // S^T x (transposed) or S x for the stored matrix S.
    static double[] Product(float[] matrix, double[] x, int length, PowerIterationSpec c, bool transposed)
    {
        double[] y = new double[length];
        for (int i = 0; i < matrix.Length; i++)
        {
            (int row, int column) = Math.DivRem(i, c.Columns);
            if (transposed) y[column] += matrix[i] * x[row];
            else y[row] += matrix[i] * x[column];
        }
        return y;
    }

    static double[] Normalize(double[] x, double[] before, PowerIterationSpec c)
    {
        double norm = Math.Sqrt(x.Sum(a => a * a));
        return norm == 0 ? before : [.. x.Select(a => a / (c.EpsilonForm == NormEpsilon.Add ? norm + c.Epsilon : norm))];
    }
}
