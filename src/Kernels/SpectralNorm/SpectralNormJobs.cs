using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Sagan.Native.Kernels;

/// <summary>y_r = sum_c S[r,c] x_c for one block of rows, eight rows at a time.</summary>
readonly unsafe struct MatrixVectorJob(float* matrix, float* x, float* y, int columns, RowBlocks blocks) : ISimdJob
{
    public void Execute(int index) => SimdJob.Run(this, index);

    public void Execute<V>(int block) where V : unmanaged, ISimd<V>
    {
        int r = blocks.Begin(block), end = blocks.End(block);
        for (; r <= end - 8; r += 8) Eight<V>(matrix + (long)r * columns, y + r);
        for (; r < end; r++) y[r] = One<V>(matrix + (long)r * columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Eight<V>(float* s, float* y) where V : unmanaged, ISimd<V>
    {
        float* s4 = s + 4L * columns;
        long n = columns;
        V a0 = V.Create(0), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
        int c = 0;
        for (; c <= columns - V.Count; c += V.Count)
        {
            V b = V.Load(x + c);
            a0 = V.MultiplyAdd(V.Load(s + c), b, a0);
            a1 = V.MultiplyAdd(V.Load(s + n + c), b, a1);
            a2 = V.MultiplyAdd(V.Load(s + 2 * n + c), b, a2);
            a3 = V.MultiplyAdd(V.Load(s + 3 * n + c), b, a3);
            a4 = V.MultiplyAdd(V.Load(s4 + c), b, a4);
            a5 = V.MultiplyAdd(V.Load(s4 + n + c), b, a5);
            a6 = V.MultiplyAdd(V.Load(s4 + 2 * n + c), b, a6);
            a7 = V.MultiplyAdd(V.Load(s4 + 3 * n + c), b, a7);
        }
        y[0] = Finish(a0, s, c);
        y[1] = Finish(a1, s + n, c);
        y[2] = Finish(a2, s + 2 * n, c);
        y[3] = Finish(a3, s + 3 * n, c);
        y[4] = Finish(a4, s4, c);
        y[5] = Finish(a5, s4 + n, c);
        y[6] = Finish(a6, s4 + 2 * n, c);
        y[7] = Finish(a7, s4 + 3 * n, c);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    float One<V>(float* s) where V : unmanaged, ISimd<V>
    {
        V sum = V.Create(0);
        int c = 0;
        for (; c <= columns - V.Count; c += V.Count) sum = V.MultiplyAdd(V.Load(s + c), V.Load(x + c), sum);
        return Finish(sum, s, c);
    }

    // The sum of the lanes, then the columns from c on.
    float Finish<V>(V sum, float* s, int c) where V : unmanaged, ISimd<V>
    {
        float total = Lanes.Sum(sum);
        for (; c < columns; c++) total += s[c] * x[c];
        return total;
    }
}

/// <summary>partials[block, c] = sum_r x_r S[r,c] over one block of rows, eight rows at a time.</summary>
readonly unsafe struct VectorMatrixJob(float* matrix, float* x, float* partials, int columns, RowBlocks blocks) : ISimdJob
{
    public void Execute(int index) => SimdJob.Run(this, index);

    public void Execute<V>(int block) where V : unmanaged, ISimd<V>
    {
        float* sum = partials + (long)block * columns;
        new Span<float>(sum, columns).Clear();
        int r = blocks.Begin(block), end = blocks.End(block);
        for (; r <= end - 8; r += 8)
        {
            int c = Eight<V>(r, 0, sum);
            if (c < columns) Eight<Simd1>(r, c, sum);
        }
        for (; r < end; r++)
        {
            int c = One<V>(r, 0, sum);
            if (c < columns) One<Simd1>(r, c, sum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    int Eight<V>(int r, int c, float* sum) where V : unmanaged, ISimd<V>
    {
        long n = columns;
        float* s = matrix + r * n, s4 = s + 4 * n, y = x + r;
        V x0 = V.Create(y[0]), x1 = V.Create(y[1]), x2 = V.Create(y[2]), x3 = V.Create(y[3]);
        V x4 = V.Create(y[4]), x5 = V.Create(y[5]), x6 = V.Create(y[6]), x7 = V.Create(y[7]);
        for (; c <= columns - V.Count; c += V.Count)
        {
            V even = V.MultiplyAdd(V.Load(s + c), x0, V.Load(sum + c)), odd = V.Load(s + n + c) * x1;
            even = V.MultiplyAdd(V.Load(s + 2 * n + c), x2, even);
            odd = V.MultiplyAdd(V.Load(s + 3 * n + c), x3, odd);
            even = V.MultiplyAdd(V.Load(s4 + c), x4, even);
            odd = V.MultiplyAdd(V.Load(s4 + n + c), x5, odd);
            even = V.MultiplyAdd(V.Load(s4 + 2 * n + c), x6, even);
            odd = V.MultiplyAdd(V.Load(s4 + 3 * n + c), x7, odd);
            (even + odd).Store(sum + c);
        }
        return c;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    int One<V>(int r, int c, float* sum) where V : unmanaged, ISimd<V>
    {
        float* s = matrix + (long)r * columns;
        V xr = V.Create(x[r]);
        for (; c <= columns - V.Count; c += V.Count) V.MultiplyAdd(V.Load(s + c), xr, V.Load(sum + c)).Store(sum + c);
        return c;
    }

    /// <summary>y = the sum of the blocks' partial sums, in block order.</summary>
    public static void Combine(float* partials, float* y, int columns, int blocks)
    {
        int c;
        if (Vector512.IsHardwareAccelerated) c = Combine<Simd512>(partials, y, columns, blocks, 0);
        else if (Vector256.IsHardwareAccelerated) c = Combine<Simd256>(partials, y, columns, blocks, 0);
        else if (Vector128.IsHardwareAccelerated) c = Combine<Simd128>(partials, y, columns, blocks, 0);
        else c = 0;
        Combine<Simd1>(partials, y, columns, blocks, c);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static int Combine<V>(float* partials, float* y, int columns, int blocks, int c) where V : unmanaged, ISimd<V>
    {
        for (; c <= columns - V.Count; c += V.Count)
        {
            V sum = V.Load(partials + c);
            for (int b = 1; b < blocks; b++) sum += V.Load(partials + (long)b * columns + c);
            sum.Store(y + c);
        }
        return c;
    }
}

/// <summary>partials[block] = sum of a b over one block of rows.</summary>
readonly unsafe struct DotJob(float* a, float* b, float* partials, int columns, RowBlocks blocks) : ISimdJob
{
    public void Execute(int index) => SimdJob.Run(this, index);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<V>(int block) where V : unmanaged, ISimd<V>
    {
        long i = (long)blocks.Begin(block) * columns, end = (long)blocks.End(block) * columns;
        V s0 = V.Create(0), s1 = s0, s2 = s0, s3 = s0;
        for (; i <= end - 4 * V.Count; i += 4 * V.Count)
        {
            s0 = V.MultiplyAdd(V.Load(a + i), V.Load(b + i), s0);
            s1 = V.MultiplyAdd(V.Load(a + i + V.Count), V.Load(b + i + V.Count), s1);
            s2 = V.MultiplyAdd(V.Load(a + i + 2 * V.Count), V.Load(b + i + 2 * V.Count), s2);
            s3 = V.MultiplyAdd(V.Load(a + i + 3 * V.Count), V.Load(b + i + 3 * V.Count), s3);
        }
        float total = Lanes.Sum(s0 + s1 + (s2 + s3));
        for (; i < end; i++) total += a[i] * b[i];
        partials[block] = total;
    }
}

/// <summary>dw[r,c] = scale g[r,c] + rank1 left_r right_c over one block of rows.</summary>
readonly unsafe struct SpectralGradJob(float* g, float* left, float* right, float* dw, float scale, float rank1, int columns,
    RowBlocks blocks) : ISimdJob
{
    public void Execute(int index) => SimdJob.Run(this, index);

    public void Execute<V>(int block) where V : unmanaged, ISimd<V>
    {
        for (int r = blocks.Begin(block); r < blocks.End(block); r++)
        {
            int c = Row<V>((long)r * columns, 0, rank1 * left[r]);
            if (c < columns) Row<Simd1>((long)r * columns, c, rank1 * left[r]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    int Row<V>(long i, int c, float a) where V : unmanaged, ISimd<V>
    {
        V va = V.Create(a), vs = V.Create(scale);
        for (; c <= columns - V.Count; c += V.Count) V.MultiplyAdd(va, V.Load(right + c), vs * V.Load(g + i + c)).Store(dw + i + c);
        return c;
    }
}
