// Written by eng/Generate/AttentionMicrokernels.cs; change that instead, and run: dotnet run --project eng/Generate
using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>
/// C[r, l] = (add ? C[r, l] : 0) + sum_k A(r, k) b[k, l] for a tile of rows r and lanes l. b is a panel: depth rows of exactly the
/// tile's lanes.
/// By rows: A(r, k) = a[r lda + k]. By columns: A(r, k) = a[k lda + r].
/// </summary>
static unsafe class AttentionMicrokernels
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows8x2<V>(float* a, nint lda, float* b, int depth, float* c, nint ldc, bool add) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0), c0_1 = V.Create(0);
        V c1_0 = V.Create(0), c1_1 = V.Create(0);
        V c2_0 = V.Create(0), c2_1 = V.Create(0);
        V c3_0 = V.Create(0), c3_1 = V.Create(0);
        V c4_0 = V.Create(0), c4_1 = V.Create(0);
        V c5_0 = V.Create(0), c5_1 = V.Create(0);
        V c6_0 = V.Create(0), c6_1 = V.Create(0);
        V c7_0 = V.Create(0), c7_1 = V.Create(0);
        float* a1 = a + 1 * lda;
        float* a2 = a + 2 * lda;
        float* a3 = a + 3 * lda;
        float* a4 = a + 4 * lda;
        float* a5 = a + 5 * lda;
        float* a6 = a + 6 * lda;
        float* a7 = a + 7 * lda;
        for (nint k = 0; k < depth; k++, b += 2 * V.Count)
        {
            V b0 = V.Load(b), b1 = V.Load(b + V.Count);
            V t0 = V.Create(a[k]);
            c0_0 = V.MultiplyAdd(t0, b0, c0_0);
            c0_1 = V.MultiplyAdd(t0, b1, c0_1);
            V t1 = V.Create(a1[k]);
            c1_0 = V.MultiplyAdd(t1, b0, c1_0);
            c1_1 = V.MultiplyAdd(t1, b1, c1_1);
            V t2 = V.Create(a2[k]);
            c2_0 = V.MultiplyAdd(t2, b0, c2_0);
            c2_1 = V.MultiplyAdd(t2, b1, c2_1);
            V t3 = V.Create(a3[k]);
            c3_0 = V.MultiplyAdd(t3, b0, c3_0);
            c3_1 = V.MultiplyAdd(t3, b1, c3_1);
            V t4 = V.Create(a4[k]);
            c4_0 = V.MultiplyAdd(t4, b0, c4_0);
            c4_1 = V.MultiplyAdd(t4, b1, c4_1);
            V t5 = V.Create(a5[k]);
            c5_0 = V.MultiplyAdd(t5, b0, c5_0);
            c5_1 = V.MultiplyAdd(t5, b1, c5_1);
            V t6 = V.Create(a6[k]);
            c6_0 = V.MultiplyAdd(t6, b0, c6_0);
            c6_1 = V.MultiplyAdd(t6, b1, c6_1);
            V t7 = V.Create(a7[k]);
            c7_0 = V.MultiplyAdd(t7, b0, c7_0);
            c7_1 = V.MultiplyAdd(t7, b1, c7_1);
        }
        if (add)
        {
            c0_0 += V.Load(c);
            c0_1 += V.Load(c + V.Count);
            c1_0 += V.Load(c + ldc);
            c1_1 += V.Load(c + ldc + V.Count);
            c2_0 += V.Load(c + 2 * ldc);
            c2_1 += V.Load(c + 2 * ldc + V.Count);
            c3_0 += V.Load(c + 3 * ldc);
            c3_1 += V.Load(c + 3 * ldc + V.Count);
            c4_0 += V.Load(c + 4 * ldc);
            c4_1 += V.Load(c + 4 * ldc + V.Count);
            c5_0 += V.Load(c + 5 * ldc);
            c5_1 += V.Load(c + 5 * ldc + V.Count);
            c6_0 += V.Load(c + 6 * ldc);
            c6_1 += V.Load(c + 6 * ldc + V.Count);
            c7_0 += V.Load(c + 7 * ldc);
            c7_1 += V.Load(c + 7 * ldc + V.Count);
        }
        c0_0.Store(c);
        c0_1.Store(c + V.Count);
        c1_0.Store(c + ldc);
        c1_1.Store(c + ldc + V.Count);
        c2_0.Store(c + 2 * ldc);
        c2_1.Store(c + 2 * ldc + V.Count);
        c3_0.Store(c + 3 * ldc);
        c3_1.Store(c + 3 * ldc + V.Count);
        c4_0.Store(c + 4 * ldc);
        c4_1.Store(c + 4 * ldc + V.Count);
        c5_0.Store(c + 5 * ldc);
        c5_1.Store(c + 5 * ldc + V.Count);
        c6_0.Store(c + 6 * ldc);
        c6_1.Store(c + 6 * ldc + V.Count);
        c7_0.Store(c + 7 * ldc);
        c7_1.Store(c + 7 * ldc + V.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows4x2<V>(float* a, nint lda, float* b, int depth, float* c, nint ldc, bool add) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0), c0_1 = V.Create(0);
        V c1_0 = V.Create(0), c1_1 = V.Create(0);
        V c2_0 = V.Create(0), c2_1 = V.Create(0);
        V c3_0 = V.Create(0), c3_1 = V.Create(0);
        float* a1 = a + 1 * lda;
        float* a2 = a + 2 * lda;
        float* a3 = a + 3 * lda;
        for (nint k = 0; k < depth; k++, b += 2 * V.Count)
        {
            V b0 = V.Load(b), b1 = V.Load(b + V.Count);
            V t0 = V.Create(a[k]);
            c0_0 = V.MultiplyAdd(t0, b0, c0_0);
            c0_1 = V.MultiplyAdd(t0, b1, c0_1);
            V t1 = V.Create(a1[k]);
            c1_0 = V.MultiplyAdd(t1, b0, c1_0);
            c1_1 = V.MultiplyAdd(t1, b1, c1_1);
            V t2 = V.Create(a2[k]);
            c2_0 = V.MultiplyAdd(t2, b0, c2_0);
            c2_1 = V.MultiplyAdd(t2, b1, c2_1);
            V t3 = V.Create(a3[k]);
            c3_0 = V.MultiplyAdd(t3, b0, c3_0);
            c3_1 = V.MultiplyAdd(t3, b1, c3_1);
        }
        if (add)
        {
            c0_0 += V.Load(c);
            c0_1 += V.Load(c + V.Count);
            c1_0 += V.Load(c + ldc);
            c1_1 += V.Load(c + ldc + V.Count);
            c2_0 += V.Load(c + 2 * ldc);
            c2_1 += V.Load(c + 2 * ldc + V.Count);
            c3_0 += V.Load(c + 3 * ldc);
            c3_1 += V.Load(c + 3 * ldc + V.Count);
        }
        c0_0.Store(c);
        c0_1.Store(c + V.Count);
        c1_0.Store(c + ldc);
        c1_1.Store(c + ldc + V.Count);
        c2_0.Store(c + 2 * ldc);
        c2_1.Store(c + 2 * ldc + V.Count);
        c3_0.Store(c + 3 * ldc);
        c3_1.Store(c + 3 * ldc + V.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows1x2<V>(float* a, nint lda, float* b, int depth, float* c, nint ldc, bool add) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0), c0_1 = V.Create(0);
        for (nint k = 0; k < depth; k++, b += 2 * V.Count)
        {
            V b0 = V.Load(b), b1 = V.Load(b + V.Count);
            V t0 = V.Create(a[k]);
            c0_0 = V.MultiplyAdd(t0, b0, c0_0);
            c0_1 = V.MultiplyAdd(t0, b1, c0_1);
        }
        if (add)
        {
            c0_0 += V.Load(c);
            c0_1 += V.Load(c + V.Count);
        }
        c0_0.Store(c);
        c0_1.Store(c + V.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Columns8x2<V>(float* a, nint lda, float* b, int depth, float* c, nint ldc, bool add) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0), c0_1 = V.Create(0);
        V c1_0 = V.Create(0), c1_1 = V.Create(0);
        V c2_0 = V.Create(0), c2_1 = V.Create(0);
        V c3_0 = V.Create(0), c3_1 = V.Create(0);
        V c4_0 = V.Create(0), c4_1 = V.Create(0);
        V c5_0 = V.Create(0), c5_1 = V.Create(0);
        V c6_0 = V.Create(0), c6_1 = V.Create(0);
        V c7_0 = V.Create(0), c7_1 = V.Create(0);
        for (nint k = 0; k < depth; k++, b += 2 * V.Count, a += lda)
        {
            V b0 = V.Load(b), b1 = V.Load(b + V.Count);
            V t0 = V.Create(a[0]);
            c0_0 = V.MultiplyAdd(t0, b0, c0_0);
            c0_1 = V.MultiplyAdd(t0, b1, c0_1);
            V t1 = V.Create(a[1]);
            c1_0 = V.MultiplyAdd(t1, b0, c1_0);
            c1_1 = V.MultiplyAdd(t1, b1, c1_1);
            V t2 = V.Create(a[2]);
            c2_0 = V.MultiplyAdd(t2, b0, c2_0);
            c2_1 = V.MultiplyAdd(t2, b1, c2_1);
            V t3 = V.Create(a[3]);
            c3_0 = V.MultiplyAdd(t3, b0, c3_0);
            c3_1 = V.MultiplyAdd(t3, b1, c3_1);
            V t4 = V.Create(a[4]);
            c4_0 = V.MultiplyAdd(t4, b0, c4_0);
            c4_1 = V.MultiplyAdd(t4, b1, c4_1);
            V t5 = V.Create(a[5]);
            c5_0 = V.MultiplyAdd(t5, b0, c5_0);
            c5_1 = V.MultiplyAdd(t5, b1, c5_1);
            V t6 = V.Create(a[6]);
            c6_0 = V.MultiplyAdd(t6, b0, c6_0);
            c6_1 = V.MultiplyAdd(t6, b1, c6_1);
            V t7 = V.Create(a[7]);
            c7_0 = V.MultiplyAdd(t7, b0, c7_0);
            c7_1 = V.MultiplyAdd(t7, b1, c7_1);
        }
        if (add)
        {
            c0_0 += V.Load(c);
            c0_1 += V.Load(c + V.Count);
            c1_0 += V.Load(c + ldc);
            c1_1 += V.Load(c + ldc + V.Count);
            c2_0 += V.Load(c + 2 * ldc);
            c2_1 += V.Load(c + 2 * ldc + V.Count);
            c3_0 += V.Load(c + 3 * ldc);
            c3_1 += V.Load(c + 3 * ldc + V.Count);
            c4_0 += V.Load(c + 4 * ldc);
            c4_1 += V.Load(c + 4 * ldc + V.Count);
            c5_0 += V.Load(c + 5 * ldc);
            c5_1 += V.Load(c + 5 * ldc + V.Count);
            c6_0 += V.Load(c + 6 * ldc);
            c6_1 += V.Load(c + 6 * ldc + V.Count);
            c7_0 += V.Load(c + 7 * ldc);
            c7_1 += V.Load(c + 7 * ldc + V.Count);
        }
        c0_0.Store(c);
        c0_1.Store(c + V.Count);
        c1_0.Store(c + ldc);
        c1_1.Store(c + ldc + V.Count);
        c2_0.Store(c + 2 * ldc);
        c2_1.Store(c + 2 * ldc + V.Count);
        c3_0.Store(c + 3 * ldc);
        c3_1.Store(c + 3 * ldc + V.Count);
        c4_0.Store(c + 4 * ldc);
        c4_1.Store(c + 4 * ldc + V.Count);
        c5_0.Store(c + 5 * ldc);
        c5_1.Store(c + 5 * ldc + V.Count);
        c6_0.Store(c + 6 * ldc);
        c6_1.Store(c + 6 * ldc + V.Count);
        c7_0.Store(c + 7 * ldc);
        c7_1.Store(c + 7 * ldc + V.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Columns4x2<V>(float* a, nint lda, float* b, int depth, float* c, nint ldc, bool add) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0), c0_1 = V.Create(0);
        V c1_0 = V.Create(0), c1_1 = V.Create(0);
        V c2_0 = V.Create(0), c2_1 = V.Create(0);
        V c3_0 = V.Create(0), c3_1 = V.Create(0);
        for (nint k = 0; k < depth; k++, b += 2 * V.Count, a += lda)
        {
            V b0 = V.Load(b), b1 = V.Load(b + V.Count);
            V t0 = V.Create(a[0]);
            c0_0 = V.MultiplyAdd(t0, b0, c0_0);
            c0_1 = V.MultiplyAdd(t0, b1, c0_1);
            V t1 = V.Create(a[1]);
            c1_0 = V.MultiplyAdd(t1, b0, c1_0);
            c1_1 = V.MultiplyAdd(t1, b1, c1_1);
            V t2 = V.Create(a[2]);
            c2_0 = V.MultiplyAdd(t2, b0, c2_0);
            c2_1 = V.MultiplyAdd(t2, b1, c2_1);
            V t3 = V.Create(a[3]);
            c3_0 = V.MultiplyAdd(t3, b0, c3_0);
            c3_1 = V.MultiplyAdd(t3, b1, c3_1);
        }
        if (add)
        {
            c0_0 += V.Load(c);
            c0_1 += V.Load(c + V.Count);
            c1_0 += V.Load(c + ldc);
            c1_1 += V.Load(c + ldc + V.Count);
            c2_0 += V.Load(c + 2 * ldc);
            c2_1 += V.Load(c + 2 * ldc + V.Count);
            c3_0 += V.Load(c + 3 * ldc);
            c3_1 += V.Load(c + 3 * ldc + V.Count);
        }
        c0_0.Store(c);
        c0_1.Store(c + V.Count);
        c1_0.Store(c + ldc);
        c1_1.Store(c + ldc + V.Count);
        c2_0.Store(c + 2 * ldc);
        c2_1.Store(c + 2 * ldc + V.Count);
        c3_0.Store(c + 3 * ldc);
        c3_1.Store(c + 3 * ldc + V.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Columns1x2<V>(float* a, nint lda, float* b, int depth, float* c, nint ldc, bool add) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0), c0_1 = V.Create(0);
        for (nint k = 0; k < depth; k++, b += 2 * V.Count, a += lda)
        {
            V b0 = V.Load(b), b1 = V.Load(b + V.Count);
            V t0 = V.Create(a[0]);
            c0_0 = V.MultiplyAdd(t0, b0, c0_0);
            c0_1 = V.MultiplyAdd(t0, b1, c0_1);
        }
        if (add)
        {
            c0_0 += V.Load(c);
            c0_1 += V.Load(c + V.Count);
        }
        c0_0.Store(c);
        c0_1.Store(c + V.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows8x1<V>(float* a, nint lda, float* b, int depth, float* c, nint ldc, bool add) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0);
        V c1_0 = V.Create(0);
        V c2_0 = V.Create(0);
        V c3_0 = V.Create(0);
        V c4_0 = V.Create(0);
        V c5_0 = V.Create(0);
        V c6_0 = V.Create(0);
        V c7_0 = V.Create(0);
        float* a1 = a + 1 * lda;
        float* a2 = a + 2 * lda;
        float* a3 = a + 3 * lda;
        float* a4 = a + 4 * lda;
        float* a5 = a + 5 * lda;
        float* a6 = a + 6 * lda;
        float* a7 = a + 7 * lda;
        for (nint k = 0; k < depth; k++, b += V.Count)
        {
            V b0 = V.Load(b);
            V t0 = V.Create(a[k]);
            c0_0 = V.MultiplyAdd(t0, b0, c0_0);
            V t1 = V.Create(a1[k]);
            c1_0 = V.MultiplyAdd(t1, b0, c1_0);
            V t2 = V.Create(a2[k]);
            c2_0 = V.MultiplyAdd(t2, b0, c2_0);
            V t3 = V.Create(a3[k]);
            c3_0 = V.MultiplyAdd(t3, b0, c3_0);
            V t4 = V.Create(a4[k]);
            c4_0 = V.MultiplyAdd(t4, b0, c4_0);
            V t5 = V.Create(a5[k]);
            c5_0 = V.MultiplyAdd(t5, b0, c5_0);
            V t6 = V.Create(a6[k]);
            c6_0 = V.MultiplyAdd(t6, b0, c6_0);
            V t7 = V.Create(a7[k]);
            c7_0 = V.MultiplyAdd(t7, b0, c7_0);
        }
        if (add)
        {
            c0_0 += V.Load(c);
            c1_0 += V.Load(c + ldc);
            c2_0 += V.Load(c + 2 * ldc);
            c3_0 += V.Load(c + 3 * ldc);
            c4_0 += V.Load(c + 4 * ldc);
            c5_0 += V.Load(c + 5 * ldc);
            c6_0 += V.Load(c + 6 * ldc);
            c7_0 += V.Load(c + 7 * ldc);
        }
        c0_0.Store(c);
        c1_0.Store(c + ldc);
        c2_0.Store(c + 2 * ldc);
        c3_0.Store(c + 3 * ldc);
        c4_0.Store(c + 4 * ldc);
        c5_0.Store(c + 5 * ldc);
        c6_0.Store(c + 6 * ldc);
        c7_0.Store(c + 7 * ldc);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows4x1<V>(float* a, nint lda, float* b, int depth, float* c, nint ldc, bool add) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0);
        V c1_0 = V.Create(0);
        V c2_0 = V.Create(0);
        V c3_0 = V.Create(0);
        float* a1 = a + 1 * lda;
        float* a2 = a + 2 * lda;
        float* a3 = a + 3 * lda;
        for (nint k = 0; k < depth; k++, b += V.Count)
        {
            V b0 = V.Load(b);
            V t0 = V.Create(a[k]);
            c0_0 = V.MultiplyAdd(t0, b0, c0_0);
            V t1 = V.Create(a1[k]);
            c1_0 = V.MultiplyAdd(t1, b0, c1_0);
            V t2 = V.Create(a2[k]);
            c2_0 = V.MultiplyAdd(t2, b0, c2_0);
            V t3 = V.Create(a3[k]);
            c3_0 = V.MultiplyAdd(t3, b0, c3_0);
        }
        if (add)
        {
            c0_0 += V.Load(c);
            c1_0 += V.Load(c + ldc);
            c2_0 += V.Load(c + 2 * ldc);
            c3_0 += V.Load(c + 3 * ldc);
        }
        c0_0.Store(c);
        c1_0.Store(c + ldc);
        c2_0.Store(c + 2 * ldc);
        c3_0.Store(c + 3 * ldc);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows1x1<V>(float* a, nint lda, float* b, int depth, float* c, nint ldc, bool add) where V : unmanaged, ISimd<V>
    {
        V c0_0 = V.Create(0);
        for (nint k = 0; k < depth; k++, b += V.Count)
        {
            V b0 = V.Load(b);
            V t0 = V.Create(a[k]);
            c0_0 = V.MultiplyAdd(t0, b0, c0_0);
        }
        if (add)
        {
            c0_0 += V.Load(c);
        }
        c0_0.Store(c);
    }
}
