using Sagan.Native.Kernels;

namespace Sagan.Native;

public static partial class Ops
{
    /// <summary>
    /// Attention: every query reads a mean of the values, weighted by how well it matches their keys.
    /// <code>q [B,N,dk]  k [B,M,dk]  v [B,M,dv]  o [B,N,dv]
    /// E = scale q k^T          (N x M)   row i = query, column j = key
    /// A = softmax_j(E)         (N x M)
    /// o = A v                  (N x dv)
    /// Backward, g = dL/do:
    /// dv = A^T g
    /// dA = g v^T
    /// dE = A * (dA - rowsum(dA * A))     and rowsum(dA * A) = rowsum(g * o)
    /// dq = scale dE k,  dk = scale dE^T q</code>
    /// SAGAN uses scale 1 (Zhang et al. 2019, equations 1 and 2). With a fused kernel no N x M matrix is stored: forward keeps o, each
    /// row's largest score and its sum of exponentials, and backward computes A again tile by tile. Without keys (M = 0) o is 0, as a
    /// product without terms is.
    /// </summary>
    public static Tensor Attention(Tensor q, Tensor k, Tensor v, float scale = 1)
    {
        AttentionSpec c = AttentionCheck(q, k, v, scale);
        if (q.Backend is not IFusedAttention fused) return AttentionReference(q, k, v, scale);
        Tensor o = Tensor.Empty(new Shape(c.Batch, c.N, c.Dv), q.Device), rows = Tensor.Empty(new Shape(2, c.Batch, c.N), q.Device);
        fused.Attention(q.Storage, k.Storage, v.Storage, o.Storage, rows.Storage, c);
        return Autograd.RecordJoint("attention", o, new Attended(q, k, v, o, rows, c), inputs: [q, k, v],
            static (g, s, d) =>
            {
                if (Autograd.IsRecording)
                {
                    GradOfReference(g, d, [s.Q, s.K, s.V], s.Spec.Scale, static (x, scale) => AttentionReference(x[0], x[1], x[2], scale));
                    return;
                }
                Tensor dq = Tensor.Empty(s.Q.Shape, g.Device), dk = Tensor.Empty(s.K.Shape, g.Device),
                    dv = Tensor.Empty(s.V.Shape, g.Device);
                ((IFusedAttention)g.Backend).AttentionBackward(s.Q.Storage, s.K.Storage, s.V.Storage, s.O.Storage, s.Rows.Storage,
                    g.Storage, dq.Storage, dk.Storage, dv.Storage, s.Spec);
                (d[0], d[1], d[2]) = (dq, dk, dv);
            });
    }

    /// <summary>Rows: each query's largest score and its sum of exponentials.</summary>
    internal readonly record struct Attended(Tensor Q, Tensor K, Tensor V, Tensor O, Tensor Rows, AttentionSpec Spec) : ISaved<Attended>
    {
        public Attended Keep(SavedTensors by) => new(by.Keep(Q), by.Keep(K), by.Keep(V), by.Keep(O), by.Keep(Rows), Spec);
    }

    /// <summary>The definition of <see cref="Attention"/>: softmax(scale q k^T) v.</summary>
    internal static Tensor AttentionReference(Tensor q, Tensor k, Tensor v, float scale) =>
        MatMul(Softmax(Affine(MatMul(q, k, transposeB: true), scale)), v);

    static AttentionSpec AttentionCheck(Tensor q, Tensor k, Tensor v, float scale)
    {
        Check.SameDevice("attention", q, k);
        Check.SameDevice("attention", q, v);
        Check.Rank("attention", "q", q, 3, "[B, N, dk]");
        Check.Rank("attention", "k", k, 3, "[B, M, dk]");
        Check.Rank("attention", "v", v, 3, "[B, M, dv]");
        if (q.Shape[0] != k.Shape[0] || q.Shape[0] != v.Shape[0])
            throw new ShapeException($"attention: batch sizes differ: q {q.Shape}, k {k.Shape}, v {v.Shape}.");
        if (q.Shape[2] != k.Shape[2])
            throw new ShapeException($"attention: q {q.Shape} and k {k.Shape} differ in their last axis, dk.");
        if (k.Shape[1] != v.Shape[1])
            throw new ShapeException($"attention: k {k.Shape} and v {v.Shape} differ in their middle axis, the number of keys.");
        return new AttentionSpec(q.Shape[0], q.Shape[1], k.Shape[1], q.Shape[2], v.Shape[2], scale);
    }
}
