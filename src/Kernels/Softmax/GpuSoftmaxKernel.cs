using ILGPU;

namespace Sagan.Native.Kernels;

// y[r,c] = exp(x[r,c] - m_r) / sum_c exp(x[r,c] - m_r),  m_r = max_c x[r,c]
//
// `lanes` neighbouring threads share a row, 256 / lanes rows a thread block; thread `lane` has columns lane, lane + lanes, ...: largest
// element, then the sum of the exponentials, then the quotients, each with the exponential anew. x is read three times, twice out of the
// cache, and y written once: 8 bytes an element of device memory; about 40 flops an element. Rows of any length.
// Numerics: compensated sums. An entry of minus infinity gives 0. A row that holds NaN or plus infinity, or nothing but minus infinity,
// gives NaN throughout: the maximum leaves NaN out, the sum does not. y may be x: a thread reads an element for the last time before it
// writes it.

readonly struct GpuSoftmaxKernel(ArrayView<float> x, ArrayView<float> y, int rows, int columns, int lanes) : IGpuBlockKernel
{
    public void Run()
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GpuQueue.Threads);
        int t = Group.IdxX, lane = t & (lanes - 1), row = (int)(((uint)Grid.IdxX * GpuQueue.Threads + (uint)t) / (uint)lanes);
        // Threads past the last row have no columns.
        int begin = row * columns, count = row < rows ? columns : 0;

        float max = float.NegativeInfinity;
        for (int c = lane; c < count; c += lanes)
        {
            float v = x[begin + c];
            if (v > max) max = v;
        }
        max = GpuTreeReduce.Max(shared, lanes, max);

        GpuCompensatedSum sum = default;
        for (int c = lane; c < count; c += lanes) sum = sum.Plus(Exp(x[begin + c] - max));
        float inverse = 1 / GpuTreeReduce.Sum(shared, lanes, sum.Value);

        for (int c = lane; c < count; c += lanes) y[begin + c] = Exp(x[begin + c] - max) * inverse;
    }

    static float Exp(float x) => SimdMath.Exp(new GpuLane(x)).Value;
}
