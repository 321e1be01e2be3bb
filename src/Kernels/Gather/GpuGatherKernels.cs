using ILGPU;

namespace Sagan.Native.Kernels;

// Rows of a table by index. Thread i has element i of y, or four neighbours where the width is a multiple of 4 (T = GpuFloat4, all numbers
// counted in float4s). 8 bytes an element and 4 an index: bound by memory.

/// <summary>y[i, c] = x[index[i], c].</summary>
readonly struct GpuGatherKernel<T>(ArrayView<T> x, ArrayView<int> index, ArrayView<T> y, int n, int width) : IGpuKernel where T : unmanaged
{
    public void Run()
    {
        int i = GpuThread.Index;
        if (i >= n) return;
        int row = (int)((uint)i / (uint)width);
        y[i] = x[index[row] * width + (i - row * width)];
    }
}
