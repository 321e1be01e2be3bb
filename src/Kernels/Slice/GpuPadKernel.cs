using ILGPU;

namespace Sagan.Native.Kernels;

// Pad: y [outer, length] = zeros with a run of x [outer, run] at `before`. Thread i does element i of y, or four neighbours where every
// number is a multiple of 4 (T = GpuFloat4, counted in float4s). Writes y once and reads x once: bound by memory. Slice and CopyInto are
// strided copies.

/// <summary>y[o, i] = x[o, i - before] inside of the run, 0 elsewhere.</summary>
readonly struct GpuPadKernel<T>(ArrayView<T> x, ArrayView<T> y, int n, int length, int before, int run) : IGpuKernel where T : unmanaged
{
    public void Run()
    {
        int i = GpuThread.Index;
        if (i >= n) return;
        int o = (int)((uint)i / (uint)length), at = i - o * length - before;
        T value = default;
        if (at >= 0 && at < run) value = x[o * run + at];
        y[i] = value;
    }
}
