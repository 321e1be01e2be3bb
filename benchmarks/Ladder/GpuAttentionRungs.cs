using ILGPU;
using Sagan.Native.Kernels;

namespace Sagan.Native.Ladder;

// o_i = sum_j A_ij v_j,  A_ij = exp(E_ij - m_i) / z_i,  E_ij = q_i . k_j.  q, k [B,N,Dk], v, o [B,N,Dv]
// The naive form is three kernels, with E of B x N x N floats in memory between them: these two, and a softmax.

/// <summary>E: a thread for each pair of query and key.</summary>
readonly struct NaiveScoresKernel(ArrayView<float> q, ArrayView<float> k, ArrayView<float> e, int batch, int n, int dk) : IGpuKernel
{
    public void Run()
    {
        int t = GpuThread.Index, row = t / n, j = t - row * n, b = row / n;
        if (b >= batch) return;
        float sum = 0;
        for (int d = 0; d < dk; d++) sum += q[row * dk + d] * k[(b * n + j) * dk + d];
        e[t] = sum;
    }
}

/// <summary>o = A v: a thread for each component of each query.</summary>
readonly struct NaiveMeansKernel(ArrayView<float> a, ArrayView<float> v, ArrayView<float> o, int batch, int n, int dv) : IGpuKernel
{
    public void Run()
    {
        int t = GpuThread.Index, row = t / dv, d = t - row * dv, b = row / n;
        if (b >= batch) return;
        float sum = 0;
        for (int j = 0; j < n; j++) sum += a[row * n + j] * v[(b * n + j) * dv + d];
        o[t] = sum;
    }
}

/// <summary>
/// A thread block for each query, and 256 keys at a time: their scores are in shared memory, with a running maximum, so that E is nowhere.
/// But each query reads all keys and values again. The engine's kernel shares them among 32 to 128 queries, which it keeps in registers.
/// </summary>
readonly struct SharedAttentionKernel(ArrayView<float> q, ArrayView<float> k, ArrayView<float> v, ArrayView<float> o, int n, int dk, int dv)
    : IGpuBlockKernel
{
    /// <summary>The most components of a value: each belongs to one thread.</summary>
    public const int MostDv = GpuQueue.Threads;

    public void Run()
    {
        ArrayView<float> e = SharedMemory.Allocate<float>(GpuQueue.Threads), shared = SharedMemory.Allocate<float>(GpuQueue.Threads);
        int row = Grid.IdxX, first = row / n * n, t = Group.IdxX;
        float m = float.NegativeInfinity, z = 0, sum = 0;
        for (int j0 = 0; j0 < n; j0 += GpuQueue.Threads)
        {
            float score = float.NegativeInfinity;
            if (j0 + t < n)
            {
                score = 0;
                for (int d = 0; d < dk; d++) score += q[row * dk + d] * k[(first + j0 + t) * dk + d];
            }
            float larger = GpuTreeReduce.Max(shared, GpuQueue.Threads, score);
            if (m > larger) larger = m;
            float weight = GpuMath.Exp(score - larger), keep = GpuMath.Exp(m - larger);
            e[t] = weight;
            // Its barriers also see to it that all weights are there before the loop.
            z = z * keep + GpuTreeReduce.Sum(shared, GpuQueue.Threads, weight);
            sum *= keep;
            m = larger;
            if (t < dv)
                for (int j = 0; j < GpuQueue.Threads && j0 + j < n; j++) sum += e[j] * v[(first + j0 + j) * dv + t];
            // Nobody writes the next weights while one still reads these.
            Group.Barrier();
        }
        if (t < dv) o[row * dv + t] = sum / z;
    }
}
