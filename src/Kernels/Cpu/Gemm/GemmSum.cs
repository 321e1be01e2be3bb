namespace Sagan.Native.Kernels;

/// <summary>C = epilogue(sum of the partial products, split 0 first): one job per band of rows.</summary>
readonly unsafe struct GemmSum<V, TC>(float* partial, int splits, int m, int n, Epilogue<TC> c) : IJob
    where V : unmanaged, ISimd<V> where TC : unmanaged, IOutputRows
{
    const int RowsPerJob = 4;

    public static int Jobs(int m) => (m + RowsPerJob - 1) / RowsPerJob;

    public void Execute(int index)
    {
        float* t = stackalloc float[2 * V.Count];
        for (int r = index * RowsPerJob; r < Math.Min(m, (index + 1) * RowsPerJob); r++)
        {
            float* row = c.Rows.Row(r);
            for (int j = 0; j < n; j += 2 * V.Count)
            {
                int columns = Math.Min(2 * V.Count, n - j);
                Sum(partial + (long)r * n + j, columns, t);
                c.Store<V>(t, &row, 1, j, columns, true, true);
            }
        }
    }

    void Sum(float* x, int columns, float* t)
    {
        for (int i = 0; i < columns; i += V.Count)
        {
            // Whole vectors: past the end lie the next partial product or the padding of scratch memory.
            V sum = V.Load(x + i);
            for (int s = 1; s < splits; s++) sum += V.Load(x + i + (long)s * m * n);
            sum.Store(t + i);
        }
    }
}
