// Written by eng/Generate/GemmTiles.cs; change that instead, and run: dotnet run --project eng/Generate
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Sagan.Native.Kernels;

/// <summary>
/// Register tiles: t[i, j] = sum over p &lt; k of a[i, p] b[p, j] for i &lt; R rows and j &lt; C vectors; b[p, j] at b[p ldb + j],
/// t with a pitch of two vectors.
/// Rows: a[i, p] at a[i lda + p]. Columns: a[i, p] at a[p lda + i].
/// Every sum is one chain of fused multiply-adds in ascending p, so an element has the same bits in whichever tile it is computed.
/// The accumulators are named locals because the JIT keeps those in registers; an array of 24 vectors (stackalloc or inline array)
/// ran at a quarter of the speed.
/// </summary>
static unsafe class Tiles
{
    // How many steps of k ahead b is asked for: it streams from L2.
    const int PrefetchSteps = 24;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Prefetch<V>(float* b) where V : unmanaged, ISimd<V>
    {
        if (!Sse.IsSupported || V.Count < 8) return;
        Sse.Prefetch0(b);
        if (V.Count == 16) Sse.Prefetch0(b + V.Count);
    }

    /// <summary>Runs the smallest tile that has at least this many rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<V, TA>(int rows, bool wide, nint k, float* a, nint lda, float* b, nint ldb, float* t)
        where V : unmanaged, ISimd<V> where TA : unmanaged, IOperand
    {
        if (TA.InRows)
        {
            if (wide) RunRows2<V>(rows, k, a, lda, b, ldb, t);
            else RunRows1<V>(rows, k, a, lda, b, ldb, t);
        }
        else if (wide) RunColumns2<V>(rows, k, a, lda, b, ldb, t);
        else RunColumns1<V>(rows, k, a, lda, b, ldb, t);
    }

