using ILGPU;

namespace Sagan.Native.Kernels;

// y = f(a, b) with broadcasting: element i of y is made of a[offset of i] and b[offset of i], see GpuAxes.
//   By float4: thread t does elements 4t .. 4t+3, loads and stores of 16 bytes; an operand that does not move along the innermost axis is
//              one number for all four. Covers equal shapes (no division), a scalar operand, and whatever has an innermost axis that is a
//              multiple of 4: a bias costs one division.
//   One by one: thread t does element t.
// 12 bytes an element, 8 with a bias: bound by memory.
// Numerics: the vector form of f with one lane, as in Map. y may be a: a thread reads what it writes, and nobody else does.

/// <summary>
/// By float4. The axes count float4s along the innermost axis; offsets are in float4s of an operand that moves along it, in elements of one
/// that does not. n is a multiple of 4, or there is one axis: then the last thread does what is left.
/// </summary>
readonly struct GpuZipVec4Kernel<TOp>(ArrayView<float> a, ArrayView<float> b, ArrayView<float> y, int n, int stepA, int stepB, GpuAxes axes,
    TOp f)
    : IGpuKernel where TOp : unmanaged, IBinaryOp
{
    public void Run()
    {
        int t = GpuThread.Index;
        if (t < n >> 2)
        {
            axes.Offsets(t, out int ia, out int ib);
            GpuFloat4 u = Load(a, ia, stepA), v = Load(b, ib, stepB);
            y.Cast<GpuFloat4>()[t] = new GpuFloat4(Apply(u.X, v.X), Apply(u.Y, v.Y), Apply(u.Z, v.Z), Apply(u.W, v.W));
        }
        else if (t == n >> 2)
            for (int i = 4 * t; i < n; i++) y[i] = Apply(a[i * stepA], b[i * stepB]);
    }

    static GpuFloat4 Load(ArrayView<float> x, int offset, int step)
    {
        if (step != 0) return x.Cast<GpuFloat4>()[offset];
        float v = x[offset];
        return new GpuFloat4(v, v, v, v);
    }

    float Apply(float u, float v) => f.Invoke(new GpuLane(u), new GpuLane(v)).Value;
}

/// <summary>One by one.</summary>
readonly struct GpuZipKernel<TOp>(ArrayView<float> a, ArrayView<float> b, ArrayView<float> y, int n, GpuAxes axes, TOp f)
    : IGpuKernel where TOp : unmanaged, IBinaryOp
{
    public void Run()
    {
        int i = GpuThread.Index;
        if (i >= n) return;
        axes.Offsets(i, out int ia, out int ib);
        y[i] = f.Invoke(new GpuLane(a[ia]), new GpuLane(b[ib])).Value;
    }
}
