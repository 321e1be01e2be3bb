using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sagan.Native.Kernels;

/// <summary>What the attention kernels are made of: products of a matrix with a panel, 2^x, and the transposes that make and empty panels.</summary>
static unsafe class AttentionMath
{
    const float Log2E = 1.44269504f;

    /// <summary>
    /// The sign that turns q . k into a score: a maximum over scores is one of scale q . k, and no score is rounded but in its sum.
    /// </summary>
    public static float Sign(float scale) => scale < 0 ? -1 : 1;

    /// <summary>
    /// |scale| / log 2, by which the difference of two scores becomes the exponent of a power of two. Above 0, so that no -infinity is multiplied by 0.
    /// </summary>
    public static float Unit(float scale) => MathF.Max(MathF.Abs(scale) * Log2E, 1e-37f);

    /// <summary>
    /// Lanes of a panel: two vectors, so that a tile of 8 (AVX-512) or 4 rows keeps enough sums in flight to hide the latency of the multiply-add.
    /// </summary>
    public static int Panel<V>() where V : unmanaged, ISimd<V> => 2 * V.Count;

    /// <summary>
    /// 2^x for x &lt; 128; where x &lt; -126 some value of at most 2^-126. NaN stays NaN. |relative error| at most 2.5e-7: minimax polynomials of degree 5.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exp2<V>(V x) where V : unmanaged, ISimd<V>
    {
        if (typeof(V) == typeof(Simd512) && Avx512DQ.IsSupported)
            return Unsafe.BitCast<Vector512<float>, V>(Exp2(Unsafe.BitCast<V, Vector512<float>>(x)));
        return Exp2OfAnyWidth(x);
    }

    /// <summary><see cref="Exp2"/> without instructions of one processor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exp2OfAnyWidth<V>(V x) where V : unmanaged, ISimd<V>
    {
        x = V.Clamp(x, -126, 127);
        V n = V.Round(x), f = x - n, p = V.Create(0.00132764725f);
        p = V.MultiplyAdd(p, f, V.Create(0.00967554096f));
        p = V.MultiplyAdd(p, f, V.Create(0.0555071309f));
        p = V.MultiplyAdd(p, f, V.Create(0.240221202f));
        p = V.MultiplyAdd(p, f, V.Create(0.693146944f));
        p = V.MultiplyAdd(p, f, V.Create(1.00000012f));
        return p * V.PowerOfTwo(n);
    }

    // AVX-512 has x - floor(x) and p 2^floor(x) as instructions: twice the speed (12.8 against 6.1 exponentials a nanosecond).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> Exp2(Vector512<float> x)
    {
        const byte MinusFloor = 1;
        Vector512<float> f = Avx512DQ.Reduce(x, MinusFloor), p = Vector512.Create(0.00187757669f);
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.00898933969f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.0558263175f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.240153611f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.693153083f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.99999994f));
        return Avx512F.Scale(p, x);
    }

    /// <summary>C [rows, panel] (+)= A [rows, depth] b [depth, panel], A(r, k) = a[r lda + k].</summary>
    public static void Rows<V>(float* a, nint lda, float* b, int depth, float* c, nint ldc, int rows, bool add) where V : unmanaged, ISimd<V>
    {
        int r = 0;
        if (V.Count == 16)
            for (; r <= rows - 8; r += 8) AttentionMicrokernels.Rows8x2<V>(a + r * lda, lda, b, depth, c + r * ldc, ldc, add);
        for (; r <= rows - 4; r += 4) AttentionMicrokernels.Rows4x2<V>(a + r * lda, lda, b, depth, c + r * ldc, ldc, add);
        for (; r < rows; r++) AttentionMicrokernels.Rows1x2<V>(a + r * lda, lda, b, depth, c + r * ldc, ldc, add);
    }

    /// <summary>The same as <see cref="Rows"/> with a panel of one vector.</summary>
    public static void RowsNarrow<V>(float* a, nint lda, float* b, int depth, float* c, nint ldc, int rows, bool add) where V : unmanaged, ISimd<V>
    {
        int r = 0;
        for (; r <= rows - 8; r += 8) AttentionMicrokernels.Rows8x1<V>(a + r * lda, lda, b, depth, c + r * ldc, ldc, add);
        for (; r <= rows - 4; r += 4) AttentionMicrokernels.Rows4x1<V>(a + r * lda, lda, b, depth, c + r * ldc, ldc, add);
        for (; r < rows; r++) AttentionMicrokernels.Rows1x1<V>(a + r * lda, lda, b, depth, c + r * ldc, ldc, add);
    }

    /// <summary>C [rows, panel] (+)= A [rows, depth] b [depth, panel], A(r, k) = a[k lda + r].</summary>
    public static void Columns<V>(float* a, nint lda, float* b, int depth, float* c, nint ldc, int rows, bool add) where V : unmanaged, ISimd<V>
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
