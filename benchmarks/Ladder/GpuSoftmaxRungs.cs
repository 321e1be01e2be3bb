using ILGPU;
using Sagan.Native.Kernels;

namespace Sagan.Native.Ladder;

// y[r,c] = exp(x[r,c] - m_r) / z_r,  m_r = max_c x[r,c],  z_r = sum_c exp(x[r,c] - m_r)

/// <summary>
/// A thread for each row. Neighbours in a warp read elements that are a whole row apart: each load of a warp touches 32 lines of memory and
/// uses 4 bytes of each.
/// </summary>
readonly struct NaiveSoftmaxKernel(ArrayView<float> x, ArrayView<float> y, int rows, int columns) : IGpuKernel
{
    public void Run()
    {
        int r = GpuThread.Index;
        if (r >= rows) return;
        int begin = r * columns;
        float m = float.NegativeInfinity, z = 0;
        for (int c = 0; c < columns; c++)
            if (x[begin + c] > m) m = x[begin + c];
        for (int c = 0; c < columns; c++) z += GpuMath.Exp(x[begin + c] - m);
        for (int c = 0; c < columns; c++) y[begin + c] = GpuMath.Exp(x[begin + c] - m) / z;
    }
}

/// <summary>
/// A thread block for each row: neighbours read neighbours, whole lines at a time, and what each thread found is put together in shared
/// memory. The engine's kernel gives short rows fewer threads, so that none is idle.
/// </summary>
readonly struct SharedSoftmaxKernel(ArrayView<float> x, ArrayView<float> y, int columns) : IGpuBlockKernel
{
    public void Run()
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GpuQueue.Threads);
        int begin = Grid.IdxX * columns;
        float m = float.NegativeInfinity, z = 0;
        for (int c = Group.IdxX; c < columns; c += GpuQueue.Threads)
            if (x[begin + c] > m) m = x[begin + c];
        m = GpuTreeReduce.Max(shared, GpuQueue.Threads, m);
        for (int c = Group.IdxX; c < columns; c += GpuQueue.Threads) z += GpuMath.Exp(x[begin + c] - m);
        z = GpuTreeReduce.Sum(shared, GpuQueue.Threads, z);
        for (int c = Group.IdxX; c < columns; c += GpuQueue.Threads) y[begin + c] = GpuMath.Exp(x[begin + c] - m) / z;
    }
}

/// <summary>Functions of one number, as the engine's kernels compute them.</summary>
static class GpuMath
{
    public static float Exp(float x) => SimdMath.Exp(new GpuLane(x)).Value;
}
