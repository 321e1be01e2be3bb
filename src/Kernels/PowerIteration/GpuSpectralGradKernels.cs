using ILGPU;

namespace Sagan.Native.Kernels;

// The gradient of w / sigma: see GpuPowerIterationKernels.cs. Two readings of g, one of w, one writing of dw.

/// <summary>partials[group] = sum of a b over the group's share of n elements: every so manyth four.</summary>
readonly struct GpuDotKernel(ArrayView<float> a, ArrayView<float> b, ArrayView<float> partials, int n) : IGpuGroupKernel
{
    public void Run()
    {
        float even = 0, odd = 0;
        int step = Grid.DimX * Group.DimX;
        for (int i = GpuThread.Index; i < n >> 2; i += step)
        {
            GpuFloat4 p = a.Cast<GpuFloat4>()[i], q = b.Cast<GpuFloat4>()[i];
            even += p.X * q.X + p.Y * q.Y;
            odd += p.Z * q.Z + p.W * q.W;
        }
        // The last elements, no four.
        int rest = (n & ~3) + GpuThread.Index;
        if (rest < n) odd += a[rest] * b[rest];
        float sum = GpuGroup.Sum(SharedMemory.Allocate<float>(GpuGroup.Shared), even + odd);
        if (Group.IdxX == 0) partials[Grid.IdxX] = sum;
    }
}

/// <summary>
/// dw[r,c] = (g[r,c] - dot / sigma left_r right_c) / sigma; dot is the sum of at most 256 partial sums, which every group adds again. Where |sigma| is
/// below <paramref name="smallestSigma"/>, that takes its place.
/// </summary>
readonly struct GpuSpectralGradKernel(ArrayView<float> g, ArrayView<float> left, ArrayView<float> right, ArrayView<float> sigma, ArrayView<float> partials,
    int count, ArrayView<float> dw, float smallestSigma, GpuRowTile tile) : IGpuGroupKernel
{
    public void Run()
    {
        float dot = GpuGroup.Sum(SharedMemory.Allocate<float>(GpuGroup.Shared), Group.IdxX < count ? partials[Group.IdxX] : 0);
        int first = tile.First, end = tile.End;
        if (first >= end) return;
        float divisor = sigma[0];
        if (MathF.Abs(divisor) < smallestSigma) divisor = smallestSigma;
        float scale = 1 / divisor, rank1 = -dot / divisor / divisor;
        GpuFloat4 b = tile.Load(right, 0);
        for (int r = first; r < end; r += GpuRowTile.Step)
        {
            GpuFloat4 d = scale * tile.Load(g, r);
            d.MultiplyAdd(rank1 * left[r], b);
            tile.Store(dw, r, d);
        }
    }
}
