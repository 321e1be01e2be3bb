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

    // Scale, bias and activation, and fewer lanes than a vector has, wait for a second pass over the tile: inlined nine times, they kept
    // the compiler from inlining the sums (160 ns for a tile of 3x3 outputs and 32 lanes instead of 31).
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Store<V, TR, TC>(float** m, nint at, float* y, int lane, int n)
        where V : unmanaged, ISimd<V> where TR : IWinogradPoints where TC : IWinogradPoints
    {
        bool finish = bias != null || scale != 1 || act.Kind != ActivationKind.None;
        float* tile = stackalloc float[9 * 16];
        for (int l = 0; l < n; l += V.Count)
        {
            bool plain = !finish && n - l >= V.Count;
            float* to = plain ? y + l : tile;
            nint down = plain ? row : 3 * V.Count, right = plain ? column : V.Count, i = at + l;
            Column<V, TR>(m, i, out V a0, out V b0, out V c0);
            Column<V, TR>(m + 1, i, out V a1, out V b1, out V c1);
            Column<V, TR>(m + 2, i, out V a2, out V b2, out V c2);
            V a3 = a2, b3 = b2, c3 = c2;
            if (TC.Points == 4) Column<V, TR>(m + 3, i, out a3, out b3, out c3);
            Row<V, TC>(a0, a1, a2, a3, to, right);
            if (TR.Size > 1) Row<V, TC>(b0, b1, b2, b3, to + down, right);
            if (TR.Size > 2) Row<V, TC>(c0, c1, c2, c3, to + 2 * down, right);
            if (!plain) Finish<V>(tile, TR.Size, TC.Size, y + l, bias == null ? null : bias + lane + l, Math.Min(V.Count, n - l));
        }
    }

    // The outputs of one column of points along the rows' axis.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Column<V, TR>(float** m, nint i, out V a, out V b, out V c) where V : unmanaged, ISimd<V> where TR : IWinogradPoints
    {
        V m0 = V.Load(m[0] + i), m1 = V.Load(m[4] + i), m2 = V.Load(m[8] + i), m3 = TR.Points == 4 ? V.Load(m[12] + i) : m2;
        a = WinogradPoints.Sum0<V, TR>(m0, m1, m2, m3);
        b = TR.Size > 1 ? WinogradPoints.Sum1<V, TR>(m1, m2, m3) : a;
        c = TR.Size > 2 ? WinogradPoints.Sum2<V, TR>(m1, m2, m3) : a;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Row<V, TC>(V m0, V m1, V m2, V m3, float* y, nint right) where V : unmanaged, ISimd<V> where TC : IWinogradPoints
    {
        WinogradPoints.Sum0<V, TC>(m0, m1, m2, m3).Store(y);
        if (TC.Size > 1) WinogradPoints.Sum1<V, TC>(m1, m2, m3).Store(y + right);
        if (TC.Size > 2) WinogradPoints.Sum2<V, TC>(m1, m2, m3).Store(y + 2 * right);
    }

    // Past the last bias the load finds the padding that every block of memory has.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Finish<V>(float* tile, int rows, int columns, float* y, float* b, int lanes) where V : unmanaged, ISimd<V>
    {
        V s = V.Create(scale), z = b == null ? V.Create(0) : V.Load(b);
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++)
            {
                V t = V.Load(tile + (3 * i + j) * V.Count);
                V f = Epilogues.Activate(b == null ? t * s : V.MultiplyAdd(t, s, z), act);
                float* to = y + i * row + j * column;
                if (lanes == V.Count) f.Store(to);
                else Simd.StoreFirst(f, to, lanes);
            }
    }
}
