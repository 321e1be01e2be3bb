using System.Numerics;
using Sagan.Native.Kernels;

namespace Sagan.Native.Ladder;

// y[n,i,j,o] = sum over u,v,c of x[n, i S + u - P, j S + v - P, c] w[o,u,v,c]
// x [N,H,W,Ci], w [Co,K,K,Ci], y [N,OutH,OutW,Co]; 2 N OutH OutW Co K K Ci flops.
//
// Each element of x is used by up to K K / S S windows and each weight by every pixel: the rungs see to it that what is used again is near.
static unsafe class CpuConv2dRungs
{
    static int Lanes => Vector<float>.Count;

    /// <summary>The definition: seven loops, and a test at every element whether it lies in the image.</summary>
    public static void Naive(float* x, float* w, float* y, Conv2dSpec s)
    {
        for (int n = 0; n < s.N; n++)
            for (int i = 0; i < s.OutH; i++)
                for (int j = 0; j < s.OutW; j++)
                    for (int o = 0; o < s.Co; o++)
                    {
                        float sum = 0;
                        for (int c = 0; c < s.Ci; c++)
                            for (int u = 0; u < s.Kh; u++)
                                for (int v = 0; v < s.Kw; v++)
                                {
                                    int row = i * s.Stride + u - s.Padding, column = j * s.Stride + v - s.Padding;
                                    if (row < 0 || row >= s.H || column < 0 || column >= s.W) continue;
                                    sum += x[((n * s.H + row) * s.W + column) * s.Ci + c] * w[((o * s.Kh + u) * s.Kw + v) * s.Ci + c];
                                }
                        y[((n * s.OutH + i) * s.OutW + j) * s.Co + o] = sum;
                    }
    }

    /// <summary>
    /// Channels innermost, where x and w both lie in order; where a window meets the edge is decided once for each of its rows, of which
    /// all (v, c) are then one line of memory.
    /// </summary>
    public static void Lines(float* x, float* w, float* y, Conv2dSpec s)
    {
        for (int n = 0; n < s.N; n++)
            for (int i = 0; i < s.OutH; i++)
                for (int j = 0; j < s.OutW; j++)
                {
                    float* pixel = y + ((n * s.OutH + i) * s.OutW + j) * s.Co;
                    for (int o = 0; o < s.Co; o++) pixel[o] = 0;
                    int column = j * s.Stride - s.Padding, begin = Math.Max(0, -column), end = Math.Min(s.Kw, s.W - column);
                    for (int u = 0; u < s.Kh; u++)
                    {
                        int row = i * s.Stride + u - s.Padding;
                        if (row < 0 || row >= s.H) continue;
                        float* line = x + ((n * s.H + row) * s.W + column + begin) * s.Ci;
                        for (int o = 0; o < s.Co; o++)
                        {
                            float* weights = w + ((o * s.Kh + u) * s.Kw + begin) * s.Ci;
                            float sum = 0;
                            for (int c = 0; c < (end - begin) * s.Ci; c++) sum += line[c] * weights[c];
                            pixel[o] += sum;
                        }
                    }
                }
    }

    /// <summary>The same with W products at once, for four output channels at once, which share what is loaded of x.</summary>
    public static void Vectors(float* x, float* w, float* y, Conv2dSpec s)
    {
        for (int n = 0; n < s.N; n++)
            for (int i = 0; i < s.OutH; i++)
                for (int j = 0; j < s.OutW; j++)
                {
                    float* pixel = y + ((n * s.OutH + i) * s.OutW + j) * s.Co;
                    for (int o = 0; o < s.Co; o++) pixel[o] = 0;
                    int column = j * s.Stride - s.Padding, begin = Math.Max(0, -column), end = Math.Min(s.Kw, s.W - column);
                    for (int u = 0; u < s.Kh; u++)
                    {
                        int row = i * s.Stride + u - s.Padding;
                        if (row < 0 || row >= s.H) continue;
                        float* line = x + ((n * s.H + row) * s.W + column + begin) * s.Ci;
                        for (int o = 0; o < s.Co; o += 4)
                            Dots(line, w + (u * s.Kw + begin) * s.Ci, (end - begin) * s.Ci, s.Kh * s.Kw * s.Ci, pixel, o, s.Co);
                    }
                }
    }

    /// <summary>
    /// im2col: the windows of a block of 64 pixels are written as rows of a matrix, [64, K K Ci], which stays in the L2 cache, and
    /// multiplied with the weights, packed once: the matrix product's tile of registers, and its speed.
    /// </summary>
    public static void Im2col(float* x, float* w, float* y, Conv2dSpec s)
    {
        int terms = s.Kh * s.Kw * s.Ci, pixels = s.N * s.OutH * s.OutW;
        fixed (float* panels = Panels(w, s), rows = new float[Pixels * terms])
            for (int first = 0; first < pixels; first += Pixels) Block(x, panels, rows, y, first, Math.Min(Pixels, pixels - first), s);
    }

