using ILGPU;
using Sagan.Native.Kernels;

namespace Sagan.Native.Ladder;

// One step of power iteration on W [R,C]:  v = W^T u / |W^T u|,  u' = W v / |W v|,  sigma = |W v|

/// <summary>W^T u: a thread for each column. Neighbours have neighbouring columns, so memory is read in whole lines.</summary>
readonly struct ColumnProductKernel(ArrayView<float> w, ArrayView<float> u, ArrayView<float> v, int rows, int columns) : IGpuKernel
{
    public void Run()
    {
        int c = GpuThread.Index;
        if (c >= columns) return;
        float sum = 0;
        for (int r = 0; r < rows; r++) sum += w[r * columns + c] * u[r];
        v[c] = sum;
    }
}

/// <summary>W v: a thread for each row. Neighbours read elements that are a whole row apart.</summary>
readonly struct NaiveRowProductKernel(ArrayView<float> w, ArrayView<float> v, ArrayView<float> next, int rows, int columns) : IGpuKernel
{
    public void Run()
    {
        int r = GpuThread.Index;
        if (r >= rows) return;
        float sum = 0;
        for (int c = 0; c < columns; c++) sum += w[r * columns + c] * v[c];
        next[r] = sum;
    }
}

/// <summary>x /= |x|, and |x|: one thread does it all while the device waits.</summary>
readonly struct NaiveNormalizeKernel(ArrayView<float> x, ArrayView<float> norm, int n) : IGpuKernel
{
    public void Run()
    {
        if (GpuThread.Index > 0) return;
        float squares = 0;
        for (int i = 0; i < n; i++) squares += x[i] * x[i];
        float length = MathF.Sqrt(squares);
        norm[0] = length;
        for (int i = 0; i < n; i++) x[i] /= length;
    }
}

/// <summary>W v: a thread block for each row, whose threads read neighbours and add up in shared memory.</summary>
readonly struct SharedRowProductKernel(ArrayView<float> w, ArrayView<float> v, ArrayView<float> next, int columns) : IGpuBlockKernel
{
    public void Run()
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GpuQueue.Threads);
        float sum = 0;
        for (int c = Group.IdxX; c < columns; c += GpuQueue.Threads) sum += w[Grid.IdxX * columns + c] * v[c];
        sum = GpuTreeReduce.Sum(shared, GpuQueue.Threads, sum);
        if (Group.IdxX == 0) next[Grid.IdxX] = sum;
    }
}

/// <summary>x /= |x|, and |x|: one thread block.</summary>
readonly struct SharedNormalizeKernel(ArrayView<float> x, ArrayView<float> norm, int n) : IGpuBlockKernel
{
    public void Run()
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GpuQueue.Threads);
        float squares = 0;
        for (int i = Group.IdxX; i < n; i += GpuQueue.Threads) squares += x[i] * x[i];
        float length = MathF.Sqrt(GpuTreeReduce.Sum(shared, GpuQueue.Threads, squares));
        for (int i = Group.IdxX; i < n; i += GpuQueue.Threads) x[i] /= length;
        if (Group.IdxX == 0) norm[0] = length;
    }
}
