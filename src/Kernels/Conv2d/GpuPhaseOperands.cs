namespace Sagan.Native.Kernels;

// Transposed convolution: dx[n,h,w,c] = sum of dy[n,i,j,o] w[o,u,v,c] over i stride + u = h + padding, j stride + v = w + padding.
//
// The rows h = a + stride m, m = 0, 1, .., form phase a. With a + padding = q stride + u0, 0 <= u0 < stride, only the kernel rows u = u0 +
// stride t reach them, and i = m + q - t. So each phase is a convolution of stride 1 with its share of the kernel: no product with an
// inserted zero, and in the loop no division. stride 2, kernel 4, padding 1:
//     phase 0 (even h):  u = 1, 3;  i = m, m - 1          phase 1 (odd h):  u = 0, 2;  i = m + 1, m
//
// All stride x stride phases are one launch: the phase is the entry of the batch of products y[m,c] = sum over k of DY(m,k) W(k,c), k =
// (t,t',o). Phases are padded to the largest: where sizes are no multiples of the stride, rows of dx and of the kernel that are not there
// are left out by comparison.

/// <summary>Sizes of images, kernels and phases that a kernel asks for.</summary>
readonly struct GpuPhases(in Conv2dSpec s)
{
    public readonly int H = s.H, W = s.W, Ci = s.Ci, Co = s.Co, OutH = s.OutH, OutW = s.OutW, Kh = s.Kh, Kw = s.Kw, Stride = s.Stride,
        Padding = s.Padding;

    /// <summary>Pixels of a phase as (n,m,m'), and k as (t,t',o).</summary>
    public readonly GpuBox Pixels = new(Share(s.H, s), Share(s.W, s)), Taps = new(Share(s.Kw, s), s.Co);

    /// <summary>How many pixels and k there are.</summary>
    public readonly int PixelCount = s.N * Share(s.H, s) * Share(s.W, s), TapCount = Share(s.Kh, s) * Share(s.Kw, s) * s.Co;

    static int Share(int size, in Conv2dSpec s) => (size + s.Stride - 1) / s.Stride;

    /// <summary>Row and column of the first pixel of a phase.</summary>
    public GpuIndex3 First(int phase)
    {
        uint a = (uint)phase / (uint)Stride;
        return new GpuIndex3(0, (int)a, phase - (int)a * Stride);
    }

    /// <summary>(a + padding) / stride.</summary>
    public int Quotient(int a) => (int)((uint)(a + Padding) / (uint)Stride);
}

/// <summary>DY(m,k): the left factor, neighbours along k are channels of dy.</summary>
struct GpuPhaseRowOperand(GpuPhases s) : IGpuOperand
{
    int image, row, column, tapRow, tapColumn, limit;

    public static bool AlongK => true;

    public void Seek(int entry, int outer)
    {
        GpuIndex3 first = s.First(entry), m = s.Pixels.Split(outer);
        int q = s.Quotient(first.B), r = s.Quotient(first.C);
        image = m.A * s.OutH * s.OutW * s.Co;
        row = m.B + q;
        column = m.C + r;
        tapRow = first.B + s.Padding - q * s.Stride;
        tapColumn = first.C + s.Padding - r * s.Stride;
        limit = outer < s.PixelCount ? s.TapCount : 0;
    }

    public int Find(int k)
    {
        if (k >= limit) return -1;
        GpuIndex3 t = s.Taps.Split(k);
        int i = row - t.A, j = column - t.B;
        // Also the kernel's end: a zero there would not make up for an infinite dy.
        bool inside = (uint)i < (uint)s.OutH && (uint)j < (uint)s.OutW && tapRow + t.A * s.Stride < s.Kh && tapColumn +
            t.B * s.Stride < s.Kw;
        return inside ? image + (i * s.OutW + j) * s.Co + t.C : -1;
    }
}

/// <summary>W(k,c): the right factor, neighbours are channels of dx.</summary>
struct GpuPhaseWeightOperand(GpuPhases s) : IGpuOperand
{
    int tapRow, tapColumn, channel, limit;

    public static bool AlongK => false;

    public void Seek(int entry, int outer)
    {
        GpuIndex3 first = s.First(entry);
        tapRow = first.B + s.Padding - s.Quotient(first.B) * s.Stride;
        tapColumn = first.C + s.Padding - s.Quotient(first.C) * s.Stride;
        channel = outer;
        limit = outer < s.Ci ? s.TapCount : 0;
    }

    public int Find(int k)
    {
        if (k >= limit) return -1;
        GpuIndex3 t = s.Taps.Split(k);
        int u = tapRow + t.A * s.Stride, v = tapColumn + t.B * s.Stride;
        return u < s.Kh && v < s.Kw ? ((t.C * s.Kh + u) * s.Kw + v) * s.Ci + channel : -1;
    }
}

/// <summary>The pixels of dx that belong to a phase.</summary>
struct GpuPhaseLayout(GpuPhases s) : IGpuOutputLayout
{
    int row, column;

    public void Seek(int entry)
    {
        GpuIndex3 first = s.First(entry);
        row = first.B;
        column = first.C;
    }

    public int Find(int pixel)
    {
        GpuIndex3 m = s.Pixels.Split(pixel);
        int h = row + m.B * s.Stride, w = column + m.C * s.Stride;
        return pixel < s.PixelCount && h < s.H && w < s.W ? ((m.A * s.H + h) * s.W + w) * s.Ci : -1;
    }
}
