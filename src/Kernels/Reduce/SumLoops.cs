using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Sagan.Native.Kernels;

/// <summary>
/// y[r] = sum of row r of x [rows, n], n at most 512. Element i belongs to lane i mod 64 of 64; a lane adds its (at most 8) elements in
/// order, then lane l takes lane l + h for h = 32, 16, 8, 4, 2, 1. Four vectors are in flight; narrower vectors make several passes over
/// the lanes, so that all widths give the same bits.
/// </summary>
readonly unsafe struct RowSumsLoop(float* x, int rows, int n, float* y) : ISimdLoop
{
    /// <summary>The longest row: 8 elements a lane.</summary>
    public const int Size = 512;
    const int Lanes = 64;

    // A vector that begins at 16 - k selects its first k lanes.
    static ReadOnlySpan<int> Masks => [-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0];

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining), SkipLocalsInit]
    public void Run<V>() where V : unmanaged, ISimd<V>
    {
        float* lanes = stackalloc float[Lanes];
        // Constant data of the assembly: it does not move.
        float* masks = (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Masks)) + 16;
        for (int r = 0; r < rows; r++)
        {
            float* row = x + (long)r * n;
            if (n <= 16)
                for (int l = 0; l < 16; l += V.Count) First<V>(row + l, n - l, masks).Store(lanes + l);
            else
                SumLanes<V>(row, n, lanes, masks);
            Vector128<float> four = Vector128.Load(lanes) + Vector128.Load(lanes + 8) +
                (Vector128.Load(lanes + 4) + Vector128.Load(lanes + 12));
            Vector128<float> two = four + Vector128.Shuffle(four, Vector128.Create(2, 3, 2, 3));
            y[r] = two[0] + two[1];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void SumLanes<V>(float* x, int n, float* lanes, float* masks) where V : unmanaged, ISimd<V>
    {
        float* end = x + n / Lanes * Lanes;
        int rest = n % Lanes;
        for (int l = 0; l < Lanes; l += 4 * V.Count)
        {
            V s0 = V.Create(0), s1 = s0, s2 = s0, s3 = s0;
            for (float* p = x + l; p < end; p += Lanes)
            {
                s0 += V.Load(p);
                s1 += V.Load(p + V.Count);
                s2 += V.Load(p + 2 * V.Count);
                s3 += V.Load(p + 3 * V.Count);
            }
            if (rest > l) s0 += First<V>(end + l, rest - l, masks);
            if (rest > l + V.Count) s1 += First<V>(end + l + V.Count, rest - l - V.Count, masks);
            if (rest > l + 2 * V.Count) s2 += First<V>(end + l + 2 * V.Count, rest - l - 2 * V.Count, masks);
            if (rest > l + 3 * V.Count) s3 += First<V>(end + l + 3 * V.Count, rest - l - 3 * V.Count, masks);
            s0.Store(lanes + l);
            s1.Store(lanes + l + V.Count);
            s2.Store(lanes + l + 2 * V.Count);
            s3.Store(lanes + l + 3 * V.Count);
        }
        for (int h = Lanes / 2; h >= 16; h /= 2)
            for (int l = 0; l < h; l += V.Count) (V.Load(lanes + l) + V.Load(lanes + l + h)).Store(lanes + l);
    }

    // The first count elements at p, zeros behind them; storage is padded for the load.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static V First<V>(float* p, int count, float* masks) where V : unmanaged, ISimd<V>
    {
        if (count >= V.Count) return V.Load(p);
        return count <= 0 ? V.Create(0) : V.Select(V.Load(masks - count), V.Load(p), V.Create(0));
    }
}

/// <summary>
/// y[c] = sum of up to 64 rows of x [rows, stride] in columns 0 to width-1: 8 rows are added in order, then the (at most 8) sums of 8. Two
/// vectors are in flight.
/// </summary>
readonly unsafe struct SumRowsLoop(float* x, int rows, int stride, int width, float* y) : ISimdLoop
{
    readonly float* x = x, y = y;
    readonly int rows = rows, stride = stride, width = width;

    /// <summary>The largest number of rows.</summary>
    public const int Size = 64;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Run<V>() where V : unmanaged, ISimd<V>
    {
        float* x = this.x, y = this.y;
        int rows = this.rows, stride = this.stride, width = this.width, c = 0;
        for (; c <= width - 2 * V.Count; c += 2 * V.Count)
        {
            V t0 = V.Create(0), t1 = t0;
            for (int r = 0; r < rows; r += 8)
            {
                float* p = x + (long)r * stride + c, end = p + (long)Math.Min(8, rows - r) * stride;
                V s0 = V.Load(p), s1 = V.Load(p + V.Count);
                for (p += stride; p < end; p += stride)
                {
                    s0 += V.Load(p);
                    s1 += V.Load(p + V.Count);
                }
                t0 += s0;
                t1 += s1;
            }
            t0.Store(y + c);
            t1.Store(y + c + V.Count);
        }
        for (; c < width; c += V.Count)
        {
            V t = V.Create(0);
            for (int r = 0; r < rows; r += 8)
            {
                float* p = x + (long)r * stride + c, end = p + (long)Math.Min(8, rows - r) * stride;
                V s = V.Load(p);
                for (p += stride; p < end; p += stride) s += V.Load(p);
                t += s;
            }
            if (width - c >= V.Count) t.Store(y + c);
            else Simd.StoreFirst(t, y + c, width - c);
        }
    }
}
