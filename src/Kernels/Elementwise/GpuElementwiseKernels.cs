using ILGPU;

namespace Sagan.Native.Kernels;

// Fill, Copy and Map: thread t does elements 4t .. 4t+3 with loads and stores of 16 bytes; the last thread does what is left one by one.
// 4 or 8 bytes an element: bound by memory.
// Numerics: Map uses the vector form of a function with one lane (GpuLane), so the bounds of SimdMath hold here too.

/// <summary>y[i] = value.</summary>
readonly struct GpuFillKernel(ArrayView<float> y, int n, float value) : IGpuKernel
{
    public void Run()
    {
        int t = GpuThread.Index;
        if (t < n >> 2) y.Cast<GpuFloat4>()[t] = new GpuFloat4(value, value, value, value);
        else if (t == n >> 2)
            for (int i = 4 * t; i < n; i++) y[i] = value;
    }
}

/// <summary>y[i] = x[i].</summary>
readonly struct GpuCopyKernel(ArrayView<float> x, ArrayView<float> y, int n) : IGpuKernel
{
    public void Run()
    {
        int t = GpuThread.Index;
        if (t < n >> 2) y.Cast<GpuFloat4>()[t] = x.Cast<GpuFloat4>()[t];
        else if (t == n >> 2)
            for (int i = 4 * t; i < n; i++) y[i] = x[i];
    }
}

/// <summary>y[i] = f(x[i]).</summary>
readonly struct GpuMapKernel<TOp>(ArrayView<float> x, ArrayView<float> y, int n, TOp f) : IGpuKernel where TOp : unmanaged, IUnaryOp
{
    public void Run()
    {
        int t = GpuThread.Index;
        if (t < n >> 2)
        {
            GpuFloat4 a = x.Cast<GpuFloat4>()[t];
            y.Cast<GpuFloat4>()[t] = new GpuFloat4(Apply(a.X), Apply(a.Y), Apply(a.Z), Apply(a.W));
        }
        else if (t == n >> 2)
            for (int i = 4 * t; i < n; i++) y[i] = Apply(x[i]);
    }

    float Apply(float v) => f.Invoke(new GpuLane(v)).Value;
}