    static void RunRows2<V>(int rows, nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>
    {
        if (rows > 8) Rows12x2<V>(k, a, lda, b, ldb, t);
        else if (rows > 6) Rows8x2<V>(k, a, lda, b, ldb, t);
        else if (rows > 4) Rows6x2<V>(k, a, lda, b, ldb, t);
        else if (rows > 2) Rows4x2<V>(k, a, lda, b, ldb, t);
        else Rows2x2<V>(k, a, lda, b, ldb, t);
    }

    static void RunRows1<V>(int rows, nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>
    {
        if (rows > 8) Rows12x1<V>(k, a, lda, b, ldb, t);
        else if (rows > 6) Rows8x1<V>(k, a, lda, b, ldb, t);
        else if (rows > 4) Rows6x1<V>(k, a, lda, b, ldb, t);
        else if (rows > 2) Rows4x1<V>(k, a, lda, b, ldb, t);
        else Rows2x1<V>(k, a, lda, b, ldb, t);
    }

    static void RunColumns2<V>(int rows, nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>
    {
        if (rows > 8) Columns12x2<V>(k, a, lda, b, ldb, t);
        else if (rows > 6) Columns8x2<V>(k, a, lda, b, ldb, t);
        else if (rows > 4) Columns6x2<V>(k, a, lda, b, ldb, t);
        else if (rows > 2) Columns4x2<V>(k, a, lda, b, ldb, t);
        else Columns2x2<V>(k, a, lda, b, ldb, t);
    }

    static void RunColumns1<V>(int rows, nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>
    {
        if (rows > 8) Columns12x1<V>(k, a, lda, b, ldb, t);
        else if (rows > 6) Columns8x1<V>(k, a, lda, b, ldb, t);
        else if (rows > 4) Columns6x1<V>(k, a, lda, b, ldb, t);
        else if (rows > 2) Columns4x1<V>(k, a, lda, b, ldb, t);
        else Columns2x1<V>(k, a, lda, b, ldb, t);
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Rows12x2<V>(nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0), c0_1 = V.Create(0);
        V c1_0 = V.Create(0), c1_1 = V.Create(0);
        V c2_0 = V.Create(0), c2_1 = V.Create(0);
        V c3_0 = V.Create(0), c3_1 = V.Create(0);
        V c4_0 = V.Create(0), c4_1 = V.Create(0);
        V c5_0 = V.Create(0), c5_1 = V.Create(0);
        V c6_0 = V.Create(0), c6_1 = V.Create(0);
        V c7_0 = V.Create(0), c7_1 = V.Create(0);
        V c8_0 = V.Create(0), c8_1 = V.Create(0);
        V c9_0 = V.Create(0), c9_1 = V.Create(0);
        V c10_0 = V.Create(0), c10_1 = V.Create(0);
        V c11_0 = V.Create(0), c11_1 = V.Create(0);
        nint lda2 = 2 * lda;
        float* a3 = a + 3 * lda;
        float* a6 = a + 6 * lda;
        float* a9 = a + 9 * lda;
        nint ahead = PrefetchSteps * ldb;
        for (; k > 0; k--)
        {
            V b0 = V.Load(b), b1 = V.Load(b + V.Count);
            Prefetch<V>(b + ahead);
            V x = V.Create(a[0]); c0_0 = V.MultiplyAdd(x, b0, c0_0); c0_1 = V.MultiplyAdd(x, b1, c0_1);
            x = V.Create(a[lda]); c1_0 = V.MultiplyAdd(x, b0, c1_0); c1_1 = V.MultiplyAdd(x, b1, c1_1);
            x = V.Create(a[lda2]); c2_0 = V.MultiplyAdd(x, b0, c2_0); c2_1 = V.MultiplyAdd(x, b1, c2_1);
            x = V.Create(a3[0]); c3_0 = V.MultiplyAdd(x, b0, c3_0); c3_1 = V.MultiplyAdd(x, b1, c3_1);
            x = V.Create(a3[lda]); c4_0 = V.MultiplyAdd(x, b0, c4_0); c4_1 = V.MultiplyAdd(x, b1, c4_1);
            x = V.Create(a3[lda2]); c5_0 = V.MultiplyAdd(x, b0, c5_0); c5_1 = V.MultiplyAdd(x, b1, c5_1);
            x = V.Create(a6[0]); c6_0 = V.MultiplyAdd(x, b0, c6_0); c6_1 = V.MultiplyAdd(x, b1, c6_1);
            x = V.Create(a6[lda]); c7_0 = V.MultiplyAdd(x, b0, c7_0); c7_1 = V.MultiplyAdd(x, b1, c7_1);
            x = V.Create(a6[lda2]); c8_0 = V.MultiplyAdd(x, b0, c8_0); c8_1 = V.MultiplyAdd(x, b1, c8_1);
            x = V.Create(a9[0]); c9_0 = V.MultiplyAdd(x, b0, c9_0); c9_1 = V.MultiplyAdd(x, b1, c9_1);
            x = V.Create(a9[lda]); c10_0 = V.MultiplyAdd(x, b0, c10_0); c10_1 = V.MultiplyAdd(x, b1, c10_1);
            x = V.Create(a9[lda2]); c11_0 = V.MultiplyAdd(x, b0, c11_0); c11_1 = V.MultiplyAdd(x, b1, c11_1);
            b += ldb;
            a++; a3++; a6++; a9++;
        }
        c0_0.Store(t + 0 * V.Count);
        c0_1.Store(t + 1 * V.Count);
        c1_0.Store(t + 2 * V.Count);
        c1_1.Store(t + 3 * V.Count);
        c2_0.Store(t + 4 * V.Count);
        c2_1.Store(t + 5 * V.Count);
        c3_0.Store(t + 6 * V.Count);
        c3_1.Store(t + 7 * V.Count);
        c4_0.Store(t + 8 * V.Count);
        c4_1.Store(t + 9 * V.Count);
        c5_0.Store(t + 10 * V.Count);
        c5_1.Store(t + 11 * V.Count);
        c6_0.Store(t + 12 * V.Count);
        c6_1.Store(t + 13 * V.Count);
        c7_0.Store(t + 14 * V.Count);
        c7_1.Store(t + 15 * V.Count);
        c8_0.Store(t + 16 * V.Count);
        c8_1.Store(t + 17 * V.Count);
        c9_0.Store(t + 18 * V.Count);
        c9_1.Store(t + 19 * V.Count);
        c10_0.Store(t + 20 * V.Count);
        c10_1.Store(t + 21 * V.Count);
        c11_0.Store(t + 22 * V.Count);
        c11_1.Store(t + 23 * V.Count);
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Rows8x2<V>(nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0), c0_1 = V.Create(0);
        V c1_0 = V.Create(0), c1_1 = V.Create(0);
        V c2_0 = V.Create(0), c2_1 = V.Create(0);
        V c3_0 = V.Create(0), c3_1 = V.Create(0);
        V c4_0 = V.Create(0), c4_1 = V.Create(0);
        V c5_0 = V.Create(0), c5_1 = V.Create(0);
        V c6_0 = V.Create(0), c6_1 = V.Create(0);
        V c7_0 = V.Create(0), c7_1 = V.Create(0);
        nint lda2 = 2 * lda;
        float* a3 = a + 3 * lda;
        float* a6 = a + 6 * lda;
        nint ahead = PrefetchSteps * ldb;
        for (; k > 0; k--)
        {
            V b0 = V.Load(b), b1 = V.Load(b + V.Count);
            Prefetch<V>(b + ahead);
            V x = V.Create(a[0]); c0_0 = V.MultiplyAdd(x, b0, c0_0); c0_1 = V.MultiplyAdd(x, b1, c0_1);
            x = V.Create(a[lda]); c1_0 = V.MultiplyAdd(x, b0, c1_0); c1_1 = V.MultiplyAdd(x, b1, c1_1);
            x = V.Create(a[lda2]); c2_0 = V.MultiplyAdd(x, b0, c2_0); c2_1 = V.MultiplyAdd(x, b1, c2_1);
            x = V.Create(a3[0]); c3_0 = V.MultiplyAdd(x, b0, c3_0); c3_1 = V.MultiplyAdd(x, b1, c3_1);
            x = V.Create(a3[lda]); c4_0 = V.MultiplyAdd(x, b0, c4_0); c4_1 = V.MultiplyAdd(x, b1, c4_1);
            x = V.Create(a3[lda2]); c5_0 = V.MultiplyAdd(x, b0, c5_0); c5_1 = V.MultiplyAdd(x, b1, c5_1);
            x = V.Create(a6[0]); c6_0 = V.MultiplyAdd(x, b0, c6_0); c6_1 = V.MultiplyAdd(x, b1, c6_1);
            x = V.Create(a6[lda]); c7_0 = V.MultiplyAdd(x, b0, c7_0); c7_1 = V.MultiplyAdd(x, b1, c7_1);
            b += ldb;
            a++; a3++; a6++;
        }
        c0_0.Store(t + 0 * V.Count);
        c0_1.Store(t + 1 * V.Count);
        c1_0.Store(t + 2 * V.Count);
        c1_1.Store(t + 3 * V.Count);
        c2_0.Store(t + 4 * V.Count);
        c2_1.Store(t + 5 * V.Count);
        c3_0.Store(t + 6 * V.Count);
        c3_1.Store(t + 7 * V.Count);
        c4_0.Store(t + 8 * V.Count);
        c4_1.Store(t + 9 * V.Count);
        c5_0.Store(t + 10 * V.Count);
        c5_1.Store(t + 11 * V.Count);
        c6_0.Store(t + 12 * V.Count);
        c6_1.Store(t + 13 * V.Count);
        c7_0.Store(t + 14 * V.Count);
        c7_1.Store(t + 15 * V.Count);
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Rows6x2<V>(nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0), c0_1 = V.Create(0);
        V c1_0 = V.Create(0), c1_1 = V.Create(0);
        V c2_0 = V.Create(0), c2_1 = V.Create(0);
        V c3_0 = V.Create(0), c3_1 = V.Create(0);
        V c4_0 = V.Create(0), c4_1 = V.Create(0);
        V c5_0 = V.Create(0), c5_1 = V.Create(0);
        nint lda2 = 2 * lda;
        float* a3 = a + 3 * lda;
        nint ahead = PrefetchSteps * ldb;
        for (; k > 0; k--)
        {
            V b0 = V.Load(b), b1 = V.Load(b + V.Count);
            Prefetch<V>(b + ahead);
            V x = V.Create(a[0]); c0_0 = V.MultiplyAdd(x, b0, c0_0); c0_1 = V.MultiplyAdd(x, b1, c0_1);
            x = V.Create(a[lda]); c1_0 = V.MultiplyAdd(x, b0, c1_0); c1_1 = V.MultiplyAdd(x, b1, c1_1);
            x = V.Create(a[lda2]); c2_0 = V.MultiplyAdd(x, b0, c2_0); c2_1 = V.MultiplyAdd(x, b1, c2_1);
            x = V.Create(a3[0]); c3_0 = V.MultiplyAdd(x, b0, c3_0); c3_1 = V.MultiplyAdd(x, b1, c3_1);
            x = V.Create(a3[lda]); c4_0 = V.MultiplyAdd(x, b0, c4_0); c4_1 = V.MultiplyAdd(x, b1, c4_1);
            x = V.Create(a3[lda2]); c5_0 = V.MultiplyAdd(x, b0, c5_0); c5_1 = V.MultiplyAdd(x, b1, c5_1);
            b += ldb;
            a++; a3++;
        }
        c0_0.Store(t + 0 * V.Count);
        c0_1.Store(t + 1 * V.Count);
        c1_0.Store(t + 2 * V.Count);
        c1_1.Store(t + 3 * V.Count);
        c2_0.Store(t + 4 * V.Count);
        c2_1.Store(t + 5 * V.Count);
        c3_0.Store(t + 6 * V.Count);
        c3_1.Store(t + 7 * V.Count);
        c4_0.Store(t + 8 * V.Count);
        c4_1.Store(t + 9 * V.Count);
        c5_0.Store(t + 10 * V.Count);
        c5_1.Store(t + 11 * V.Count);
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Rows4x2<V>(nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0), c0_1 = V.Create(0);
        V c1_0 = V.Create(0), c1_1 = V.Create(0);
        V c2_0 = V.Create(0), c2_1 = V.Create(0);
        V c3_0 = V.Create(0), c3_1 = V.Create(0);
        nint lda2 = 2 * lda;
        float* a3 = a + 3 * lda;
        nint ahead = PrefetchSteps * ldb;
        for (; k > 0; k--)
        {
            V b0 = V.Load(b), b1 = V.Load(b + V.Count);
            Prefetch<V>(b + ahead);
            V x = V.Create(a[0]); c0_0 = V.MultiplyAdd(x, b0, c0_0); c0_1 = V.MultiplyAdd(x, b1, c0_1);
            x = V.Create(a[lda]); c1_0 = V.MultiplyAdd(x, b0, c1_0); c1_1 = V.MultiplyAdd(x, b1, c1_1);
            x = V.Create(a[lda2]); c2_0 = V.MultiplyAdd(x, b0, c2_0); c2_1 = V.MultiplyAdd(x, b1, c2_1);
            x = V.Create(a3[0]); c3_0 = V.MultiplyAdd(x, b0, c3_0); c3_1 = V.MultiplyAdd(x, b1, c3_1);
            b += ldb;
            a++; a3++;
        }
        c0_0.Store(t + 0 * V.Count);
        c0_1.Store(t + 1 * V.Count);
        c1_0.Store(t + 2 * V.Count);
        c1_1.Store(t + 3 * V.Count);
        c2_0.Store(t + 4 * V.Count);
        c2_1.Store(t + 5 * V.Count);
        c3_0.Store(t + 6 * V.Count);
        c3_1.Store(t + 7 * V.Count);
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Rows2x2<V>(nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0), c0_1 = V.Create(0);
        V c1_0 = V.Create(0), c1_1 = V.Create(0);
        nint ahead = PrefetchSteps * ldb;
        for (; k > 0; k--)
        {
            V b0 = V.Load(b), b1 = V.Load(b + V.Count);
            Prefetch<V>(b + ahead);
            V x = V.Create(a[0]); c0_0 = V.MultiplyAdd(x, b0, c0_0); c0_1 = V.MultiplyAdd(x, b1, c0_1);
            x = V.Create(a[lda]); c1_0 = V.MultiplyAdd(x, b0, c1_0); c1_1 = V.MultiplyAdd(x, b1, c1_1);
            b += ldb;
            a++;
        }
        c0_0.Store(t + 0 * V.Count);
        c0_1.Store(t + 1 * V.Count);
        c1_0.Store(t + 2 * V.Count);
        c1_1.Store(t + 3 * V.Count);
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Rows12x1<V>(nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0);
        V c1_0 = V.Create(0);
        V c2_0 = V.Create(0);
        V c3_0 = V.Create(0);
        V c4_0 = V.Create(0);
        V c5_0 = V.Create(0);
        V c6_0 = V.Create(0);
        V c7_0 = V.Create(0);
        V c8_0 = V.Create(0);
        V c9_0 = V.Create(0);
        V c10_0 = V.Create(0);
        V c11_0 = V.Create(0);
        nint lda2 = 2 * lda;
        float* a3 = a + 3 * lda;
        float* a6 = a + 6 * lda;
        float* a9 = a + 9 * lda;
        nint ahead = PrefetchSteps * ldb;
        for (; k > 0; k--)
        {
            V b0 = V.Load(b);
            Prefetch<V>(b + ahead);
            V x = V.Create(a[0]); c0_0 = V.MultiplyAdd(x, b0, c0_0);
            x = V.Create(a[lda]); c1_0 = V.MultiplyAdd(x, b0, c1_0);
            x = V.Create(a[lda2]); c2_0 = V.MultiplyAdd(x, b0, c2_0);
            x = V.Create(a3[0]); c3_0 = V.MultiplyAdd(x, b0, c3_0);
            x = V.Create(a3[lda]); c4_0 = V.MultiplyAdd(x, b0, c4_0);
            x = V.Create(a3[lda2]); c5_0 = V.MultiplyAdd(x, b0, c5_0);
            x = V.Create(a6[0]); c6_0 = V.MultiplyAdd(x, b0, c6_0);
            x = V.Create(a6[lda]); c7_0 = V.MultiplyAdd(x, b0, c7_0);
            x = V.Create(a6[lda2]); c8_0 = V.MultiplyAdd(x, b0, c8_0);
            x = V.Create(a9[0]); c9_0 = V.MultiplyAdd(x, b0, c9_0);
            x = V.Create(a9[lda]); c10_0 = V.MultiplyAdd(x, b0, c10_0);
            x = V.Create(a9[lda2]); c11_0 = V.MultiplyAdd(x, b0, c11_0);
            b += ldb;
            a++; a3++; a6++; a9++;
        }
        c0_0.Store(t + 0 * V.Count);
        c1_0.Store(t + 2 * V.Count);
        c2_0.Store(t + 4 * V.Count);
        c3_0.Store(t + 6 * V.Count);
        c4_0.Store(t + 8 * V.Count);
        c5_0.Store(t + 10 * V.Count);
        c6_0.Store(t + 12 * V.Count);
        c7_0.Store(t + 14 * V.Count);
        c8_0.Store(t + 16 * V.Count);
        c9_0.Store(t + 18 * V.Count);
        c10_0.Store(t + 20 * V.Count);
        c11_0.Store(t + 22 * V.Count);
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Rows8x1<V>(nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0);
        V c1_0 = V.Create(0);
        V c2_0 = V.Create(0);
        V c3_0 = V.Create(0);
        V c4_0 = V.Create(0);
        V c5_0 = V.Create(0);
        V c6_0 = V.Create(0);
        V c7_0 = V.Create(0);
        nint lda2 = 2 * lda;
        float* a3 = a + 3 * lda;
        float* a6 = a + 6 * lda;
        nint ahead = PrefetchSteps * ldb;
        for (; k > 0; k--)
        {
            V b0 = V.Load(b);
            Prefetch<V>(b + ahead);
            V x = V.Create(a[0]); c0_0 = V.MultiplyAdd(x, b0, c0_0);
            x = V.Create(a[lda]); c1_0 = V.MultiplyAdd(x, b0, c1_0);
            x = V.Create(a[lda2]); c2_0 = V.MultiplyAdd(x, b0, c2_0);
            x = V.Create(a3[0]); c3_0 = V.MultiplyAdd(x, b0, c3_0);
            x = V.Create(a3[lda]); c4_0 = V.MultiplyAdd(x, b0, c4_0);
            x = V.Create(a3[lda2]); c5_0 = V.MultiplyAdd(x, b0, c5_0);
            x = V.Create(a6[0]); c6_0 = V.MultiplyAdd(x, b0, c6_0);
            x = V.Create(a6[lda]); c7_0 = V.MultiplyAdd(x, b0, c7_0);
            b += ldb;
            a++; a3++; a6++;
        }
        c0_0.Store(t + 0 * V.Count);
        c1_0.Store(t + 2 * V.Count);
        c2_0.Store(t + 4 * V.Count);
        c3_0.Store(t + 6 * V.Count);
        c4_0.Store(t + 8 * V.Count);
        c5_0.Store(t + 10 * V.Count);
        c6_0.Store(t + 12 * V.Count);
        c7_0.Store(t + 14 * V.Count);
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Rows6x1<V>(nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0);
        V c1_0 = V.Create(0);
        V c2_0 = V.Create(0);
        V c3_0 = V.Create(0);
        V c4_0 = V.Create(0);
        V c5_0 = V.Create(0);
        nint lda2 = 2 * lda;
        float* a3 = a + 3 * lda;
        nint ahead = PrefetchSteps * ldb;
        for (; k > 0; k--)
        {
            V b0 = V.Load(b);
            Prefetch<V>(b + ahead);
            V x = V.Create(a[0]); c0_0 = V.MultiplyAdd(x, b0, c0_0);
            x = V.Create(a[lda]); c1_0 = V.MultiplyAdd(x, b0, c1_0);
            x = V.Create(a[lda2]); c2_0 = V.MultiplyAdd(x, b0, c2_0);
            x = V.Create(a3[0]); c3_0 = V.MultiplyAdd(x, b0, c3_0);
            x = V.Create(a3[lda]); c4_0 = V.MultiplyAdd(x, b0, c4_0);
            x = V.Create(a3[lda2]); c5_0 = V.MultiplyAdd(x, b0, c5_0);
            b += ldb;
            a++; a3++;
        }
        c0_0.Store(t + 0 * V.Count);
        c1_0.Store(t + 2 * V.Count);
        c2_0.Store(t + 4 * V.Count);
        c3_0.Store(t + 6 * V.Count);
        c4_0.Store(t + 8 * V.Count);
        c5_0.Store(t + 10 * V.Count);
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Rows4x1<V>(nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0);
        V c1_0 = V.Create(0);
        V c2_0 = V.Create(0);
        V c3_0 = V.Create(0);
        nint lda2 = 2 * lda;
        float* a3 = a + 3 * lda;
        nint ahead = PrefetchSteps * ldb;
        for (; k > 0; k--)
        {
            V b0 = V.Load(b);
            Prefetch<V>(b + ahead);
            V x = V.Create(a[0]); c0_0 = V.MultiplyAdd(x, b0, c0_0);
            x = V.Create(a[lda]); c1_0 = V.MultiplyAdd(x, b0, c1_0);
            x = V.Create(a[lda2]); c2_0 = V.MultiplyAdd(x, b0, c2_0);
            x = V.Create(a3[0]); c3_0 = V.MultiplyAdd(x, b0, c3_0);
            b += ldb;
            a++; a3++;
        }
        c0_0.Store(t + 0 * V.Count);
        c1_0.Store(t + 2 * V.Count);
        c2_0.Store(t + 4 * V.Count);
        c3_0.Store(t + 6 * V.Count);
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Rows2x1<V>(nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0);
        V c1_0 = V.Create(0);
        nint ahead = PrefetchSteps * ldb;
        for (; k > 0; k--)
        {
            V b0 = V.Load(b);
            Prefetch<V>(b + ahead);
            V x = V.Create(a[0]); c0_0 = V.MultiplyAdd(x, b0, c0_0);
            x = V.Create(a[lda]); c1_0 = V.MultiplyAdd(x, b0, c1_0);
            b += ldb;
            a++;
        }
        c0_0.Store(t + 0 * V.Count);
        c1_0.Store(t + 2 * V.Count);
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Columns12x2<V>(nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0), c0_1 = V.Create(0);
        V c1_0 = V.Create(0), c1_1 = V.Create(0);
        V c2_0 = V.Create(0), c2_1 = V.Create(0);
        V c3_0 = V.Create(0), c3_1 = V.Create(0);
        V c4_0 = V.Create(0), c4_1 = V.Create(0);
        V c5_0 = V.Create(0), c5_1 = V.Create(0);
        V c6_0 = V.Create(0), c6_1 = V.Create(0);
        V c7_0 = V.Create(0), c7_1 = V.Create(0);
        V c8_0 = V.Create(0), c8_1 = V.Create(0);
        V c9_0 = V.Create(0), c9_1 = V.Create(0);
        V c10_0 = V.Create(0), c10_1 = V.Create(0);
        V c11_0 = V.Create(0), c11_1 = V.Create(0);
        nint ahead = PrefetchSteps * ldb;
        for (; k > 0; k--)
        {
            V b0 = V.Load(b), b1 = V.Load(b + V.Count);
            Prefetch<V>(b + ahead);
            V x = V.Create(a[0]); c0_0 = V.MultiplyAdd(x, b0, c0_0); c0_1 = V.MultiplyAdd(x, b1, c0_1);
            x = V.Create(a[1]); c1_0 = V.MultiplyAdd(x, b0, c1_0); c1_1 = V.MultiplyAdd(x, b1, c1_1);
            x = V.Create(a[2]); c2_0 = V.MultiplyAdd(x, b0, c2_0); c2_1 = V.MultiplyAdd(x, b1, c2_1);
            x = V.Create(a[3]); c3_0 = V.MultiplyAdd(x, b0, c3_0); c3_1 = V.MultiplyAdd(x, b1, c3_1);
            x = V.Create(a[4]); c4_0 = V.MultiplyAdd(x, b0, c4_0); c4_1 = V.MultiplyAdd(x, b1, c4_1);
            x = V.Create(a[5]); c5_0 = V.MultiplyAdd(x, b0, c5_0); c5_1 = V.MultiplyAdd(x, b1, c5_1);
            x = V.Create(a[6]); c6_0 = V.MultiplyAdd(x, b0, c6_0); c6_1 = V.MultiplyAdd(x, b1, c6_1);
            x = V.Create(a[7]); c7_0 = V.MultiplyAdd(x, b0, c7_0); c7_1 = V.MultiplyAdd(x, b1, c7_1);
            x = V.Create(a[8]); c8_0 = V.MultiplyAdd(x, b0, c8_0); c8_1 = V.MultiplyAdd(x, b1, c8_1);
            x = V.Create(a[9]); c9_0 = V.MultiplyAdd(x, b0, c9_0); c9_1 = V.MultiplyAdd(x, b1, c9_1);
            x = V.Create(a[10]); c10_0 = V.MultiplyAdd(x, b0, c10_0); c10_1 = V.MultiplyAdd(x, b1, c10_1);
            x = V.Create(a[11]); c11_0 = V.MultiplyAdd(x, b0, c11_0); c11_1 = V.MultiplyAdd(x, b1, c11_1);
            b += ldb;
            a += lda;
        }
        c0_0.Store(t + 0 * V.Count);
        c0_1.Store(t + 1 * V.Count);
        c1_0.Store(t + 2 * V.Count);
        c1_1.Store(t + 3 * V.Count);
        c2_0.Store(t + 4 * V.Count);
        c2_1.Store(t + 5 * V.Count);
        c3_0.Store(t + 6 * V.Count);
        c3_1.Store(t + 7 * V.Count);
        c4_0.Store(t + 8 * V.Count);
        c4_1.Store(t + 9 * V.Count);
        c5_0.Store(t + 10 * V.Count);
        c5_1.Store(t + 11 * V.Count);
        c6_0.Store(t + 12 * V.Count);
        c6_1.Store(t + 13 * V.Count);
        c7_0.Store(t + 14 * V.Count);
        c7_1.Store(t + 15 * V.Count);
        c8_0.Store(t + 16 * V.Count);
        c8_1.Store(t + 17 * V.Count);
        c9_0.Store(t + 18 * V.Count);
        c9_1.Store(t + 19 * V.Count);
        c10_0.Store(t + 20 * V.Count);
        c10_1.Store(t + 21 * V.Count);
        c11_0.Store(t + 22 * V.Count);
        c11_1.Store(t + 23 * V.Count);
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Columns8x2<V>(nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0), c0_1 = V.Create(0);
        V c1_0 = V.Create(0), c1_1 = V.Create(0);
        V c2_0 = V.Create(0), c2_1 = V.Create(0);
        V c3_0 = V.Create(0), c3_1 = V.Create(0);
        V c4_0 = V.Create(0), c4_1 = V.Create(0);
        V c5_0 = V.Create(0), c5_1 = V.Create(0);
        V c6_0 = V.Create(0), c6_1 = V.Create(0);
        V c7_0 = V.Create(0), c7_1 = V.Create(0);
        nint ahead = PrefetchSteps * ldb;
        for (; k > 0; k--)
        {
            V b0 = V.Load(b), b1 = V.Load(b + V.Count);
            Prefetch<V>(b + ahead);
            V x = V.Create(a[0]); c0_0 = V.MultiplyAdd(x, b0, c0_0); c0_1 = V.MultiplyAdd(x, b1, c0_1);
            x = V.Create(a[1]); c1_0 = V.MultiplyAdd(x, b0, c1_0); c1_1 = V.MultiplyAdd(x, b1, c1_1);
            x = V.Create(a[2]); c2_0 = V.MultiplyAdd(x, b0, c2_0); c2_1 = V.MultiplyAdd(x, b1, c2_1);
            x = V.Create(a[3]); c3_0 = V.MultiplyAdd(x, b0, c3_0); c3_1 = V.MultiplyAdd(x, b1, c3_1);
            x = V.Create(a[4]); c4_0 = V.MultiplyAdd(x, b0, c4_0); c4_1 = V.MultiplyAdd(x, b1, c4_1);
            x = V.Create(a[5]); c5_0 = V.MultiplyAdd(x, b0, c5_0); c5_1 = V.MultiplyAdd(x, b1, c5_1);
            x = V.Create(a[6]); c6_0 = V.MultiplyAdd(x, b0, c6_0); c6_1 = V.MultiplyAdd(x, b1, c6_1);
            x = V.Create(a[7]); c7_0 = V.MultiplyAdd(x, b0, c7_0); c7_1 = V.MultiplyAdd(x, b1, c7_1);
            b += ldb;
            a += lda;
        }
        c0_0.Store(t + 0 * V.Count);
        c0_1.Store(t + 1 * V.Count);
        c1_0.Store(t + 2 * V.Count);
        c1_1.Store(t + 3 * V.Count);
        c2_0.Store(t + 4 * V.Count);
        c2_1.Store(t + 5 * V.Count);
        c3_0.Store(t + 6 * V.Count);
        c3_1.Store(t + 7 * V.Count);
        c4_0.Store(t + 8 * V.Count);
        c4_1.Store(t + 9 * V.Count);
        c5_0.Store(t + 10 * V.Count);
        c5_1.Store(t + 11 * V.Count);
        c6_0.Store(t + 12 * V.Count);
        c6_1.Store(t + 13 * V.Count);
        c7_0.Store(t + 14 * V.Count);
        c7_1.Store(t + 15 * V.Count);
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Columns6x2<V>(nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0), c0_1 = V.Create(0);
        V c1_0 = V.Create(0), c1_1 = V.Create(0);
        V c2_0 = V.Create(0), c2_1 = V.Create(0);
        V c3_0 = V.Create(0), c3_1 = V.Create(0);
        V c4_0 = V.Create(0), c4_1 = V.Create(0);
        V c5_0 = V.Create(0), c5_1 = V.Create(0);
        nint ahead = PrefetchSteps * ldb;
        for (; k > 0; k--)
        {
            V b0 = V.Load(b), b1 = V.Load(b + V.Count);
            Prefetch<V>(b + ahead);
            V x = V.Create(a[0]); c0_0 = V.MultiplyAdd(x, b0, c0_0); c0_1 = V.MultiplyAdd(x, b1, c0_1);
            x = V.Create(a[1]); c1_0 = V.MultiplyAdd(x, b0, c1_0); c1_1 = V.MultiplyAdd(x, b1, c1_1);
            x = V.Create(a[2]); c2_0 = V.MultiplyAdd(x, b0, c2_0); c2_1 = V.MultiplyAdd(x, b1, c2_1);
            x = V.Create(a[3]); c3_0 = V.MultiplyAdd(x, b0, c3_0); c3_1 = V.MultiplyAdd(x, b1, c3_1);
            x = V.Create(a[4]); c4_0 = V.MultiplyAdd(x, b0, c4_0); c4_1 = V.MultiplyAdd(x, b1, c4_1);
            x = V.Create(a[5]); c5_0 = V.MultiplyAdd(x, b0, c5_0); c5_1 = V.MultiplyAdd(x, b1, c5_1);
            b += ldb;
            a += lda;
        }
        c0_0.Store(t + 0 * V.Count);
        c0_1.Store(t + 1 * V.Count);
        c1_0.Store(t + 2 * V.Count);
        c1_1.Store(t + 3 * V.Count);
        c2_0.Store(t + 4 * V.Count);
        c2_1.Store(t + 5 * V.Count);
        c3_0.Store(t + 6 * V.Count);
        c3_1.Store(t + 7 * V.Count);
        c4_0.Store(t + 8 * V.Count);
        c4_1.Store(t + 9 * V.Count);
        c5_0.Store(t + 10 * V.Count);
        c5_1.Store(t + 11 * V.Count);
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Columns4x2<V>(nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0), c0_1 = V.Create(0);
        V c1_0 = V.Create(0), c1_1 = V.Create(0);
        V c2_0 = V.Create(0), c2_1 = V.Create(0);
        V c3_0 = V.Create(0), c3_1 = V.Create(0);
        nint ahead = PrefetchSteps * ldb;
        for (; k > 0; k--)
        {
            V b0 = V.Load(b), b1 = V.Load(b + V.Count);
            Prefetch<V>(b + ahead);
            V x = V.Create(a[0]); c0_0 = V.MultiplyAdd(x, b0, c0_0); c0_1 = V.MultiplyAdd(x, b1, c0_1);
            x = V.Create(a[1]); c1_0 = V.MultiplyAdd(x, b0, c1_0); c1_1 = V.MultiplyAdd(x, b1, c1_1);
            x = V.Create(a[2]); c2_0 = V.MultiplyAdd(x, b0, c2_0); c2_1 = V.MultiplyAdd(x, b1, c2_1);
            x = V.Create(a[3]); c3_0 = V.MultiplyAdd(x, b0, c3_0); c3_1 = V.MultiplyAdd(x, b1, c3_1);
            b += ldb;
            a += lda;
        }
        c0_0.Store(t + 0 * V.Count);
        c0_1.Store(t + 1 * V.Count);
        c1_0.Store(t + 2 * V.Count);
        c1_1.Store(t + 3 * V.Count);
        c2_0.Store(t + 4 * V.Count);
        c2_1.Store(t + 5 * V.Count);
        c3_0.Store(t + 6 * V.Count);
        c3_1.Store(t + 7 * V.Count);
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Columns2x2<V>(nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0), c0_1 = V.Create(0);
        V c1_0 = V.Create(0), c1_1 = V.Create(0);
        nint ahead = PrefetchSteps * ldb;
        for (; k > 0; k--)
        {
            V b0 = V.Load(b), b1 = V.Load(b + V.Count);
            Prefetch<V>(b + ahead);
            V x = V.Create(a[0]); c0_0 = V.MultiplyAdd(x, b0, c0_0); c0_1 = V.MultiplyAdd(x, b1, c0_1);
            x = V.Create(a[1]); c1_0 = V.MultiplyAdd(x, b0, c1_0); c1_1 = V.MultiplyAdd(x, b1, c1_1);
            b += ldb;
            a += lda;
        }
        c0_0.Store(t + 0 * V.Count);
        c0_1.Store(t + 1 * V.Count);
        c1_0.Store(t + 2 * V.Count);
        c1_1.Store(t + 3 * V.Count);
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Columns12x1<V>(nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0);
        V c1_0 = V.Create(0);
        V c2_0 = V.Create(0);
        V c3_0 = V.Create(0);
        V c4_0 = V.Create(0);
        V c5_0 = V.Create(0);
        V c6_0 = V.Create(0);
        V c7_0 = V.Create(0);
        V c8_0 = V.Create(0);
        V c9_0 = V.Create(0);
        V c10_0 = V.Create(0);
        V c11_0 = V.Create(0);
        nint ahead = PrefetchSteps * ldb;
        for (; k > 0; k--)
        {
            V b0 = V.Load(b);
            Prefetch<V>(b + ahead);
            V x = V.Create(a[0]); c0_0 = V.MultiplyAdd(x, b0, c0_0);
            x = V.Create(a[1]); c1_0 = V.MultiplyAdd(x, b0, c1_0);
            x = V.Create(a[2]); c2_0 = V.MultiplyAdd(x, b0, c2_0);
            x = V.Create(a[3]); c3_0 = V.MultiplyAdd(x, b0, c3_0);
            x = V.Create(a[4]); c4_0 = V.MultiplyAdd(x, b0, c4_0);
            x = V.Create(a[5]); c5_0 = V.MultiplyAdd(x, b0, c5_0);
            x = V.Create(a[6]); c6_0 = V.MultiplyAdd(x, b0, c6_0);
            x = V.Create(a[7]); c7_0 = V.MultiplyAdd(x, b0, c7_0);
            x = V.Create(a[8]); c8_0 = V.MultiplyAdd(x, b0, c8_0);
            x = V.Create(a[9]); c9_0 = V.MultiplyAdd(x, b0, c9_0);
            x = V.Create(a[10]); c10_0 = V.MultiplyAdd(x, b0, c10_0);
            x = V.Create(a[11]); c11_0 = V.MultiplyAdd(x, b0, c11_0);
            b += ldb;
            a += lda;
        }
        c0_0.Store(t + 0 * V.Count);
        c1_0.Store(t + 2 * V.Count);
        c2_0.Store(t + 4 * V.Count);
        c3_0.Store(t + 6 * V.Count);
        c4_0.Store(t + 8 * V.Count);
        c5_0.Store(t + 10 * V.Count);
        c6_0.Store(t + 12 * V.Count);
        c7_0.Store(t + 14 * V.Count);
        c8_0.Store(t + 16 * V.Count);
        c9_0.Store(t + 18 * V.Count);
        c10_0.Store(t + 20 * V.Count);
        c11_0.Store(t + 22 * V.Count);
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Columns8x1<V>(nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0);
        V c1_0 = V.Create(0);
        V c2_0 = V.Create(0);
        V c3_0 = V.Create(0);
        V c4_0 = V.Create(0);
        V c5_0 = V.Create(0);
        V c6_0 = V.Create(0);
        V c7_0 = V.Create(0);
        nint ahead = PrefetchSteps * ldb;
        for (; k > 0; k--)
        {
            V b0 = V.Load(b);
            Prefetch<V>(b + ahead);
            V x = V.Create(a[0]); c0_0 = V.MultiplyAdd(x, b0, c0_0);
            x = V.Create(a[1]); c1_0 = V.MultiplyAdd(x, b0, c1_0);
            x = V.Create(a[2]); c2_0 = V.MultiplyAdd(x, b0, c2_0);
            x = V.Create(a[3]); c3_0 = V.MultiplyAdd(x, b0, c3_0);
            x = V.Create(a[4]); c4_0 = V.MultiplyAdd(x, b0, c4_0);
            x = V.Create(a[5]); c5_0 = V.MultiplyAdd(x, b0, c5_0);
            x = V.Create(a[6]); c6_0 = V.MultiplyAdd(x, b0, c6_0);
            x = V.Create(a[7]); c7_0 = V.MultiplyAdd(x, b0, c7_0);
            b += ldb;
            a += lda;
        }
        c0_0.Store(t + 0 * V.Count);
        c1_0.Store(t + 2 * V.Count);
        c2_0.Store(t + 4 * V.Count);
        c3_0.Store(t + 6 * V.Count);
        c4_0.Store(t + 8 * V.Count);
        c5_0.Store(t + 10 * V.Count);
        c6_0.Store(t + 12 * V.Count);
        c7_0.Store(t + 14 * V.Count);
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Columns6x1<V>(nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0);
        V c1_0 = V.Create(0);
        V c2_0 = V.Create(0);
        V c3_0 = V.Create(0);
        V c4_0 = V.Create(0);
        V c5_0 = V.Create(0);
        nint ahead = PrefetchSteps * ldb;
        for (; k > 0; k--)
        {
            V b0 = V.Load(b);
            Prefetch<V>(b + ahead);
            V x = V.Create(a[0]); c0_0 = V.MultiplyAdd(x, b0, c0_0);
            x = V.Create(a[1]); c1_0 = V.MultiplyAdd(x, b0, c1_0);
            x = V.Create(a[2]); c2_0 = V.MultiplyAdd(x, b0, c2_0);
            x = V.Create(a[3]); c3_0 = V.MultiplyAdd(x, b0, c3_0);
            x = V.Create(a[4]); c4_0 = V.MultiplyAdd(x, b0, c4_0);
            x = V.Create(a[5]); c5_0 = V.MultiplyAdd(x, b0, c5_0);
            b += ldb;
            a += lda;
        }
        c0_0.Store(t + 0 * V.Count);
        c1_0.Store(t + 2 * V.Count);
        c2_0.Store(t + 4 * V.Count);
        c3_0.Store(t + 6 * V.Count);
        c4_0.Store(t + 8 * V.Count);
        c5_0.Store(t + 10 * V.Count);
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Columns4x1<V>(nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0);
        V c1_0 = V.Create(0);
        V c2_0 = V.Create(0);
        V c3_0 = V.Create(0);
        nint ahead = PrefetchSteps * ldb;
        for (; k > 0; k--)
        {
            V b0 = V.Load(b);
            Prefetch<V>(b + ahead);
            V x = V.Create(a[0]); c0_0 = V.MultiplyAdd(x, b0, c0_0);
            x = V.Create(a[1]); c1_0 = V.MultiplyAdd(x, b0, c1_0);
            x = V.Create(a[2]); c2_0 = V.MultiplyAdd(x, b0, c2_0);
            x = V.Create(a[3]); c3_0 = V.MultiplyAdd(x, b0, c3_0);
            b += ldb;
            a += lda;
        }
        c0_0.Store(t + 0 * V.Count);
        c1_0.Store(t + 2 * V.Count);
        c2_0.Store(t + 4 * V.Count);
        c3_0.Store(t + 6 * V.Count);
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Columns2x1<V>(nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0);
        V c1_0 = V.Create(0);
        nint ahead = PrefetchSteps * ldb;
        for (; k > 0; k--)
        {
            V b0 = V.Load(b);
            Prefetch<V>(b + ahead);
            V x = V.Create(a[0]); c0_0 = V.MultiplyAdd(x, b0, c0_0);
            x = V.Create(a[1]); c1_0 = V.MultiplyAdd(x, b0, c1_0);
            b += ldb;
            a += lda;
        }
        c0_0.Store(t + 0 * V.Count);
        c1_0.Store(t + 2 * V.Count);
    }
}
