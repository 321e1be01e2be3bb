using Sagan.Native.Kernels;

namespace Sagan.Native;

public static partial class Ops
{
    /// <summary>
    /// y = op(a) op(b), op = transpose where asked for.  a [M,K] (or [K,M]), b [K,N] (or [N,K]), y [M,N]; with a batch axis in front of
    /// either, [B,...], the products are taken entry by entry and an operand without one is used for all.
    /// <code>da = g op(b)^T   db = op(a)^T g</code>
    /// </summary>
    public static Tensor MatMul(Tensor a, Tensor b, bool transposeA = false, bool transposeB = false)
    {
        // One large product instead of a batch of small ones where b is shared.
        if (a.Rank == 3 && b.Rank == 2 && !transposeA)
            return Reshape(MatMul(Reshape(a, new Shape(a.Shape[0] * a.Shape[1], a.Shape[2])), b, false, transposeB),
                a.Shape[0], a.Shape[1], b.Shape[transposeB ? 0 : 1]);
        MatMulSpec c = MatMulCheck(a, b, transposeA, transposeB);
        Tensor y = Tensor.Empty(a.Rank == 2 && b.Rank == 2 ? new Shape(c.M, c.N) : new Shape(c.Batch, c.M, c.N), a.Device);
        a.Backend.MatMul(a.Storage, b.Storage, y.Storage, c);
        return Autograd.Record("matmul", y, new Factors(a, b, transposeA, transposeB),
            (a, static (g, s) => SumTo(s.TransposeA ? MatMul(s.B, g, s.TransposeB, true) : MatMul(g, s.B, false, !s.TransposeB),
                s.A.Shape)),
            (b, static (g, s) => SumTo(s.TransposeB ? MatMul(g, s.A, true, s.TransposeA) : MatMul(s.A, g, !s.TransposeA, false),
                s.B.Shape)));
    }

    internal readonly record struct Factors(Tensor A, Tensor B, bool TransposeA, bool TransposeB) : ISaved<Factors>
    {
        public Factors Keep(SavedTensors by) => this with { A = by.Keep(A), B = by.Keep(B) };
    }

    /// <summary>
    /// y = act(x w^T + bias): a linear layer.  x [M,K], w [N,K] (PyTorch's layout), bias [N], y [M,N].
    /// <code>dz = g act'(y)   dx = dz w   dw = dz^T x   dbias = sum over rows of dz</code>
    /// Where <paramref name="norm"/> is given, w / sigma takes the place of w.
    /// </summary>
    public static Tensor Linear(Tensor x, Tensor w, Tensor? bias = null, Activation activation = default, SingularTriplet? norm = null)
    {
        Check.Rank("linear", "x", x, 2, "[M, K]");
        Check.Rank("linear", "w", w, 2, "[N, K]");
        if (x.Shape[1] != w.Shape[1])
            throw new ShapeException($"linear: x {x.Shape} has {x.Shape[1]} columns, w {w.Shape} has {w.Shape[1]} (out, in).");
        if (bias != null) Check.SameDevice("linear", x, bias);
        if (bias != null) Check.Vector("linear", "bias", bias, w.Shape[0], "one per row of w");
        if (FusedProduct(x, w, bias, norm) is not { } fused)
            return Activate(AddBias(MatMul(x, norm == null ? w : SpectralNorm(w, norm), transposeB: true), bias), activation);

        MatMulSpec c = MatMulCheck(x, w, false, true);
        Tensor y = Tensor.Empty(new Shape(c.M, c.N), x.Device);
        Tensor? scale = Scale(norm);
        fused.MatMulBias(x.Storage, w.Storage, scale?.Storage, bias?.Storage, y.Storage, c, activation);
        return Autograd.RecordJoint("linear", y, new WeightedProduct<MatMulSpec>(x, w, y, norm, scale, c, activation), inputs: [x, w, bias],
            static (g, s, d) =>
            {
                (Tensor dz, Tensor? db) = BiasActivationBackward(g, s.Y, s.Activation, d.Wants(2));
                if (d.Wants(0)) d[0] = ScaledMatMul(dz, s.WeightForInput());
                if (d.Wants(1)) d[1] = WeightGrad(MatMul(dz, s.X, transposeA: true), s.Weight, s.Norm);
                d[2] = db;
            });
    }

    // The product for a linear layer's dx. With a scale it is not recorded: see WeightedProduct.
    static Tensor ScaledMatMul(Tensor dz, (Tensor W, Tensor? Scale) weight)
    {
        if (weight.Scale == null) return MatMul(dz, weight.W);
        MatMulSpec c = MatMulCheck(dz, weight.W, false, false);
        Tensor dx = Tensor.Empty(new Shape(c.M, c.N), dz.Device);
        ((IFusedBias)dz.Backend).MatMulBias(dz.Storage, weight.W.Storage, weight.Scale.Storage, null, dx.Storage, c, Activation.None);
        return dx;
    }

    static MatMulSpec MatMulCheck(Tensor a, Tensor b, bool transposeA, bool transposeB)
    {
        Check.SameDevice("matmul", a, b);
        if (a.Rank is not (2 or 3) || b.Rank is not (2 or 3))
            throw new ShapeException($"matmul: a {a.Shape} and b {b.Shape} must have 2 axes, or 3 with a batch.");
        int m = a.Shape[transposeA ? -1 : -2], k = a.Shape[transposeA ? -2 : -1];
        int kb = b.Shape[transposeB ? -1 : -2], n = b.Shape[transposeB ? -2 : -1];
        if (k != kb)
        {
            static string Of(string name, Tensor t, bool transposed, string what, int size) =>
                $"{name} {t.Shape}{(transposed ? " transposed" : "")} has {size} {what}";
            throw new ShapeException($"matmul: inner dimensions differ: {Of("a", a, transposeA, "columns", k)}, "
                + $"{Of("b", b, transposeB, "rows", kb)}.");
        }
        int batch = a.Rank == 3 ? a.Shape[0] : b.Rank == 3 ? b.Shape[0] : 1;
        if (a.Rank == 3 && b.Rank == 3 && a.Shape[0] != b.Shape[0])
            throw new ShapeException($"matmul: batch sizes differ: a {a.Shape}, b {b.Shape}.");
        return new MatMulSpec(batch, m, n, k, transposeA, transposeB, a.Rank == 3 ? m * k : 0, b.Rank == 3 ? k * n : 0);
    }
}
