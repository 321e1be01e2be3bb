using ILGPU;
using Sagan.Native.Kernels;

namespace Sagan.Native.Ladder;

// y [M,N] = a [M,K] b [K,N], row-major, 2 M N K flops. The engine's kernel (src/Kernels/Gpu/Gemm) goes on where these end: tiles in
// registers, loads of 16 bytes, loads of the next step during this one, and tensor cores.

/// <summary>
/// A thread for each element of y. Each thread reads a row of a and a column of b: 8 bytes for 2 flops, all from memory or caches.
/// Neighbours in a warp have neighbouring columns, so that b is read in whole lines and a by broadcast.
/// </summary>
readonly struct NaiveMatMulKernel(ArrayView<float> a, ArrayView<float> b, ArrayView<float> y, int m, int n, int k) : IGpuKernel
{
    public void Run()
    {
        int t = GpuThread.Index, i = t / n, j = t - i * n;
        if (i >= m) return;
        float sum = 0;
        for (int p = 0; p < k; p++) sum += a[i * k + p] * b[p * n + j];
        y[t] = sum;
    }
}

/// <summary>
/// 16 x 16 threads share what they read. For every 16 k, each thread brings one element of a and one of b to shared memory, all wait, each
/// multiplies 16 pairs, all wait. Each element is read from memory by N / 16 or M / 16 thread blocks: 8 bytes for 32 flops. What limits it
/// now is shared memory: two loads for each multiplication.
/// </summary>
readonly struct SharedMatMulKernel(ArrayView<float> a, ArrayView<float> b, ArrayView<float> y, int m, int n, int k) : IGpuBlockKernel
{
    public const int Side = 16;

    public void Run()
    {
        ArrayView<float> left = SharedMemory.Allocate<float>(Side * Side), right = SharedMemory.Allocate<float>(Side * Side);
        int row = Group.IdxX >> 4, column = Group.IdxX & 15, i = Grid.IdxY * Side + row, j = Grid.IdxX * Side + column;
        float sum = 0;
        for (int p = 0; p < k; p += Side)
        {
            left[Group.IdxX] = i < m && p + column < k ? a[i * k + p + column] : 0;
            right[Group.IdxX] = p + row < k && j < n ? b[(p + row) * n + j] : 0;
            Group.Barrier();
            for (int q = 0; q < Side; q++) sum += left[row * Side + q] * right[q * Side + column];
            Group.Barrier();
        }
        if (i < m && j < n) y[i * n + j] = sum;
    }
}
