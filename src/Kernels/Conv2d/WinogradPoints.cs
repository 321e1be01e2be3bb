using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

// Winograd's convolutions of one axis (1980; Lavin and Gray 2015, arXiv:1509.09308), m outputs of r taps from m + r - 1 inputs:
//
//     y_k = sum over j of g_j d_(k+j)   =   A^T [ (G g) * (B^T d) ]
//
// Products are polynomials' values at the points 0, 1, infinity and, where there are four inputs, -1. A and G are the same thing for m and
// r coefficients, their values at those points:
//
//                1 coefficient        2            3                      3 inputs             4 inputs
//     at 0             1             1 0         1 0 0                  1  -1   0         1    0   -1   0
//     at 1             1             1 1         1 1 1         B^T =    0   1   0         0   1/2  1/2  0
//     at infinity      1             0 1         0 0 1                  0  -1   1         0   -1    0   1
//     at -1            1             1 -1        1 -1 1                                   0  -1/2  1/2  0
//
// Since points are numbered alike in both, tiles of either length share the transformed weights G g, and their products may be summed.
// The gradient of the weights is the same three matrices: dg = G^T sum over tiles of (A dy) * (B^T d). All entries are 0, 1, -1 and 1/2,
// so that the transforms round little: errors are those of direct summation (WinogradTests). More points save more products and cost
// accuracy: five of them (4 outputs of 2 taps) lose a factor of five.

/// <summary>
/// The matrices of one axis: so many points, so many coefficients. What has no meaning for the number of points is not used.
/// </summary>
interface IWinogradPoints
{
    /// <summary>Products: 3 or 4.</summary>
    static abstract int Points { get; }

    /// <summary>Coefficients: 1, 2 or 3.</summary>
    static abstract int Size { get; }
}

/// <summary>4 points, 3 coefficients.</summary>
readonly struct Points4Size3 : IWinogradPoints
{
    public static int Points => 4;

    public static int Size => 3;
}

/// <summary>4 points, 2 coefficients.</summary>
readonly struct Points4Size2 : IWinogradPoints
{
    public static int Points => 4;

    public static int Size => 2;
}

/// <summary>3 points, 2 coefficients.</summary>
readonly struct Points3Size2 : IWinogradPoints
{
    public static int Points => 3;

    public static int Size => 2;
}

/// <summary>3 points, 1 coefficient.</summary>
readonly struct Points3Size1 : IWinogradPoints
{
    public static int Points => 3;

    public static int Size => 1;
}

/// <summary>Rows of the matrices of <see cref="IWinogradPoints"/>, applied to vectors.</summary>
static class WinogradPoints
{
    // B^T d.

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Input0<V, T>(V d0, V d1, V d2) where V : unmanaged, ISimd<V> where T : IWinogradPoints =>
        T.Points == 4 ? d0 - d2 : d0 - d1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Input1<V, T>(V d1, V d2) where V : unmanaged, ISimd<V> where T : IWinogradPoints =>
        T.Points == 4 ? V.Create(0.5f) * (d1 + d2) : d1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Input2<V, T>(V d1, V d2, V d3) where V : unmanaged, ISimd<V> where T : IWinogradPoints =>
        T.Points == 4 ? d3 - d1 : d2 - d1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Input3<V>(V d1, V d2) where V : unmanaged, ISimd<V> => V.Create(0.5f) * (d2 - d1);

    // A y or G g, of coefficients; the value at 0 is g0.

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V AtOne<V, T>(V g0, V g1, V g2) where V : unmanaged, ISimd<V> where T : IWinogradPoints =>
        T.Size == 3 ? (g0 + g2) + g1 : T.Size == 2 ? g0 + g1 : g0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V AtInfinity<V, T>(V g0, V g1, V g2) where V : unmanaged, ISimd<V> where T : IWinogradPoints =>
        T.Size == 3 ? g2 : T.Size == 2 ? g1 : g0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V AtMinusOne<V, T>(V g0, V g1, V g2) where V : unmanaged, ISimd<V> where T : IWinogradPoints =>
        T.Size == 3 ? (g0 + g2) - g1 : T.Size == 2 ? g0 - g1 : g0;

    // A^T m or G^T m, of products m0 at 0, m1 at 1, m2 at infinity, m3 at -1.

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Sum0<V, T>(V m0, V m1, V m2, V m3) where V : unmanaged, ISimd<V> where T : IWinogradPoints
    {
        V y = m0 + m1;
        if (T.Points == 4) y += m3;
        if (T.Size == 1) y += m2;
        return y;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Sum1<V, T>(V m1, V m2, V m3) where V : unmanaged, ISimd<V> where T : IWinogradPoints
    {
        V y = m1;
        if (T.Points == 4) y -= m3;
        if (T.Size == 2) y += m2;
        return y;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Sum2<V, T>(V m1, V m2, V m3) where V : unmanaged, ISimd<V> where T : IWinogradPoints =>
        T.Points == 4 ? (m1 + m3) + m2 : m1 + m2;
}
