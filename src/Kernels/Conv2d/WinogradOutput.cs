using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>
/// Where products that have been summed go: y = act(scale A^T m A + bias), or the gradient of weights G^T m G. The first result of a tile
/// lies at y, the one below it row floats further on, the one beside it column floats.
/// </summary>
readonly unsafe struct WinogradOutput(long row, long column, float* bias, float scale, Activation act)
{
    readonly nint row = (nint)row, column = (nint)column;
    readonly float* bias = bias;
    readonly float scale = scale;
    readonly Activation act = act;

    /// <summary>Floats from output (0, 0) of an image to output (i, j).</summary>
    public nint At(int i, int j) => i * row + j * column;

    /// <summary>
    /// Stores lanes 0 .. n-1 of one tile from its products m[point][at + lane]; bias begins at lane <paramref name="lane"/>.
    /// </summary>
    public void Store<V>(int rowPoints, int rowSize, int columnPoints, int columnSize, float** m, nint at, float* y, int lane, int n)
        where V : unmanaged, ISimd<V>
    {
        switch ((rowPoints, rowSize))
        {
            case (4, 3): Store<V, Points4Size3>(columnPoints, columnSize, m, at, y, lane, n); break;
            case (4, 2): Store<V, Points4Size2>(columnPoints, columnSize, m, at, y, lane, n); break;
            case (3, 2): Store<V, Points3Size2>(columnPoints, columnSize, m, at, y, lane, n); break;
            default: Store<V, Points3Size1>(columnPoints, columnSize, m, at, y, lane, n); break;
        }
    }

    void Store<V, TR>(int columnPoints, int columnSize, float** m, nint at, float* y, int lane, int n)
        where V : unmanaged, ISimd<V> where TR : IWinogradPoints
    {
        switch ((columnPoints, columnSize))
        {
            case (4, 3): Store<V, TR, Points4Size3>(m, at, y, lane, n); break;
            case (4, 2): Store<V, TR, Points4Size2>(m, at, y, lane, n); break;
            case (3, 2): Store<V, TR, Points3Size2>(m, at, y, lane, n); break;
            default: Store<V, TR, Points3Size1>(m, at, y, lane, n); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Store<V, TR, TC>(float** m, nint at, float* y, int lane, int n)
        where V : unmanaged, ISimd<V> where TR : IWinogradPoints where TC : IWinogradPoints
    {
        bool finish = bias != null || scale != 1 || act.Kind != ActivationKind.None;
        V s = V.Create(scale);
        for (int l = 0; l < n; l += V.Count)
        {
            nint i = at + l;
            V m0 = V.Load(m[0] + i), m1 = V.Load(m[4] + i), m2 = V.Load(m[8] + i), m3 = TR.Points == 4 ? V.Load(m[12] + i) : m2;
            V a0 = WinogradPoints.Sum0<V, TR>(m0, m1, m2, m3), b0 = TR.Size > 1 ? WinogradPoints.Sum1<V, TR>(m1, m2, m3) : m0,
                c0 = TR.Size > 2 ? WinogradPoints.Sum2<V, TR>(m1, m2, m3) : m0;
            m0 = V.Load(m[1] + i);
            m1 = V.Load(m[5] + i);
            m2 = V.Load(m[9] + i);
            m3 = TR.Points == 4 ? V.Load(m[13] + i) : m2;
            V a1 = WinogradPoints.Sum0<V, TR>(m0, m1, m2, m3), b1 = TR.Size > 1 ? WinogradPoints.Sum1<V, TR>(m1, m2, m3) : m0,
                c1 = TR.Size > 2 ? WinogradPoints.Sum2<V, TR>(m1, m2, m3) : m0;
            m0 = V.Load(m[2] + i);
            m1 = V.Load(m[6] + i);
            m2 = V.Load(m[10] + i);
            m3 = TR.Points == 4 ? V.Load(m[14] + i) : m2;
            V a2 = WinogradPoints.Sum0<V, TR>(m0, m1, m2, m3), b2 = TR.Size > 1 ? WinogradPoints.Sum1<V, TR>(m1, m2, m3) : m0,
                c2 = TR.Size > 2 ? WinogradPoints.Sum2<V, TR>(m1, m2, m3) : m0;
            V a3 = a2, b3 = b2, c3 = c2;
            if (TC.Points == 4)
            {
                m0 = V.Load(m[3] + i);
                m1 = V.Load(m[7] + i);
                m2 = V.Load(m[11] + i);
                m3 = TR.Points == 4 ? V.Load(m[15] + i) : m2;
                a3 = WinogradPoints.Sum0<V, TR>(m0, m1, m2, m3);
                b3 = TR.Size > 1 ? WinogradPoints.Sum1<V, TR>(m1, m2, m3) : m0;
                c3 = TR.Size > 2 ? WinogradPoints.Sum2<V, TR>(m1, m2, m3) : m0;
            }
            float* b = bias == null ? null : bias + lane + l;
            int left = n - l;
            float* to = y + l;
            StoreRow<V, TC>(a0, a1, a2, a3, to, s, b, finish, left);
            if (TR.Size > 1) StoreRow<V, TC>(b0, b1, b2, b3, to + row, s, b, finish, left);
            if (TR.Size > 2) StoreRow<V, TC>(c0, c1, c2, c3, to + 2 * row, s, b, finish, left);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void StoreRow<V, TC>(V m0, V m1, V m2, V m3, float* y, V s, float* b, bool finish, int left)
        where V : unmanaged, ISimd<V> where TC : IWinogradPoints
    {
        Put(WinogradPoints.Sum0<V, TC>(m0, m1, m2, m3), y, s, b, finish, left);
        if (TC.Size > 1) Put(WinogradPoints.Sum1<V, TC>(m1, m2, m3), y + column, s, b, finish, left);
        if (TC.Size > 2) Put(WinogradPoints.Sum2<V, TC>(m1, m2, m3), y + 2 * column, s, b, finish, left);
    }

    // Past the last bias the load finds the padding that every block of memory has.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void Put<V>(V y, float* to, V s, float* b, bool finish, int left) where V : unmanaged, ISimd<V>
    {
        if (finish) y = Epilogues.Activate(b == null ? y * s : V.MultiplyAdd(y, s, V.Load(b)), act);
        if (left >= V.Count) y.Store(to);
        else Simd.StoreFirst(y, to, left);
    }
}
