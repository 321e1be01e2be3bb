using ILGPU;

namespace Sagan.Native.Kernels;

// Nearest-neighbour upsampling by 2 and its transpose, channels-last. Thread i has element i of the small map, or four neighbouring
// channels where C is a multiple of 4 (T = GpuFloat4, C counted in float4s), and the four elements of the large map that go with it. 20
// bytes an element of the small map: bound by memory. image rows n H + h are one axis: row r of the small map belongs to rows 2r and 2r + 1
// of the large one.

/// <summary>y[2r+a, 2w+b, c] = x[r, w, c], a, b in {0, 1}.</summary>
readonly struct GpuUpsampleKernel<T>(ArrayView<T> x, ArrayView<T> y, int n, int width, int channels) : IGpuKernel where T : unmanaged
{
    public void Run()
    {
        int i = GpuThread.Index;
        if (i >= n) return;
        int at = GpuPixels.Large(i, width, channels), below = at + 2 * width * channels;
        T v = x[i];
        y[at] = v;
        y[at + channels] = v;
        y[below] = v;
        y[below + channels] = v;
    }
}

/// <summary>y[r, w, c] = (x[2r, 2w, c] + x[2r, 2w+1, c]) + (x[2r+1, 2w, c] + x[2r+1, 2w+1, c]).</summary>
readonly struct GpuSumPoolKernel<TSum, T>(ArrayView<T> x, ArrayView<T> y, int n, int width, int channels) : IGpuKernel
    where TSum : struct, IGpuSum<TSum, T> where T : unmanaged
{
    public void Run()
    {
        int i = GpuThread.Index;
        if (i >= n) return;
        int at = GpuPixels.Large(i, width, channels), below = at + 2 * width * channels;
        y[i] = TSum.Add(TSum.Add(x[at], x[at + channels]), TSum.Add(x[below], x[below + channels]));
    }
}

static class GpuPixels
{
    /// <summary>For element i of the small map, the first of its four in the large one.</summary>
    public static int Large(int i, int width, int channels)
    {
        uint pixel = (uint)i / (uint)channels, row = pixel / (uint)width;
        int c = i - (int)pixel * channels, w = (int)(pixel - row * (uint)width);
        return (4 * (int)row * width + 2 * w) * channels + c;
    }
}
