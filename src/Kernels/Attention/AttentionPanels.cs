using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>Products of a matrix with a panel on the processor, and the transposes that make and empty panels.</summary>
static unsafe class AttentionPanels
{
    /// <summary>
    /// Lanes of a panel: two vectors, so that a tile of 8 (AVX-512) or 4 rows keeps enough sums in flight to hide the latency of the
    /// multiply-add.
    /// </summary>
    public static int Panel<V>() where V : unmanaged, ISimd<V> => 2 * V.Count;

    /// <summary>C [rows, panel] (+)= A [rows, depth] b [depth, panel], A(r, k) = a[r lda + k].</summary>
    public static void Rows<V>(float* a, nint lda, float* b, int depth, float* c, nint ldc, int rows, bool add)
        where V : unmanaged, ISimd<V>
    {
        int r = 0;
        if (V.Count == 16)
            for (; r <= rows - 8; r += 8) AttentionMicrokernels.Rows8x2<V>(a + r * lda, lda, b, depth, c + r * ldc, ldc, add);
        for (; r <= rows - 4; r += 4) AttentionMicrokernels.Rows4x2<V>(a + r * lda, lda, b, depth, c + r * ldc, ldc, add);
        for (; r < rows; r++) AttentionMicrokernels.Rows1x2<V>(a + r * lda, lda, b, depth, c + r * ldc, ldc, add);
    }

    /// <summary>The same as <see cref="Rows"/> with a panel of one vector.</summary>
    public static void RowsNarrow<V>(float* a, nint lda, float* b, int depth, float* c, nint ldc, int rows, bool add)
        where V : unmanaged, ISimd<V>
    {
        int r = 0;
        for (; r <= rows - 8; r += 8) AttentionMicrokernels.Rows8x1<V>(a + r * lda, lda, b, depth, c + r * ldc, ldc, add);
        for (; r <= rows - 4; r += 4) AttentionMicrokernels.Rows4x1<V>(a + r * lda, lda, b, depth, c + r * ldc, ldc, add);
        for (; r < rows; r++) AttentionMicrokernels.Rows1x1<V>(a + r * lda, lda, b, depth, c + r * ldc, ldc, add);
    }

    /// <summary>C [rows, panel] (+)= A [rows, depth] b [depth, panel], A(r, k) = a[k lda + r].</summary>
    public static void Columns<V>(float* a, nint lda, float* b, int depth, float* c, nint ldc, int rows, bool add)
        where V : unmanaged, ISimd<V>
    {
        int r = 0;
        if (V.Count == 16)
            for (; r <= rows - 8; r += 8) AttentionMicrokernels.Columns8x2<V>(a + r, lda, b, depth, c + r * ldc, ldc, add);
        for (; r <= rows - 4; r += 4) AttentionMicrokernels.Columns4x2<V>(a + r, lda, b, depth, c + r * ldc, ldc, add);
        for (; r < rows; r++) AttentionMicrokernels.Columns1x2<V>(a + r, lda, b, depth, c + r * ldc, ldc, add);
    }

    /// <summary>panel[d, l] = scale x[l, d] for l &lt; count, 0 for the lanes above.</summary>
    public static void FillPanel<V>(float* x, int count, int width, float* panel, float scale) where V : unmanaged, ISimd<V>
    {
        PackTools.Transpose(x, width, count, width, panel, Panel<V>());
        if (scale != 1) ScalePanel<V>(panel, width, V.Create(scale), V.Create(scale));
    }

    /// <summary>Multiplies the lanes of a panel: those of its first vectors by f0, of its second by f1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ScalePanel<V>(float* panel, int rows, V f0, V f1) where V : unmanaged, ISimd<V>
    {
        for (float* p = panel, end = panel + (nint)rows * 2 * V.Count; p < end; p += 2 * V.Count)
        {
            (V.Load(p) * f0).Store(p);
            (V.Load(p + V.Count) * f1).Store(p + V.Count);
        }
    }
}
