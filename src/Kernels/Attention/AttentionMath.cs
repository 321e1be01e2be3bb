using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sagan.Native.Kernels;

/// <summary>What the attention kernels are made of: products of a matrix with a panel, 2^x, and the transposes that make and empty panels.</summary>
static unsafe class AttentionMath
{
    public const float Log2E = 1.44269504f;
    public const double Ln2 = 0.693147180559945309;

    /// <summary>
    /// Lanes of a panel: two vectors, so that a tile of 8 (AVX-512) or 4 rows keeps enough sums in flight to hide the latency of the multiply-add.
    /// </summary>
    public static int Panel<V>() where V : unmanaged, ISimd<V> => 2 * V.Count;

    /// <summary>2^x for x in [-126, 127], 2^-126 below; NaN stays NaN. |relative error| at most 3e-7. Degree 5 on [-1/2, 1/2].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exp2<V>(V x) where V : unmanaged, ISimd<V>
    {
        x = V.Max(x, V.Create(-126));
        V n = V.Round(x), f = x - n;
        V p = V.Create(0.00133390f);
        p = V.MultiplyAdd(p, f, V.Create(0.00961813f));
        p = V.MultiplyAdd(p, f, V.Create(0.05550411f));
        p = V.MultiplyAdd(p, f, V.Create(0.24022651f));
        p = V.MultiplyAdd(p, f, V.Create(0.69314718f));
        p = V.MultiplyAdd(p, f, V.Create(1));
        return p * V.PowerOfTwo(n);
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

    /// <summary>The same with a panel of one vector.</summary>
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
    public static void FillPanel(float* x, int count, int width, float* panel, int lanes, float scale)
    {
        if (count < lanes) new Span<float>(panel, width * lanes).Clear();
        Transpose(x, width, panel, lanes, count, width, scale);
    }

    /// <summary>y[j ldy + i] = scale x[i ldx + j] for i &lt; rows, j &lt; columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transpose(float* x, nint ldx, float* y, nint ldy, int rows, int columns, float scale)
    {
        int i = 0;
        if (Sse.IsSupported)
        {
            Vector128<float> s = Vector128.Create(scale);
            for (; i <= rows - 4; i += 4)
            {
                int j = 0;
                for (; j <= columns - 4; j += 4)
                {
                    float* p = x + i * ldx + j, q = y + j * ldy + i;
                    Vector128<float> r0 = Vector128.Load(p) * s, r1 = Vector128.Load(p + ldx) * s;
                    Vector128<float> r2 = Vector128.Load(p + 2 * ldx) * s, r3 = Vector128.Load(p + 3 * ldx) * s;
                    Vector128<float> t0 = Sse.UnpackLow(r0, r1), t1 = Sse.UnpackLow(r2, r3), t2 = Sse.UnpackHigh(r0, r1), t3 = Sse.UnpackHigh(r2, r3);
                    Sse.MoveLowToHigh(t0, t1).Store(q);
                    Sse.MoveHighToLow(t1, t0).Store(q + ldy);
                    Sse.MoveLowToHigh(t2, t3).Store(q + 2 * ldy);
                    Sse.MoveHighToLow(t3, t2).Store(q + 3 * ldy);
                }
                for (; j < columns; j++)
                    for (int k = 0; k < 4; k++) y[j * ldy + i + k] = scale * x[(i + k) * ldx + j];
            }
        }
        for (; i < rows; i++)
            for (int j = 0; j < columns; j++) y[j * ldy + i] = scale * x[i * ldx + j];
    }
}
