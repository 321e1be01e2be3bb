namespace Sagan.Native.Kernels;

// Convolution as a product: with pixel m = (n,i,j) of the result and k = (u,v,c),
//   y[m,o] = sum over k of X(m,k) w[o,k],  X(m,k) = x[n, i stride + u - padding, j stride + v - padding, c], 0 in the padding;
//   dw[o,k] = sum over m of dy[m,o] X(m,k).
// X is never stored: an operand finds its elements from m and k, each split by multiplications (GpuBox). A thread keeps m, or k in the
// second product, and goes through the other.

/// <summary>Sizes of images and windows that a kernel asks for.</summary>
readonly struct GpuWindow(in Conv2dSpec s)
{
    public readonly int H = s.H, W = s.W, C = s.Ci, Stride = s.Stride, Padding = s.Padding;

    /// <summary>Pixels m as (n,i,j), and k as (u,v,c).</summary>
    public readonly GpuBox Pixels = new(s.OutH, s.OutW), Taps = new(s.Kw, s.Ci);

    /// <summary>How many m and k there are.</summary>
    public readonly int PixelCount = s.N * s.OutH * s.OutW, TapCount = s.Kh * s.Kw * s.Ci;
}

/// <summary>X(m,k) as the left factor: neighbours along k are channels.</summary>
struct GpuWindowRowOperand(GpuWindow s) : IGpuOperand
{
    int image, row, column, limit;

    public static bool AlongK => true;

    public void Seek(int entry, int outer)
    {
        GpuIndex3 m = s.Pixels.Split(outer);
        image = m.A * s.H * s.W * s.C;
        row = m.B * s.Stride - s.Padding;
        column = m.C * s.Stride - s.Padding;
        limit = outer < s.PixelCount ? s.TapCount : 0;
    }

    public int Find(int k)
    {
        if (k >= limit) return -1;
        GpuIndex3 t = s.Taps.Split(k);
        int h = row + t.A, w = column + t.B;
        return (uint)h < (uint)s.H && (uint)w < (uint)s.W ? image + (h * s.W + w) * s.C + t.C : -1;
    }
}

/// <summary>X(m,k) as the right factor of the weight gradient: the outer index is k, the sum goes over m.</summary>
struct GpuWindowColumnOperand(GpuWindow s) : IGpuOperand
{
    int row, column, channel, limit;

    public static bool AlongK => false;

    public void Seek(int entry, int outer)
    {
        GpuIndex3 t = s.Taps.Split(outer);
        row = t.A - s.Padding;
        column = t.B - s.Padding;
        channel = t.C;
        limit = outer < s.TapCount ? s.PixelCount : 0;
    }

    public int Find(int k)
    {
        if (k >= limit) return -1;
        GpuIndex3 m = s.Pixels.Split(k);
        int h = m.B * s.Stride + row, w = m.C * s.Stride + column;
        return (uint)h < (uint)s.H && (uint)w < (uint)s.W ? ((m.A * s.H + h) * s.W + w) * s.C + channel : -1;
    }
}
