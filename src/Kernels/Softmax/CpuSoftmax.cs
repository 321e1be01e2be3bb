using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

// y[r,c] = exp(x[r,c] - m_r) / sum_c exp(x[r,c] - m_r),  m_r = max_c x[r,c]
//
// One job per block of rows (RowBlocks), lanes along the columns: maximum, then exponentials and their sum, then the division, the row
// staying in L1 or L2.
// What fills no vector is copied to a vector padded with minus infinity, whose exponential is 0; so rows of any length take the same path.
// Numerics: sums of 64 vectors in float, these in double, so that long rows lose nothing at any vector width. An entry of minus infinity
// gives 0. A row that holds NaN or plus infinity, or nothing but minus infinity, gives NaN throughout, as in PyTorch.
static unsafe class CpuSoftmax
{
    /// <inheritdoc cref="Backend.Softmax"/>
    public static void Softmax(Storage x, Storage y, int rows, int columns)
    {
        RowBlocks blocks = RowBlocks.Cached(rows, columns);
        WorkerPool.Run(blocks.Count, new SoftmaxJob(x.Pointer(), y.Pointer(), columns, blocks));
    }
}

readonly unsafe struct SoftmaxJob(float* x, float* y, int columns, RowBlocks blocks) : ISimdJob
{
    const int MaxLanes = 16, Vectors = 64;

    public void Execute(int index) => SimdJob.Run(this, index);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<V>(int block) where V : unmanaged, ISimd<V>
    {
        float* lanes = stackalloc float[MaxLanes];
        for (int r = blocks.Begin(block); r < blocks.End(block); r++) Row<V>(x + (long)r * columns, y + (long)r * columns, lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Row<V>(float* x, float* y, float* lanes) where V : unmanaged, ISimd<V>
    {
        int whole = columns - columns % V.Count;
        V max = V.Create(float.NegativeInfinity), tail = max, sum = V.Create(0);
        for (int c = 0; c < whole; c += V.Count) max = V.Max(max, V.Load(x + c));
        if (whole < columns)
        {
            for (int i = 0; i < V.Count; i++) lanes[i] = whole + i < columns ? x[whole + i] : float.NegativeInfinity;
            tail = V.Load(lanes);
            max = V.Max(max, tail);
        }
        V shift = V.Create(Lanes.Max(max));
        if (whole < columns) sum = tail = SimdMath.Exp(tail - shift);

        double total = 0;
        for (int c = 0; ;)
        {
            for (int end = Math.Min(whole, c + Vectors * V.Count); c < end; c += V.Count)
            {
                V e = SimdMath.Exp(V.Load(x + c) - shift);
                e.Store(y + c);
                sum += e;
            }
            total += Lanes.Sum(sum);
            if (c == whole) break;
            sum = V.Create(0);
        }

        V inverse = V.Create((float)(1 / total));
        for (int c = 0; c < whole; c += V.Count) (V.Load(y + c) * inverse).Store(y + c);
        if (whole < columns) Simd.StoreFirst(tail * inverse, y + whole, columns - whole);
    }
}
