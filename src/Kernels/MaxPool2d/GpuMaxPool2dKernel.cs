using ILGPU;

namespace Sagan.Native.Kernels;

// y[n,i,j,c] = max over the window, index = its flat position in x. Thread k has element k of y and walks its window; neighbours along c
// read neighbours in x. 4 bytes a tap, most of them out of the cache where windows overlap, and 8 written: bound by memory.
// The first of equals wins; a NaN counts as larger than every number. Every window must meet the image.

readonly struct GpuMaxPool2dKernel(ArrayView<float> x, ArrayView<float> y, ArrayView<int> index, int count, MaxPool2dSpec s) : IGpuKernel
{
    public void Run()
    {
        int k = GpuThread.Index;
        if (k >= count) return;
        uint pixel = (uint)k / (uint)s.C, row = pixel / (uint)s.OutW, n = row / (uint)s.OutH;
        int c = k - (int)pixel * s.C, w0 = (int)(pixel - row * (uint)s.OutW) * s.Stride - s.Padding,
            h0 = (int)(row - n * (uint)s.OutH) * s.Stride - s.Padding;
        float best = float.NegativeInfinity;
        int at = -1;
        for (int h = h0; h < h0 + s.Kernel; h++)
            for (int w = w0; w < w0 + s.Kernel; w++)
                if (h >= 0 && h < s.H && w >= 0 && w < s.W)
                {
                    int tap = (((int)n * s.H + h) * s.W + w) * s.C + c;
                    float value = x[tap];
                    if (at < 0 || value > best || (float.IsNaN(value) && !float.IsNaN(best)))
                    {
                        best = value;
                        at = tap;
                    }
                }
        y[k] = best;
        index[k] = at;
    }
}
