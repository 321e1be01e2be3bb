using System.Numerics;

namespace Sagan.Native.Ladder;

// o_i = sum_j A_ij v_j,  A_ij = exp(E_ij - m_i) / z_i,  E_ij = q_i . k_j,  m_i = max_j E_ij,  z_i = sum_j exp(E_ij - m_i)
// q [B,N,Dk], k [B,N,Dk], v [B,N,Dv], o [B,N,Dv]; 2 B N N (Dk + Dv) flops.
//
// E and A are N x N: at 64x64 pixels 67 MB an image. From rung to rung less of them exists at a time, until none does.
static unsafe class CpuAttentionRungs
{
    static int W => Vector<float>.Count;

    /// <summary>The formula, matrix by matrix: E, then A in its place, then o.</summary>
    public static void Naive(float* q, float* k, float* v, float* o, int batch, int n, int dk, int dv)
    {
        fixed (float* e = new float[n * n])
            for (int b = 0; b < batch; b++, q += n * dk, k += n * dk, v += n * dv, o += n * dv)
            {
                for (int i = 0; i < n; i++)
                    for (int j = 0; j < n; j++)
                    {
                        float sum = 0;
                        for (int d = 0; d < dk; d++) sum += q[i * dk + d] * k[j * dk + d];
                        e[i * n + j] = sum;
                    }
                CpuSoftmaxRungs.Naive(e, e, n, n);
                for (int i = 0; i < n; i++)
                    for (int d = 0; d < dv; d++)
                    {
                        float sum = 0;
                        for (int j = 0; j < n; j++) sum += e[i * n + j] * v[j * dv + d];
                        o[i * dv + d] = sum;
                    }
            }
    }

    /// <summary>
    /// One row of E at a time: N floats, which stay in the L1 cache. And o as a sum of rows of v, along which memory is read in order.
    /// </summary>
    public static void Rows(float* q, float* k, float* v, float* o, int batch, int n, int dk, int dv)
    {
        fixed (float* e = new float[n])
            for (int b = 0; b < batch; b++, q += n * dk, k += n * dk, v += n * dv, o += n * dv)
                for (int i = 0; i < n; i++)
                {
                    for (int j = 0; j < n; j++)
                    {
                        float sum = 0;
                        for (int d = 0; d < dk; d++) sum += q[i * dk + d] * k[j * dk + d];
                        e[j] = sum;
                    }
                    CpuSoftmaxRungs.Naive(e, e, 1, n);
                    new Span<float>(o + i * dv, dv).Clear();
                    for (int j = 0; j < n; j++)
                        for (int d = 0; d < dv; d++) o[i * dv + d] += e[j] * v[j * dv + d];
                }
    }

    /// <summary>
    /// W keys at once for a row of E, from k transposed once, k^T [Dk,N]; W exponentials at once; W components of v at once.
    /// </summary>
    public static void Vectors(float* q, float* k, float* v, float* o, int batch, int n, int dk, int dv)
    {
        fixed (float* e = new float[n], kt = new float[dk * n])
            for (int b = 0; b < batch; b++, q += n * dk, k += n * dk, v += n * dv, o += n * dv)
            {
                Transpose(k, kt, n, dk);
                for (int i = 0; i < n; i++)
                {
                    Scores(q + i * dk, kt, e, 0, n, n, dk);
                    CpuSoftmaxRungs.Vectors(e, e, 1, n);
                    new Span<float>(o + i * dv, dv).Clear();
                    for (int j = 0; j < n; j++) AddScaled(e[j], v + j * dv, o + i * dv, dv);
                }
            }
    }

    /// <summary>
    /// Tiles of 64 keys and the running maximum of Milakov and Gimelshein: before a tile with a larger score is added, what is there is
    /// multiplied with exp(old m - new m). Nothing of size N exists for a query, so N may be any; four queries share each row of v.
    /// Rabe and Staats 2021, Dao et al. 2022.
    /// </summary>
    public static void Streaming(float* q, float* k, float* v, float* o, int batch, int n, int dk, int dv)
    {
        fixed (float* kt = new float[dk * n])
            for (int b = 0; b < batch; b++, q += n * dk, k += n * dk, v += n * dv, o += n * dv)
            {
                Transpose(k, kt, n, dk);
                for (int i = 0; i < n; i += Queries) Stream(q, kt, v, o, i, n, dk, dv);
            }
    }

