using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>
/// Windows over an image batch x [N,H,W,C]: window r = (n, i, j) of a GridH x GridW grid an image begins at pixel (i Stride + OriginY, j Stride + OriginX) and holds
/// Kh x Kw pixels; what lies outside the image is 0. Element (u, v, c) of a window is its number (u Kw + v) C + c, so a row u of it is Kw C contiguous floats of x.
/// </summary>
readonly unsafe struct Windows(float* x, int h, int w, int c, int gridH, int gridW, int kh, int kw, int stride, int originY, int originX)
{
    public readonly float* X = x;
    public readonly int H = h, W = w, C = c, GridH = gridH, GridW = gridW, Kh = kh, Kw = kw, Stride = stride, OriginY = originY, OriginX = originX;

    /// <summary>The windows of a convolution.</summary>
    public static Windows Of(float* x, in Conv2dSpec s) => new(x, s.H, s.W, s.Ci, s.OutH, s.OutW, s.Kh, s.Kw, s.Stride, -s.Padding, -s.Padding);

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

    /// <summary>
    /// Row u of the window: the address its element 0 has or would have, and which of its elements lie inside the image (none: From = To).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float* Row(int u, out int from, out int to)
    {
        int y = i * g.Stride + g.OriginY + u, x = j * g.Stride + g.OriginX;
        if ((uint)y >= (uint)g.H)
        {
            from = to = 0;
            return g.X;
        }
        from = Math.Min(Math.Max(-x, 0) * g.C, g.RowLength);
        to = Math.Max(Math.Min((g.W - x) * g.C, g.RowLength), from);
        return g.X + (((long)n * g.H + y) * g.W + x) * g.C;
    }
}

/// <summary>Element (i, k): element k of window i. The left factor of a convolution; a window row is copied as it lies.</summary>
readonly unsafe struct WindowRowOperand(Windows g) : IOperand
{
    readonly Windows g = g;

    public static bool InRows => true;

    public void Pack<V>(int first, int count, int k, int depth, float* p, int stride) where V : unmanaged, ISimd<V>
    {
        WindowCursor cursor = new(g, first);
        int length = g.RowLength;
        (int u0, int t0) = Math.DivRem(k, length);
        for (int r = 0; r < count; r++, cursor.Next())
        {
            float* y = p + (nint)r * stride, end = y + depth;
            // Ascending, so that what a vector writes too much is overwritten by the next piece.
            for (int u = u0, t = t0; y < end; u++, t = 0)
            {
                int stop = Math.Min(length, t + (int)(end - y));
                float* x = cursor.Row(u, out int from, out int to);
                from = Math.Clamp(from, t, stop);
                to = Math.Clamp(to, from, stop);
                if (from > t) PackTools.Zero<V>(y, from - t);
                if (to > from) PackTools.Copy<V>(x + from, y + (from - t), to - from);
                if (stop > to) PackTools.Zero<V>(y + (to - t), stop - to);
                y += stop - t;
            }
        }
    }
}

/// <summary>Element (i, k): element i of window k. The right factor of a weight gradient.</summary>
readonly unsafe struct WindowColumnOperand(Windows g) : IOperand
{
    readonly Windows g = g;

    public static bool InRows => false;

    public void Pack<V>(int first, int count, int k, int depth, float* p, int stride) where V : unmanaged, ISimd<V>
    {
        int length = g.RowLength;
        (int u0, int t0) = Math.DivRem(first, length);
        WindowCursor cursor = new(g, k);
        if (t0 + count <= length && (count == stride || count == V.Count))
        {
            for (int d = 0; d < depth; d++, p += stride, cursor.Next())
            {
                float* x = cursor.Row(u0, out int from, out int to);
                if (from <= t0 && t0 + count <= to)
                    for (int l = 0; l < stride; l += V.Count) V.Load(x + t0 + l).Store(p + l);
                else Piece(x, from, to, t0, p, count);
            }
            return;
        }
        for (int d = 0; d < depth; d++, p += stride, cursor.Next())
        {
            int done = 0;
            for (int u = u0, t = t0; done < count; u++, t = 0)
            {
                int n = Math.Min(length - t, count - done);
                float* x = cursor.Row(u, out int from, out int to);
                Piece(x, from, to, t, p + done, n);
                done += n;
            }
            for (; done < stride; done++) p[done] = 0;
        }
    }

    // p[l] = x[t + l] for l < n where from <= t + l < to, else 0.
    static void Piece(float* x, int from, int to, int t, float* p, int n)
    {
        from = Math.Clamp(from - t, 0, n);
        to = Math.Clamp(to - t, from, n);
        x += t;
        int l = 0;
        for (; l < from; l++) p[l] = 0;
        for (; l < to; l++) p[l] = x[l];
        for (; l < n; l++) p[l] = 0;
    }
}
