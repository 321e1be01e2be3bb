namespace Sagan.Native;

public static partial class Ops
{
    /// <summary>
    /// Sparse attention: <see cref="Attention"/> in which each query reads only from the <paramref name="most"/> keys with the largest dot
    /// products, of equal ones the first. No gradient flows through the choice.
    /// <code>E = scale q k^T,  E_ij = -infinity where key j is not chosen for query i,  A = softmax_j(E),  o = A v</code>
    /// The N x M matrix is stored. Shapes as there.
    /// </summary>
    public static Tensor TopKAttention(Tensor q, Tensor k, Tensor v, int most, float scale = 1)
    {
        AttentionCheck(q, k, v, scale);
        Check.Positive("top_k_attention", "the number of keys", most);
        // Large enough that the exponential is 0 beside any number of the row, small enough that the sum is finite.
        const float Never = 1e30f;
        Tensor e = Affine(MatMul(q, k, transposeB: true), scale);
        Tensor penalty = Affine(TopKMask(e, most), Never, -Never);
        return MatMul(Softmax(e + penalty), v);
    }

    /// <summary>1 where x is one of the k largest of its row (along the last axis), of equal ones the first; else 0. A constant: no
    /// gradient flows through it.</summary>
    public static Tensor TopKMask(Tensor x, int k)
    {
        if (x.Rank == 0) throw new ShapeException("top_k_mask: x is a scalar, at least one axis is needed.");
        Check.Positive("top_k_mask", "k", k);
        Tensor y = Tensor.Empty(x.Shape, x.Device);
        int columns = x.Shape[-1];
        x.Backend.TopKMask(x.Storage, y.Storage, columns == 0 ? 0 : x.Count / columns, columns, k);
        return Autograd.Note("top_k_mask", y, new Chosen(x, k), x);
    }

    internal readonly record struct Chosen(Tensor X, int K) : ISaved<Chosen>
    {
        public Chosen Keep(SavedTensors by) => this with { X = by.Keep(X) };
    }
}
