using ILGPU;
using Sagan.Native.Kernels;

namespace Sagan.Native.Ladder;

// y[n,i,j,o] = sum over u,v,c of x[n, i S + u - P, j S + v - P, c] w[o,u,v,c]

/// <summary>Sizes of a convolution, as a kernel takes them.</summary>
readonly struct ConvSizes(Conv2dSpec s)
{
    readonly int h = s.H, w = s.W, ci = s.Ci, kw = s.Kw, stride = s.Stride, padding = s.Padding, outH = s.OutH, outW = s.OutW;

    /// <summary>Output channels.</summary>
    public readonly int Co = s.Co;

    /// <summary>Products of one output: K K Ci.</summary>
    public readonly int Terms = s.Kh * s.Kw * s.Ci;

    /// <summary>N OutH OutW.</summary>
    public readonly int Pixels = s.N * s.OutH * s.OutW;

    /// <summary>Element t of the window of an output pixel: column t of im2col's matrix, which is nowhere.</summary>
    public float Window(ArrayView<float> x, int pixel, int t)
    {
        int c = t % ci, v = t / ci % kw, u = t / ci / kw, j = pixel % outW, i = pixel / outW % outH, n = pixel / outW / outH;
        int row = i * stride + u - padding, column = j * stride + v - padding;
        return row < 0 || row >= h || column < 0 || column >= w ? 0 : x[((n * h + row) * w + column) * ci + c];
    }
}

/// <summary>A thread for each output: K K Ci products of two loads each, and the position of each found anew.</summary>
readonly struct NaiveConv2dKernel(ArrayView<float> x, ArrayView<float> w, ArrayView<float> y, ConvSizes s) : IGpuKernel
{
    public void Run()
    {
        int index = GpuThread.Index, pixel = index / s.Co, o = index - pixel * s.Co;
        if (pixel >= s.Pixels) return;
        float sum = 0;
        for (int t = 0; t < s.Terms; t++) sum += s.Window(x, pixel, t) * w[o * s.Terms + t];
        y[index] = sum;
    }
}

/// <summary>
/// The matrix product of 16 x 16 threads, with im2col's matrix [N OutH OutW, K K Ci] as a and w^T as b: a position is found once for 16
/// products. The matrix itself is never written.
/// </summary>
readonly struct SharedConv2dKernel(ArrayView<float> x, ArrayView<float> w, ArrayView<float> y, ConvSizes s) : IGpuBlockKernel
{
    public const int Side = 16;

    public void Run()
    {
        ArrayView<float> windows = SharedMemory.Allocate<float>(Side * Side), weights = SharedMemory.Allocate<float>(Side * Side);
        int row = Group.IdxX >> 4, column = Group.IdxX & 15, pixel = Grid.IdxY * Side + row, o = Grid.IdxX * Side + column;
        // Threads read weights along a row of w, where they lie in order: thread (row, column) brings weight (o' = row, t = column).
        int brought = Grid.IdxX * Side + row;
        float sum = 0;
        for (int t = 0; t < s.Terms; t += Side)
        {
            windows[Group.IdxX] = pixel < s.Pixels && t + column < s.Terms ? s.Window(x, pixel, t + column) : 0;
            weights[column * Side + row] = brought < s.Co && t + column < s.Terms ? w[brought * s.Terms + t + column] : 0;
            Group.Barrier();
            for (int q = 0; q < Side; q++) sum += windows[row * Side + q] * weights[q * Side + column];
            Group.Barrier();
        }
        if (pixel < s.Pixels && o < s.Co) y[pixel * s.Co + o] = sum;
    }
}