    /// <summary>Entries of the batch and groups of queries on all cores.</summary>
    public static void AllCores(float* q, float* k, float* v, float* o, int batch, int n, int dk, int dv)
    {
        int groups = (n + Queries - 1) / Queries;
        fixed (float* transposed = new float[batch * dk * n])
        {
            float* kt = transposed;
            Parallel.For(0, batch, Cores.All, b => Transpose(k + b * n * dk, kt + b * n * dk, n, dk));
            Parallel.For(0, batch * groups, Cores.All, t =>
            {
                int b = t / groups;
                Stream(q + b * n * dk, kt + b * n * dk, v + b * n * dv, o + b * n * dv, t % groups * Queries, n, dk, dv);
            });
        }
    }

    const int Queries = 4, Keys = 64;

    /// <summary>o_i for the queries i, i + 1, i + 2, i + 3, as far as they are there.</summary>
    static void Stream(float* q, float* kt, float* v, float* o, int i, int n, int dk, int dv)
    {
        float* e = stackalloc float[Queries * Keys], m = stackalloc float[Queries], z = stackalloc float[Queries];
        int queries = Math.Min(Queries, n - i);
        q += i * dk;
        o += i * dv;
        new Span<float>(m, Queries).Fill(float.NegativeInfinity);
        new Span<float>(z, Queries).Clear();
        new Span<float>(o, queries * dv).Clear();
        for (int j0 = 0; j0 < n; j0 += Keys)
        {
            int keys = Math.Min(Keys, n - j0);
            for (int r = 0; r < queries; r++)
            {
                Scores(q + r * dk, kt, e + r * Keys, j0, keys, n, dk);
                float larger = m[r];
                for (int j = 0; j < keys; j++) larger = MathF.Max(larger, e[r * Keys + j]);
                float keep = MathF.Exp(m[r] - larger);
                z[r] = z[r] * keep + CpuSoftmaxRungs.Exponentials(e + r * Keys, e + r * Keys, larger, keys);
                m[r] = larger;
                CpuSoftmaxRungs.Scale(o + r * dv, keep, dv);
            }
            for (int j = 0; j < keys; j++)
                for (int r = 0; r < queries; r++) AddScaled(e[r * Keys + j], v + (j0 + j) * dv, o + r * dv, dv);
        }
        for (int r = 0; r < queries; r++) CpuSoftmaxRungs.Scale(o + r * dv, 1 / z[r], dv);
    }

    /// <summary>e_j = q . k_(begin + j).</summary>
    static void Scores(float* q, float* kt, float* e, int begin, int count, int n, int dk)
    {
        int j = 0;
        for (; j + W <= count; j += W)
        {
            Vector<float> sum = default;
            for (int d = 0; d < dk; d++) sum = Vector.FusedMultiplyAdd(new(q[d]), Vector.Load(kt + d * n + begin + j), sum);
            Vector.Store(sum, e + j);
        }
        for (; j < count; j++)
        {
            float sum = 0;
            for (int d = 0; d < dk; d++) sum += q[d] * kt[d * n + begin + j];
            e[j] = sum;
        }
    }

    static void AddScaled(float a, float* x, float* y, int n)
    {
        Vector<float> s = new(a);
        int d = 0;
        for (; d + W <= n; d += W) Vector.Store(Vector.FusedMultiplyAdd(s, Vector.Load(x + d), Vector.Load(y + d)), y + d);
        for (; d < n; d++) y[d] += a * x[d];
    }

    static void Transpose(float* k, float* kt, int n, int dk)
    {
        for (int j = 0; j < n; j++)
            for (int d = 0; d < dk; d++) kt[d * n + j] = k[j * dk + d];
    }
}
