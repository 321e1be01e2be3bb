using ILGPU;

namespace Sagan.Native.Kernels;

// dz = g act'(y);  dbias_c = sum over rows of dz.  g, y, dz [rows, columns]
// The terms of a sum over columns (GpuColumnSumKernel), which reads each element once: making a term stores it too. Reads g and y, writes
// dz: 12 bytes an element, bound by memory. dz may be g.

/// <summary>One element.</summary>
readonly struct GpuActivationGradTerms(ArrayView<float> g, ArrayView<float> y, ArrayView<float> dz, GpuActivation act) : IGpuTerms<float>
{
    public float this[int i]
    {
        get
        {
            float z = act.Gradient(g[i], y[i]);
            dz[i] = z;
            return z;
        }
    }
}

/// <summary>Four neighbouring columns.</summary>
readonly struct GpuActivationGradTerms4(ArrayView<GpuFloat4> g, ArrayView<GpuFloat4> y, ArrayView<GpuFloat4> dz, GpuActivation act)
    : IGpuTerms<GpuFloat4>
{
    public GpuFloat4 this[int i]
    {
        get
        {
            GpuFloat4 z = act.Gradient(g[i], y[i]);
            dz[i] = z;
            return z;
        }
    }
}