    /// <summary>Blocks of pixels on all cores.</summary>
    public static void AllCores(float* x, float* w, float* y, Conv2dSpec s)
    {
        int terms = s.Kh * s.Kw * s.Ci, pixels = s.N * s.OutH * s.OutW;
        fixed (float* packed = Panels(w, s))
        {
            float* panels = packed;
            Parallel.For(0, (pixels + Pixels - 1) / Pixels, Cores.All, () => new float[Pixels * terms], (block, _, memory) =>
            {
                fixed (float* rows = memory)
                    Block(x, panels, rows, y, block * Pixels, Math.Min(Pixels, pixels - block * Pixels), s);
                return memory;
            }, _ => { });
        }
    }

    const int Pixels = 64;

    /// <summary>Output pixels first .. first + count.</summary>
    static void Block(float* x, float* panels, float* rows, float* y, int first, int count, Conv2dSpec s)
    {
        int terms = s.Kh * s.Kw * s.Ci, width = 2 * Lanes;
        for (int r = 0; r < count; r++) Window(x, rows + r * terms, first + r, s);
        for (int o = 0; o < s.Co; o += width)
            for (int r = 0; r < count; r += 4)
                CpuMatMulRungs.Tile(rows, panels + o * terms, y + first * s.Co, r, o, count, s.Co, terms);
    }

    /// <summary>One row of im2col: the window of an output pixel, 0 outside of the image.</summary>
    static void Window(float* x, float* to, int pixel, Conv2dSpec s)
    {
        int j = pixel % s.OutW, i = pixel / s.OutW % s.OutH, n = pixel / (s.OutW * s.OutH);
        for (int u = 0; u < s.Kh; u++)
            for (int v = 0; v < s.Kw; v++, to += s.Ci)
            {
                int row = i * s.Stride + u - s.Padding, column = j * s.Stride + v - s.Padding;
                Span<float> channels = new(to, s.Ci);
                if (row < 0 || row >= s.H || column < 0 || column >= s.W) channels.Clear();
                else new Span<float>(x + ((n * s.H + row) * s.W + column) * s.Ci, s.Ci).CopyTo(channels);
            }
    }

    /// <summary>The weights as the matrix b [K K Ci, Co] of a product, in panels of 2 W columns.</summary>
    static float[] Panels(float* w, Conv2dSpec s)
    {
        int terms = s.Kh * s.Kw * s.Ci, width = 2 * Lanes, count = (s.Co + width - 1) / width;
        float[] panels = new float[count * width * terms];
        for (int o = 0; o < s.Co; o++)
            for (int t = 0; t < terms; t++) panels[o / width * width * terms + t * width + o % width] = w[o * terms + t];
        return panels;
    }

    /// <summary>
    /// pixel[o .. o + 4] += dot products of the line with four rows of weights. Past the last channel it is the last again.
    /// </summary>
    static void Dots(float* line, float* weights, int count, int stride, float* pixel, int o, int channels)
    {
        float* w0 = weights + o * stride, w1 = weights + Math.Min(o + 1, channels - 1) * stride,
            w2 = weights + Math.Min(o + 2, channels - 1) * stride, w3 = weights + Math.Min(o + 3, channels - 1) * stride;
        Vector<float> s0 = default, s1 = default, s2 = default, s3 = default;
        int c = 0;
        for (; c + Lanes <= count; c += Lanes)
        {
            Vector<float> x = Vector.Load(line + c);
            s0 = Vector.FusedMultiplyAdd(x, Vector.Load(w0 + c), s0);
            s1 = Vector.FusedMultiplyAdd(x, Vector.Load(w1 + c), s1);
            s2 = Vector.FusedMultiplyAdd(x, Vector.Load(w2 + c), s2);
            s3 = Vector.FusedMultiplyAdd(x, Vector.Load(w3 + c), s3);
        }
        float d0 = Vector.Sum(s0), d1 = Vector.Sum(s1), d2 = Vector.Sum(s2), d3 = Vector.Sum(s3);
        for (; c < count; c++)
        {
            d0 += line[c] * w0[c];
            d1 += line[c] * w1[c];
            d2 += line[c] * w2[c];
            d3 += line[c] * w3[c];
        }
        pixel[o] += d0;
        if (o + 1 < channels) pixel[o + 1] += d1;
        if (o + 2 < channels) pixel[o + 2] += d2;
        if (o + 3 < channels) pixel[o + 3] += d3;
    }
}
