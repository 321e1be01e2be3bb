using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>
/// The transforms of Winograd's tiles along both axes, V.Count channels at a time. An array of 16 pointers has that of row i and column j,
/// or of point (i, j), at 4 i + j.
/// </summary>
static unsafe class WinogradTransforms
{
    // The rows first, then the columns: with 16 values in registers, which needs 32 of them; where there are 16, some are spilled.

    /// <summary>v[point][at + l] = (B^T d B)[point], l &lt; n, of pixels d; up to V.Count-1 more are written.</summary>
    public static void Input<V>(int rowPoints, int columnPoints, float** d, float** v, nint at, int n) where V : unmanaged, ISimd<V>
    {
        if (rowPoints == 4)
        {
            if (columnPoints == 4) Input<V, Points4Size3, Points4Size3>(d, v, at, n);
            else Input<V, Points4Size3, Points3Size2>(d, v, at, n);
        }
        else if (columnPoints == 4) Input<V, Points3Size2, Points4Size3>(d, v, at, n);
        else Input<V, Points3Size2, Points3Size2>(d, v, at, n);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Input<V, TR, TC>(float** d, float** v, nint at, int n)
        where V : unmanaged, ISimd<V> where TR : IWinogradPoints where TC : IWinogradPoints
    {
        for (nint l = 0; l < n; l += V.Count)
        {
            Column<V, TR>(d, l, out V a0, out V b0, out V c0, out V e0);
            Column<V, TR>(d + 1, l, out V a1, out V b1, out V c1, out V e1);
            Column<V, TR>(d + 2, l, out V a2, out V b2, out V c2, out V e2);
            V a3 = a2, b3 = b2, c3 = c2, e3 = e2;
            if (TC.Points == 4) Column<V, TR>(d + 3, l, out a3, out b3, out c3, out e3);
            nint to = at + l;
            StoreInput<V, TC>(a0, a1, a2, a3, v, to);
            StoreInput<V, TC>(b0, b1, b2, b3, v + 4, to);
            StoreInput<V, TC>(c0, c1, c2, c3, v + 8, to);
            if (TR.Points == 4) StoreInput<V, TC>(e0, e1, e2, e3, v + 12, to);
        }
    }

    // The points of one column of pixels along the rows' axis.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Column<V, TR>(float** d, nint l, out V a, out V b, out V c, out V e)
        where V : unmanaged, ISimd<V> where TR : IWinogradPoints
    {
        V d0 = V.Load(d[0] + l), d1 = V.Load(d[4] + l), d2 = V.Load(d[8] + l), d3 = TR.Points == 4 ? V.Load(d[12] + l) : d2;
        a = WinogradPoints.Input0<V, TR>(d0, d1, d2);
        b = WinogradPoints.Input1<V, TR>(d1, d2);
        c = WinogradPoints.Input2<V, TR>(d1, d2, d3);
        e = TR.Points == 4 ? WinogradPoints.Input3(d1, d2) : a;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void StoreInput<V, TC>(V d0, V d1, V d2, V d3, float** v, nint to) where V : unmanaged, ISimd<V> where TC : IWinogradPoints
    {
        WinogradPoints.Input0<V, TC>(d0, d1, d2).Store(v[0] + to);
        WinogradPoints.Input1<V, TC>(d1, d2).Store(v[1] + to);
        WinogradPoints.Input2<V, TC>(d1, d2, d3).Store(v[2] + to);
        if (TC.Points == 4) WinogradPoints.Input3(d1, d2).Store(v[3] + to);
    }

    /// <summary>
    /// u[point][at + l] = (G g G^T)[point] or (A y A^T)[point], l &lt; n, of coefficients g[row 3 + column]; up to V.Count-1 more are
    /// written.
    /// </summary>
    public static void Values<V>(int rowPoints, int rowSize, int columnPoints, int columnSize, float** g, float** u, nint at, int n)
        where V : unmanaged, ISimd<V>
    {
        switch ((rowPoints, rowSize))
        {
            case (4, 3): Values<V, Points4Size3>(columnPoints, columnSize, g, u, at, n); break;
            case (4, 2): Values<V, Points4Size2>(columnPoints, columnSize, g, u, at, n); break;
            case (3, 2): Values<V, Points3Size2>(columnPoints, columnSize, g, u, at, n); break;
            default: Values<V, Points3Size1>(columnPoints, columnSize, g, u, at, n); break;
        }
    }

    static void Values<V, TR>(int columnPoints, int columnSize, float** g, float** u, nint at, int n)
        where V : unmanaged, ISimd<V> where TR : IWinogradPoints
    {
        switch ((columnPoints, columnSize))
        {
            case (4, 3): Values<V, TR, Points4Size3>(g, u, at, n); break;
            case (4, 2): Values<V, TR, Points4Size2>(g, u, at, n); break;
            case (3, 2): Values<V, TR, Points3Size2>(g, u, at, n); break;
            default: Values<V, TR, Points3Size1>(g, u, at, n); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Values<V, TR, TC>(float** g, float** u, nint at, int n)
        where V : unmanaged, ISimd<V> where TR : IWinogradPoints where TC : IWinogradPoints
    {
        for (nint l = 0; l < n; l += V.Count)
        {
            V a0 = V.Load(g[0] + l), a1 = TC.Size > 1 ? V.Load(g[1] + l) : a0, a2 = TC.Size > 2 ? V.Load(g[2] + l) : a1;
            V b0 = TR.Size > 1 ? V.Load(g[3] + l) : a0, b1 = TR.Size > 1 && TC.Size > 1 ? V.Load(g[4] + l) : b0,
                b2 = TR.Size > 1 && TC.Size > 2 ? V.Load(g[5] + l) : b1;
            V c0 = TR.Size > 2 ? V.Load(g[6] + l) : b0, c1 = TR.Size > 2 && TC.Size > 1 ? V.Load(g[7] + l) : c0,
                c2 = TR.Size > 2 && TC.Size > 2 ? V.Load(g[8] + l) : c1;
            nint to = at + l;
            StoreValues<V, TC>(a0, a1, a2, u, to);
            StoreValues<V, TC>(WinogradPoints.AtOne<V, TR>(a0, b0, c0), WinogradPoints.AtOne<V, TR>(a1, b1, c1),
                WinogradPoints.AtOne<V, TR>(a2, b2, c2), u + 4, to);
            StoreValues<V, TC>(WinogradPoints.AtInfinity<V, TR>(a0, b0, c0), WinogradPoints.AtInfinity<V, TR>(a1, b1, c1),
                WinogradPoints.AtInfinity<V, TR>(a2, b2, c2), u + 8, to);
            if (TR.Points == 4)
                StoreValues<V, TC>(WinogradPoints.AtMinusOne<V, TR>(a0, b0, c0), WinogradPoints.AtMinusOne<V, TR>(a1, b1, c1),
                    WinogradPoints.AtMinusOne<V, TR>(a2, b2, c2), u + 12, to);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void StoreValues<V, TC>(V g0, V g1, V g2, float** u, nint to) where V : unmanaged, ISimd<V> where TC : IWinogradPoints
    {
        g0.Store(u[0] + to);
        WinogradPoints.AtOne<V, TC>(g0, g1, g2).Store(u[1] + to);
        WinogradPoints.AtInfinity<V, TC>(g0, g1, g2).Store(u[2] + to);
        if (TC.Points == 4) WinogradPoints.AtMinusOne<V, TC>(g0, g1, g2).Store(u[3] + to);
    }
}
