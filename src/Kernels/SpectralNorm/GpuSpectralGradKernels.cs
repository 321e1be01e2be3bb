using ILGPU;

namespace Sagan.Native.Kernels;

// The gradient of w / sigma: see GpuPowerIterationKernels.cs. Two readings of g, one of w, one writing of dw.
// Numerics: with k the power of two that brings k sigma near 1, k w and k sigma are used in place of w and sigma and the result is
// multiplied by k: the same bits, and no sum that leaves the range of floats unless the gradient itself does.

/// <summary>The power of two by which a weight of this sigma is multiplied.</summary>
static class GpuSpectralUnit
{
    public static float Of(float sigma)
    {
        // 127 - e for the exponent e of sigma, within the normal range.
        uint exponent = Interop.FloatAsInt(sigma) & 0x7F800000u, unit = 0x7F000000u - exponent;
        return Interop.IntAsFloat(unit < 0x00800000u || exponent == 0x7F800000u ? 0x00800000u : unit);
    }
}

/// <summary>partials[thread block] = k sum of g w over the thread block's share of n elements, in a grid-stride loop of float4s.</summary>
readonly struct GpuDotKernel(ArrayView<float> g, ArrayView<float> w, ArrayView<float> sigma, ArrayView<float> partials, int n)
    : IGpuBlockKernel
{
    public void Run()
    {
        float even = 0, odd = 0, k = GpuSpectralUnit.Of(sigma[0]);
        int step = Grid.DimX * Group.DimX;
        for (int i = GpuThread.Index; i < n >> 2; i += step)
        {
            GpuFloat4 p = g.Cast<GpuFloat4>()[i], q = k * w.Cast<GpuFloat4>()[i];
            even += p.X * q.X + p.Y * q.Y;
            odd += p.Z * q.Z + p.W * q.W;
        }
        // The last elements, no whole float4.
        int rest = (n & ~3) + GpuThread.Index;
        if (rest < n) odd += g[rest] * (k * w[rest]);
        float sum = GpuBlockReduce.Sum(SharedMemory.Allocate<float>(GpuBlockReduce.Shared), even + odd);
        if (Group.IdxX == 0) partials[Grid.IdxX] = sum;
    }
}

/// <summary>
/// dw[r,c] = (g[r,c] - dot / sigma left_r right_c) / sigma; k dot is the sum of at most 256 partial sums, which every thread block adds
/// again. Where sigma is 0, dw = g.
/// </summary>
readonly struct GpuSpectralGradKernel(ArrayView<float> g, ArrayView<float> left, ArrayView<float> right, ArrayView<float> sigma,
    ArrayView<float> partials, int count, ArrayView<float> dw, GpuRowTile tile) : IGpuBlockKernel
{
    public void Run()
    {
        float dot = GpuBlockReduce.Sum(SharedMemory.Allocate<float>(GpuBlockReduce.Shared), Group.IdxX < count ? partials[Group.IdxX] : 0);
        int first = tile.First, end = tile.End;
        if (first >= end) return;
        float s = sigma[0], k = GpuSpectralUnit.Of(s), divisor = k * s, scale = 1, rank1 = 0;
        if (divisor == 0) k = 1;
        else (scale, rank1) = (1 / divisor, -dot / divisor / divisor);
        GpuFloat4 b = tile.Load(right, 0);
        for (int r = first; r < end; r += GpuRowTile.Step)
        {
            GpuFloat4 d = scale * tile.Load(g, r);
            d.MultiplyAdd(rank1 * left[r], b);
            tile.Store(dw, r, k * d);
        }
    }
}
