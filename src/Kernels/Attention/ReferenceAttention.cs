namespace Sagan.Native.Kernels;

/// <summary>
/// Attention and its gradient as a paper writes them: a loop for each matrix, in double, N x M matrices and all. To be read, and to be
/// compared with: every other way of computing attention, streaming or not, must come to these numbers.
/// <code>q [N,dk]  k [M,dk]  v [M,dv]   E, A [N,M]   o, g [N,dv]   row i = query, column j = key, c = channel</code>
/// </summary>
public static class ReferenceAttention
{
    /// <summary>What every query reads, o, with the scores E and the weights A that it is read by.</summary>
    public static (double[,] E, double[,] A, double[,] o) Forward(double[,] q, double[,] k, double[,] v, double scale = 1)
    {
        (int queries, int keys, int dk, int dv) = (q.GetLength(0), k.GetLength(0), q.GetLength(1), v.GetLength(1));
        double[,] E = new double[queries, keys], A = new double[queries, keys], o = new double[queries, dv];

        // E = scale q k^T
        for (int i = 0; i < queries; i++)
            for (int j = 0; j < keys; j++)
                for (int c = 0; c < dk; c++) E[i, j] += scale * q[i, c] * k[j, c];

        // A = softmax_j(E)
        for (int i = 0; i < queries; i++)
        {
            double max = double.NegativeInfinity, sum = 0;
            for (int j = 0; j < keys; j++) max = Math.Max(max, E[i, j]);
            for (int j = 0; j < keys; j++) sum += Math.Exp(E[i, j] - max);
            for (int j = 0; j < keys; j++) A[i, j] = Math.Exp(E[i, j] - max) / sum;
        }

        // o = A v
        for (int i = 0; i < queries; i++)
            for (int c = 0; c < dv; c++)
                for (int j = 0; j < keys; j++) o[i, c] += A[i, j] * v[j, c];

        return (E, A, o);
    }

    /// <summary>The gradients of q, k and v for g = dL/do, with what lies between: dA, its row sums D and dE.</summary>
    public static (double[,] dv, double[,] dA, double[] D, double[,] dE, double[,] dq, double[,] dk) Backward(
        double[,] q, double[,] k, double[,] v, double[,] A, double[,] g, double scale = 1)
    {
        (int queries, int keys, int widthK, int widthV) = (q.GetLength(0), k.GetLength(0), q.GetLength(1), v.GetLength(1));
        double[,] dv = new double[keys, widthV], dA = new double[queries, keys], dE = new double[queries, keys];
        double[,] dq = new double[queries, widthK], dk = new double[keys, widthK];
        double[] D = new double[queries];

        // dv = A^T g
        for (int j = 0; j < keys; j++)
            for (int c = 0; c < widthV; c++)
                for (int i = 0; i < queries; i++) dv[j, c] += A[i, j] * g[i, c];

        // dA = g v^T
        for (int i = 0; i < queries; i++)
            for (int j = 0; j < keys; j++)
                for (int c = 0; c < widthV; c++) dA[i, j] += g[i, c] * v[j, c];

        // D = rowsum(dA * A), which is rowsum(g * o) too
        for (int i = 0; i < queries; i++)
            for (int j = 0; j < keys; j++) D[i] += dA[i, j] * A[i, j];

        // dE = A * (dA - D)
        // Weights of a row sum to 1: one can grow only where others shrink.
        for (int i = 0; i < queries; i++)
            for (int j = 0; j < keys; j++) dE[i, j] = A[i, j] * (dA[i, j] - D[i]);

        // dq = scale dE k
        for (int i = 0; i < queries; i++)
            for (int c = 0; c < widthK; c++)
                for (int j = 0; j < keys; j++) dq[i, c] += scale * dE[i, j] * k[j, c];

        // dk = scale dE^T q
        for (int j = 0; j < keys; j++)
            for (int c = 0; c < widthK; c++)
                for (int i = 0; i < queries; i++) dk[j, c] += scale * dE[i, j] * q[i, c];

        return (dv, dA, D, dE, dq, dk);
    }
}
