using ILGPU;

namespace Sagan.Native.Kernels;

// y = x + gamma o        do = gamma g,  dgamma = sum of g o        x, o, y, g [n], gamma one number in device memory
// By float4, 12 bytes an element: bound by memory. Forward: thread t does elements 4t .. 4t+3. Backward: a thread block does a piece, its
// threads every 256th float4 of it, and gives one number to be added up; it stores do in a second loop, which finds g in the cache. In one
// loop ILGPU reads o after it has stored do, which may be o: it moves a load down to where its value is used, past stores that do not need
// it.
// Numerics: the sums are compensated in a thread (GpuCompensatedSum), and trees beyond. In place: a thread reads what it writes, and nobody
// else does.

/// <summary>y = x + gamma o.</summary>
readonly struct GpuResidualKernel(ArrayView<float> x, ArrayView<float> o, ArrayView<float> gamma, ArrayView<float> y, int n) : IGpuKernel
{
    public void Run()
    {
        int t = GpuThread.Index;
        float c = gamma[0];
        if (t < n >> 2)
        {
            GpuFloat4 v = x.Cast<GpuFloat4>()[t];
            v.MultiplyAdd(c, o.Cast<GpuFloat4>()[t]);
            y.Cast<GpuFloat4>()[t] = v;
        }
        else if (t == n >> 2)
            for (int i = 4 * t; i < n; i++) y[i] = x[i] + c * o[i];
    }
}

/// <summary>do = gamma g, and sums[thread block] = sum of g o over the thread block's piece, a multiple of 4 elements.</summary>
readonly struct GpuResidualGradKernel(ArrayView<float> g, ArrayView<float> o, ArrayView<float> gamma, ArrayView<float> dO,
    ArrayView<float> sums, int n, int piece) : IGpuBlockKernel
{
    public void Run()
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GpuQueue.Threads);
        int t = Group.IdxX, begin = Grid.IdxX * piece, count = n - begin < piece ? n - begin : piece, vec4s = count >> 2;
        GpuCompensatedSum sum = default;
        for (int i = (begin >> 2) + t, end = (begin >> 2) + vec4s; i < end; i += GpuQueue.Threads)
        {
            GpuFloat4 a = g.Cast<GpuFloat4>()[i], b = o.Cast<GpuFloat4>()[i];
            sum = sum.Plus(a.X * b.X + a.Y * b.Y + (a.Z * b.Z + a.W * b.W));
        }
        int last = begin + 4 * vec4s + t;
        if (last < begin + count) sum = sum.Plus(g[last] * o[last]);
        float total = GpuTreeReduce.Sum(shared, GpuQueue.Threads, sum.Value);
        if (t == 0) sums[Grid.IdxX] = total;

        float c = gamma[0];
        for (int i = (begin >> 2) + t, end = (begin >> 2) + vec4s; i < end; i += GpuQueue.Threads)
        {
            GpuFloat4 a = g.Cast<GpuFloat4>()[i];
            dO.Cast<GpuFloat4>()[i] = new GpuFloat4(c * a.X, c * a.Y, c * a.Z, c * a.W);
        }
        if (last < begin + count) dO[last] = c * g[last];
    }
}
