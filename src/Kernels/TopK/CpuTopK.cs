namespace Sagan.Native.Kernels;

// y[r,c] = 1 where x[r,c] is one of the k largest of its row (of equal ones the leftmost), else 0.
//
// One job per block of rows. A row is copied without its NaNs, and quickselect finds its k-th largest entry t in expected linear time; then
// entries above t are kept, and of those equal to t as many, from the left, as there is room for. A NaN is kept always, so that it stays
// visible.
static unsafe class CpuTopK
{
    /// <inheritdoc cref="Backend.TopKMask"/>
    public static void TopKMask(Storage x, Storage y, int rows, int columns, int k)
    {
        RowBlocks blocks = RowBlocks.Cached(rows, columns);
        WorkerPool.Run(blocks.Count, new TopKJob(x.Pointer(), y.Pointer(), columns, k, blocks));
    }

    readonly struct TopKJob(float* x, float* y, int columns, int k, RowBlocks blocks) : IJob
    {
        public void Execute(int block)
        {
            using ScratchScope scratch = ScratchArena.Enter();
            Span<float> numbers = new(scratch.Floats(columns), columns);
            for (int r = blocks.Begin(block); r < blocks.End(block); r++)
                Row(new ReadOnlySpan<float>(x + (long)r * columns, columns), new Span<float>(y + (long)r * columns, columns), numbers);
        }

        void Row(ReadOnlySpan<float> x, Span<float> y, Span<float> numbers)
        {
            int n = 0;
            foreach (float v in x)
                if (!float.IsNaN(v)) numbers[n++] = v;
            if (n <= k)
            {
                y.Fill(1);
                return;
            }
            float t = Largest(numbers[..n], k);
            int equal = k;
            foreach (float v in x)
                if (v > t) equal--;
            for (int c = 0; c < x.Length; c++) y[c] = x[c] > t || float.IsNaN(x[c]) || (x[c] == t && equal-- > 0) ? 1 : 0;
        }

        // The k-th largest, k from 1. Hoare's selection; the pivot is the median of three, so sorted rows are not slow.
        static float Largest(Span<float> a, int k)
        {
            int low = 0, high = a.Length - 1, at = k - 1;
            while (low < high)
            {
                float p = a[low], q = a[(low + high) >>> 1], s = a[high];
                float pivot = Math.Max(Math.Min(p, q), Math.Min(Math.Max(p, q), s));
                int i = low, j = high;
                while (i <= j)
                {
                    while (a[i] > pivot) i++;
                    while (a[j] < pivot) j--;
                    if (i > j) break;
                    (a[i], a[j]) = (a[j], a[i]);
                    i++;
                    j--;
                }
                if (at <= j) high = j;
                else if (at >= i) low = i;
                else return a[at];
            }
            return a[at];
        }
    }
}
