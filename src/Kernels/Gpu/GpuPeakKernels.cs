using System.Runtime.CompilerServices;
using ILGPU;

namespace Sagan.Native.Kernels;

// What a device can do at best: the roofs that kernels are compared with. Not used by the engine.

/// <summary>
/// v = v x + c, over and over, in registers: each thread has sixteen such chains, which hide the latency of the multiply-add, and does 128
/// of them in a pass through its loop, so that counting passes costs little. 256 flops a thread and step; the one store keeps the loop from
/// being removed.
/// </summary>
readonly struct GpuPeakMultiplyAddKernel(ArrayView<float> y, float x, float c, int steps) : IGpuKernel
{
    /// <summary>Of a thread in a step.</summary>
    public const int Flops = 2 * 8 * 16;

    public void Run()
    {
        GpuChains v = new(GpuThread.Index & 15);
        for (int s = 0; s < steps; s++)
        {
            v.Step(x, c);
            v.Step(x, c);
            v.Step(x, c);
            v.Step(x, c);
            v.Step(x, c);
            v.Step(x, c);
            v.Step(x, c);
            v.Step(x, c);
        }
        y[GpuThread.Index] = v.Sum();
    }
}

/// <summary>Sixteen numbers in registers that know nothing of each other.</summary>
struct GpuChains(float start)
{
    GpuFloat4 a = new(start, start + 1, start + 2, start + 3), b = new(start + 4, start + 5, start + 6, start + 7),
        d = new(start + 8, start + 9, start + 10, start + 11), e = new(start + 12, start + 13, start + 14, start + 15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step(float x, float c)
    {
        a = Next(a, x, c);
        b = Next(b, x, c);
        d = Next(d, x, c);
        e = Next(e, x, c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static GpuFloat4 Next(GpuFloat4 v, float x, float c) => new(v.X * x + c, v.Y * x + c, v.Z * x + c, v.W * x + c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Sum()
    {
        GpuFloat4 sum = a + b + (d + e);
        return sum.X + sum.Y + (sum.Z + sum.W);
    }
}

/// <summary>y = a + s b, sixteen bytes at a time and one such piece a thread, neighbours side by side: 48 bytes for 8 flops.</summary>
readonly struct GpuPeakTriadKernel(ArrayView<GpuFloat4> a, ArrayView<GpuFloat4> b, ArrayView<GpuFloat4> y, float s, int count) : IGpuKernel
{
    public void Run()
    {
        int i = GpuThread.Index;
        if (i < count) y[i] = a[i] + s * b[i];
    }
}
