using ILGPU;

namespace Sagan.Native.Kernels;

// y[r,c] = 1 where fewer than k entries of the row come before x[r,c], which larger ones do, and equal ones to its left; else 0.
// Thread i has element i and reads its whole row: `columns` comparisons an element, the row from the cache, where the threads of a group share it.

readonly struct GpuTopKKernel(ArrayView<float> x, ArrayView<float> y, int n, int columns, int k) : IGpuKernel
{
    public void Run()
    {
        int i = GpuThread.Index;
        if (i >= n) return;
        int row = (int)((uint)i / (uint)columns) * columns;
        float v = x[i];
        int before = 0;
        for (int j = row; j < row + columns; j++)
        {
            float other = x[j];
            if (other > v || (other == v && j < i)) before++;
        }
        y[i] = before < k ? 1f : 0f;
    }
}
