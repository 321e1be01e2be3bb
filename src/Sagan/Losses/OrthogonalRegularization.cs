using Sagan.Native.Modules;
using static Sagan.Native.Ops;

namespace Sagan.Native.Losses;

/// <summary>
/// BigGAN's orthogonal regularisation, of the rows of all weights W (first axis x the rest) but the class tables:
/// <code>R = 1/2 sum over W of |W W^T * (1 - I)|^2        dR/dW = 2 (W W^T * (1 - I)) W</code>
/// Source: Brock et al. 2019, equation 3; the factor is that of the authors' code.
/// </summary>
public static class OrthogonalRegularization
{
    /// <summary>R of a network; vectors and scalars among its parameters do not count.</summary>
    /// <param name="network">The network.</param>
    /// <param name="live">Those of its parameters that count; null = all.</param>
    public static Tensor Of(Module network, IReadOnlyList<Parameter>? live = null)
    {
        HashSet<Parameter> tables = [.. network.Descendants().Select(m => m.Module).OfType<Embedding>().SelectMany(t => t.Parameters)];
        Tensor? sum = null;
        foreach (Parameter p in live ?? network.Parameters)
        {
            if (p.Shape.Rank < 2 || tables.Contains(p)) continue;
            Tensor w = p.Value.Reshape(p.Shape[0], -1);
            // The squares of all products of two rows, without those of a row with itself. |W W^T| = |W^T W|, so the smaller of the two
            // will do.
            bool tall = w.Shape[0] > w.Shape[1];
            Tensor gram = MatMul(w, w, transposeA: tall, transposeB: !tall);
            Tensor diagonal = Sum(Square(w), [1]);
            Tensor part = Sum(Square(gram)) - Sum(Square(diagonal));
            sum = sum == null ? part : sum + part;
        }
        return 0.5f * (sum ?? throw new ArgumentException("orthogonal regularisation: there is no weight matrix.", nameof(network)));
    }
}
