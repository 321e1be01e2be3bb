using ILGPU;

namespace Sagan.Native.Kernels;

// y = x + gamma o        do = gamma g,  dgamma = sum of g o        x, o, y, g [n], gamma one number in device memory
// In fours: bound by memory. Forward, 12 bytes an element: thread t does elements 4t .. 4t+3. Backward, 16 bytes: a group sums a piece, its threads every 256th
// four of it, and gives one number to be added up; then do. Not in one pass: do may be o, and ILGPU (1.5.3) moves a load whose value is used after a store to
// behind that store, so that g o would be made of what was just stored.
// Numerics: the sums are compensated in a thread (GpuSum), and trees beyond. In place: a thread reads what it writes, and nobody else does.

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

/// <summary>sums[group] = sum of g o over the group's piece, a multiple of 4 elements.</summary>
readonly struct GpuResidualDotKernel(ArrayView<float> g, ArrayView<float> o, ArrayView<float> sums, int n, int piece) : IGpuGroupKernel
{
    public void Run()
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GpuQueue.Threads);
        int t = Group.IdxX, begin = Grid.IdxX * piece, count = n - begin < piece ? n - begin : piece, fours = count >> 2;
        GpuSum sum = default;
        for (int i = (begin >> 2) + t, end = (begin >> 2) + fours; i < end; i += GpuQueue.Threads)
        {
            GpuFloat4 a = g.Cast<GpuFloat4>()[i], b = o.Cast<GpuFloat4>()[i];
            sum = sum.Plus(a.X * b.X + a.Y * b.Y + (a.Z * b.Z + a.W * b.W));
        }
        int last = begin + 4 * fours + t;
        if (last < begin + count) sum = sum.Plus(g[last] * o[last]);
        float total = GpuTree.Sum(shared, GpuQueue.Threads, sum.Value);
        if (t == 0) sums[Grid.IdxX] = total;
    }
}

/// <summary>do = gamma g.</summary>
readonly struct GpuResidualScaleKernel(ArrayView<float> g, ArrayView<float> gamma, ArrayView<float> dO, int n) : IGpuKernel
{
    public void Run()
    {
        int t = GpuThread.Index;
        float c = gamma[0];
        if (t < n >> 2)
        {
            GpuFloat4 a = g.Cast<GpuFloat4>()[t];
            dO.Cast<GpuFloat4>()[t] = new GpuFloat4(c * a.X, c * a.Y, c * a.Z, c * a.W);
        }
        else if (t == n >> 2)
            for (int i = 4 * t; i < n; i++) dO[i] = c * g[i];
    }
}
