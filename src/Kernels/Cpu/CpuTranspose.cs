using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sagan.Native.Kernels;

/// <summary>Transposed matrices, 8 x 8 elements at a time in registers with AVX.</summary>
static unsafe class CpuTranspose
{
    /// <summary>y[r, c] = x[c, r] for r below rows, c below columns; x has row stride xStride, y has yStride.</summary>
    public static void Run(float* x, int xStride, float* y, int yStride, int rows, int columns)
    {
        int r = 0;
        if (Avx.IsSupported)
            for (; r <= rows - 8; r += 8)
            {
                int c = 0;
                for (; c <= columns - 8; c += 8) Transpose8x8(x + (long)c * xStride + r, xStride, y + (long)r * yStride + c, yStride);
                TransposeTile(x, xStride, y, yStride, r, r + 8, c, columns);
            }
        else
            for (; r <= rows - 8; r += 8) TransposeTile(x, xStride, y, yStride, r, r + 8, 0, columns);
        TransposeTile(x, xStride, y, yStride, r, rows, 0, columns);
    }

    static void TransposeTile(float* x, int xStride, float* y, int yStride, int r0, int r1, int c0, int c1)
    {
        for (int c = c0; c < c1; c++)
            for (int r = r0; r < r1; r++) y[(long)r * yStride + c] = x[(long)c * xStride + r];
    }

    static void Transpose8x8(float* x, long xs, float* y, long ys)
    {
        // Rows i and i + 4 share a register from the load on, which saves the four permutations across halves at the end.
        Vector256<float> a0 = Halves(x, x + 4 * xs), a1 = Halves(x + xs, x + 5 * xs), a2 = Halves(x + 2 * xs, x + 6 * xs),
            a3 = Halves(x + 3 * xs, x + 7 * xs);
        Vector256<float> b0 = Halves(x + 4, x + 4 * xs + 4), b1 = Halves(x + xs + 4, x + 5 * xs + 4),
            b2 = Halves(x + 2 * xs + 4, x + 6 * xs + 4), b3 = Halves(x + 3 * xs + 4, x + 7 * xs + 4);
        Store4(a0, a1, a2, a3, y, ys);
        Store4(b0, b1, b2, b3, y + 4 * ys, ys);

        static Vector256<float> Halves(float* low, float* high) =>
            Avx.InsertVector128(Vector128.Load(low).ToVector256Unsafe(), Vector128.Load(high), 1);

        // Two 4 x 4 transposes side by side.
        static void Store4(Vector256<float> a0, Vector256<float> a1, Vector256<float> a2, Vector256<float> a3, float* y, long ys)
        {
            Vector256<float> t0 = Avx.UnpackLow(a0, a1), t1 = Avx.UnpackHigh(a0, a1), t2 = Avx.UnpackLow(a2, a3),
                t3 = Avx.UnpackHigh(a2, a3);
            Avx.Shuffle(t0, t2, 0x44).Store(y);
            Avx.Shuffle(t0, t2, 0xEE).Store(y + ys);
            Avx.Shuffle(t1, t3, 0x44).Store(y + 2 * ys);
            Avx.Shuffle(t1, t3, 0xEE).Store(y + 3 * ys);
        }
    }
}
