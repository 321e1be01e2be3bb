namespace Sagan.Native.Kernels;

/// <summary>
/// Sums up to 512 consecutive elements. Element i belongs to lane i mod 64 of 64; a lane adds its (at most 8) elements in order, then lane l takes lane l + h for
/// h = 32, 16, 8, 4, 2, 1. Four vectors are in flight; narrower vectors make several passes over the lanes, so that all widths give the same bits.
/// </summary>
readonly unsafe struct SumBlockLoop(float* x, int n, float* result) : ISimdLoop
{
    /// <summary>Elements of a block: 8 a lane.</summary>
    public const int Size = 512;
    const int Lanes = 64;

    public void Run<V>() where V : unmanaged, ISimd<V>
    {
        float* lanes = stackalloc float[Lanes], tail = stackalloc float[Lanes];
        int whole = n / Lanes * Lanes, rest = n - whole;
        if (rest > 0)
        {
            new Span<float>(tail, Lanes).Clear();
            for (int i = 0; i < rest; i++) tail[i] = x[whole + i];
        }
        for (int l = 0; l < Lanes; l += 4 * V.Count)
        {
            V s0 = V.Create(0), s1 = s0, s2 = s0, s3 = s0;
            for (float* p = x + l, end = x + whole; p < end; p += Lanes) Add(p, ref s0, ref s1, ref s2, ref s3);
            if (rest > 0) Add(tail + l, ref s0, ref s1, ref s2, ref s3);
            s0.Store(lanes + l);
            s1.Store(lanes + l + V.Count);
            s2.Store(lanes + l + 2 * V.Count);
            s3.Store(lanes + l + 3 * V.Count);
        }
        int h = Lanes / 2;
        for (; h >= V.Count; h /= 2)
            for (int l = 0; l < h; l += V.Count) (V.Load(lanes + l) + V.Load(lanes + l + h)).Store(lanes + l);
        for (; h > 0; h /= 2)
            for (int l = 0; l < h; l++) lanes[l] += lanes[l + h];
        *result = lanes[0];
    }

    static void Add<V>(float* p, ref V s0, ref V s1, ref V s2, ref V s3) where V : unmanaged, ISimd<V>
    {
        s0 += V.Load(p);
        s1 += V.Load(p + V.Count);
        s2 += V.Load(p + 2 * V.Count);
        s3 += V.Load(p + 3 * V.Count);
    }
}

/// <summary>
/// y[c] = sum of up to 64 rows of x [rows, stride] in columns 0 to width-1: 8 rows are added in order, then the (at most 8) sums of 8. Two vectors are in flight.
/// </summary>
readonly unsafe struct SumRowsLoop(float* x, int rows, int stride, int width, float* y) : ISimdLoop
{
    /// <summary>The largest number of rows.</summary>
    public const int Size = 64;

    public void Run<V>() where V : unmanaged, ISimd<V>
    {
        int c = 0;
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
