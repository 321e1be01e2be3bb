using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>
/// Windows over an image batch x [N,H,W,C]: window r = (n, i, j) of a GridH x GridW grid an image begins at pixel (i Stride + OriginY, j
/// Stride + OriginX) and holds Kh x Kw pixels; what lies outside the image is 0. Element (u, v, c) of a window is its number (u Kw + v) C +
/// c, so a row u of it is Kw C contiguous floats of x.
/// </summary>
readonly unsafe struct Windows(float* x, int h, int w, int c, int gridH, int gridW, int kh, int kw, int stride, int originY, int originX)
{
    public readonly float* X = x;
    public readonly int H = h, W = w, C = c, GridH = gridH, GridW = gridW, Kh = kh, Kw = kw, Stride = stride, OriginY = originY,
        OriginX = originX;

    /// <summary>The windows of a convolution.</summary>
    public static Windows Of(float* x, in Conv2dSpec s) =>
        new(x, s.H, s.W, s.Ci, s.OutH, s.OutW, s.Kh, s.Kw, s.Stride, -s.Padding, -s.Padding);

    public int RowLength => Kw * C;
}

/// <summary>A window of <see cref="Windows"/>, stepped from one to the next.</summary>
unsafe struct WindowCursor
{
    readonly Windows g;
    int n, i, j;

    public WindowCursor(in Windows g, int index)
    {
        this.g = g;
        (n, int rest) = Math.DivRem(index, g.GridH * g.GridW);
        (i, j) = Math.DivRem(rest, g.GridW);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Next()
    {
        if (++j < g.GridW) return;
        j = 0;
        if (++i < g.GridH) return;
        i = 0;
        n++;
    }

    readonly int Y => i * g.Stride + g.OriginY;

    readonly int X => j * g.Stride + g.OriginX;

    /// <summary>True when no part of the window lies outside the image.</summary>
    public readonly bool IsInside => X >= 0 && X + g.Kw <= g.W && Y >= 0 && Y + g.Kh <= g.H;

    /// <summary>The address that element 0 of row u of the window has or would have.</summary>
    public readonly float* Row(int u) => g.X + (((long)n * g.H + Y + u) * g.W + X) * g.C;

    /// <summary>
    /// Writes count elements of the window from element t of row u on, zeros for those outside the image, and up to V.Count-1 elements
    /// more.
    /// </summary>
    public readonly void CopyRows<V>(int u, int t, int count, float* p) where V : unmanaged, ISimd<V>
    {
        int length = g.RowLength, rowOfImage = g.W * g.C;
        // Ascending, so that what a vector writes too much is overwritten by the next piece.
        if (IsInside)
        {
            for (float* x = Row(u); count > 0; x += rowOfImage, t = 0)
            {
                int n = Math.Min(length - t, count);
                PackTools.Copy<V>(x + t, p, n);
                p += n;
                count -= n;
            }
            return;
        }
        int left = Math.Clamp(-X * g.C, 0, length), right = Math.Clamp((g.W - X) * g.C, left, length);
        for (; count > 0; u++, t = 0)
        {
            int stop = Math.Min(length, t + count), from = stop, to = stop;
            if ((uint)(Y + u) < (uint)g.H)
            {
                from = Math.Clamp(left, t, stop);
                to = Math.Clamp(right, from, stop);
            }
            if (from > t) PackTools.Zero<V>(p, from - t);
            if (to > from) PackTools.Copy<V>(Row(u) + from, p + (from - t), to - from);
            if (stop > to) PackTools.Zero<V>(p + (to - t), stop - to);
            p += stop - t;
            count -= stop - t;
        }
    }
}

/// <summary>Element (i, k): element k of window i. The left factor of a convolution; a window row is copied as it lies.</summary>
readonly unsafe struct WindowRowOperand(Windows g) : IOperand
{
    readonly Windows g = g;

    public static bool InRows => true;

    public int Ld => 0;

    public float* At(int i, int k) => null;

    public void Pack<V>(int first, int count, int k, int depth, float* p, int ld, long panelSize) where V : unmanaged, ISimd<V>
    {
        WindowCursor cursor = new(g, first);
        int length = g.RowLength;
        (int u0, int t0) = Math.DivRem(k, length);
        for (int r = 0; r < count; r++, cursor.Next(), p += ld)
        {
            cursor.CopyRows<V>(u0, t0, depth, p);
        }
    }
}

/// <summary>Element (i, k): element i of window k. The right factor of a weight gradient.</summary>
readonly unsafe struct WindowColumnOperand(Windows g) : IOperand
{
    readonly Windows g = g;

    public static bool InRows => false;

    public int Ld => 0;

    public float* At(int i, int k) => null;

    public void Pack<V>(int first, int count, int k, int depth, float* p, int lanes, long panelSize) where V : unmanaged, ISimd<V>
    {
        int length = g.RowLength;
        (int u0, int t0) = Math.DivRem(first, length);
        WindowCursor cursor = new(g, k);
        bool oneRow = t0 + count <= length;
        float* gathered = stackalloc float[count + V.Count];
        for (int d = 0; d < depth; d++, p += lanes, cursor.Next())
        {
            float* x = gathered;
            if (oneRow && cursor.IsInside) x = cursor.Row(u0) + t0;
            else cursor.CopyRows<V>(u0, t0, count, gathered);
            PackTools.Spread<V>(x, count, p, lanes, panelSize);
        }
    }
}
