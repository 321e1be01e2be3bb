using static Sagan.Native.Kernels.IntMath;

namespace Sagan.Native.Kernels;

// y = x summed over some axes. Two kernels, applied from the innermost axis outwards until only kept axes are left (nearly always one
// application):
//   SumRows     x [rows, n]             -> y [rows]            the innermost axis is reduced
//   SumColumns  x [outer, n, columns]   -> y [outer, columns]  the axis before a kept innermost one is reduced
// Order of summation: a function of the sizes alone. Float additions go at most 14 deep (8 in a row, then 64 to 1 in a tree; or 8 in a row
// twice), which bounds |error| by 8.4e-7 sum |x|; what is beyond is added in double, block after block. Every vector width adds the same
// lanes in the same order: same bits. Memory-bound: 4 bytes an addition.
// Timings: benchmarks/kernel-notes.md.
static unsafe class CpuSum
{
    /// <inheritdoc cref="Backend.Sum"/>
    public static void Sum(Storage x, Storage y, in ReduceSpec s)
    {
        float* py = y.Pointer(), from = x.Pointer();
        if (s.InputCount == 0)
        {
            CpuElementwise.Fill(y, s.OutputCount, 0);
            return;
        }
        Span<int> size = stackalloc int[Shape.MaxRank];
        Span<bool> reduced = stackalloc bool[Shape.MaxRank];
        int rank = s.Rank, left = 0, count = s.InputCount;
        for (int i = 0; i < rank; i++)
        {
            size[i] = s.Size(i);
            reduced[i] = s.IsReduced(i);
            if (reduced[i]) left++;
        }
        if (left == 0) CpuElementwise.Copy(x, y, s.InputCount);
        using ScratchScope scratch = ScratchArena.Enter();
        for (; left > 0; left--)
        {
            int columns = reduced[rank - 1] ? 1 : size[rank - 1], n = size[reduced[rank - 1] ? rank - 1 : rank - 2];
            int outer = count / columns / n;
            count /= n;
            float* to = left == 1 ? py : scratch.Floats(count);
            if (reduced[rank - 1]) SumRows(from, to, outer, n);
            else SumColumns(from, to, outer, n, columns);
            // What is left ends in one kept axis: the axis before the reduced one and the columns.
            rank -= reduced[rank - 1] ? 1 : 2;
            if (columns > 1 && rank > 0) size[rank - 1] *= columns;
            else if (columns > 1) rank = 1;
            from = to;
        }
    }

    // Rows longer than a segment are cut into segments; shorter ones are batched.
    static void SumRows(float* x, float* y, int rows, int n)
    {
        int segments = CeilDiv(n, SumRowsJob.Segment), rowsPerJob = segments > 1 ? 1 : Math.Max(1, WorkerPool.Grain / n);
        using ScratchScope scratch = ScratchArena.Enter();
        double* partials = segments > 1 ? scratch.Doubles((long)rows * segments) : null;
        WorkerPool.Run(CeilDiv(rows, rowsPerJob) * segments, new SumRowsJob(x, y, rows, n, segments, rowsPerJob, partials));
        if (segments == 1) return;
        for (int r = 0; r < rows; r++)
        {
            double sum = 0;
            for (int i = 0; i < segments; i++) sum += partials[(long)r * segments + i];
            y[r] = (float)sum;
        }
    }

    readonly struct SumRowsJob(float* x, float* y, int rows, int n, int segments, int rowsPerJob, double* partials) : IJob
    {
        public const int Segment = 64 * RowSumsLoop.Size;

        public void Execute(int index)
        {
            if (segments > 1)
            {
                int row = index / segments, start = index % segments * Segment;
                partials[index] = SumSegment(x + (long)row * n + start, Math.Min(Segment, n - start));
                return;
            }
            int first = index * rowsPerJob, count = Math.Min(rowsPerJob, rows - first);
            if (n <= RowSumsLoop.Size) Simd.Run(new RowSumsLoop(x + (long)first * n, count, n, y + first));
            else
                for (int r = first; r < first + count; r++) y[r] = (float)SumSegment(x + (long)r * n, n);
        }

        // Blocks of 512 in float, added in double.
        static double SumSegment(float* x, int n)
        {
            float* parts = stackalloc float[Segment / RowSumsLoop.Size + 1];
            int whole = n / RowSumsLoop.Size, rest = n % RowSumsLoop.Size;
            Simd.Run(new RowSumsLoop(x, whole, RowSumsLoop.Size, parts));
            Simd.Run(new RowSumsLoop(x + whole * RowSumsLoop.Size, 1, rest, parts + whole));
            double sum = 0;
            for (int i = 0; i <= whole; i++) sum += parts[i];
            return sum;
        }
    }

    static void SumColumns(float* x, float* y, int outer, int n, int columns)
    {
        using ScratchScope scratch = ScratchArena.Enter();
        SumColumnsJob job = new(x, y, outer, n, columns);
        if (job.Chunks > 1) job.Partials = scratch.Doubles((long)outer * job.Chunks * columns);
        WorkerPool.Run(job.Jobs, job);
        if (job.Chunks == 1) return;
        for (int o = 0; o < outer; o++)
            for (int c = 0; c < columns; c++)
            {
                double sum = 0;
                double* p = job.Partials + (long)o * job.Chunks * columns + c;
                for (int i = 0; i < job.Chunks; i++) sum += p[(long)i * columns];
                y[(long)o * columns + c] = (float)sum;
            }
    }

    // A job sums one chunk of the n rows in one strip of columns; or, when the matrices are small, all of several matrices.
    struct SumColumnsJob : IJob
    {
        const int StripWidth = 1024;
        const int MinChunkRows = 256;

        readonly float* x, y;
        readonly int outer, n, columns, chunkRows, strips, perJob;
        public readonly int Chunks, Jobs;
        public double* Partials;

        public SumColumnsJob(float* x, float* y, int outer, int n, int columns)
        {
            this.x = x;
            this.y = y;
            this.outer = outer;
            this.n = n;
            this.columns = columns;
            chunkRows = Math.Max(MinChunkRows, 2 * WorkerPool.Grain / Math.Min(columns, StripWidth) / SumRowsLoop.Size * SumRowsLoop.Size);
            Chunks = CeilDiv(n, chunkRows);
            strips = CeilDiv(columns, StripWidth);
            perJob = Chunks * strips > 1 ? 1 : (int)Math.Max(1, WorkerPool.Grain / ((long)n * columns));
            Jobs = CeilDiv(outer, perJob) * Chunks * strips;
        }

        public void Execute(int index)
        {
            int strip = index % strips, chunk = index / strips % Chunks, first = index / strips / Chunks * perJob,
                last = Math.Min(first + perJob, outer);
            int c = strip * StripWidth, width = Math.Min(StripWidth, columns - c), row = chunk * chunkRows,
                rows = Math.Min(chunkRows, n - row);
            for (int o = first; o < last; o++)
            {
                float* x = this.x + ((long)o * n + row) * columns + c, y = this.y + (long)o * columns + c;
                double* partial = Partials == null ? null : Partials + ((long)o * Chunks + chunk) * columns + c;
                if (partial == null && rows <= SumRowsLoop.Size) Simd.Run(new SumRowsLoop(x, rows, columns, width, y));
                else AddBlocks(x, rows, width, partial, y);
            }
        }

        // The chunk in blocks of 64 rows: each is summed in float and added in double.
        void AddBlocks(float* x, int rows, int width, double* partial, float* y)
        {
            using ScratchScope scratch = ScratchArena.Enter();
            float* block = scratch.Floats(width);
            double* sum = partial == null ? scratch.Doubles(width) : partial;
            new Span<double>(sum, width).Clear();
            for (int r = 0; r < rows; r += SumRowsLoop.Size)
            {
                Simd.Run(new SumRowsLoop(x + (long)r * columns, Math.Min(SumRowsLoop.Size, rows - r), columns, width, block));
                for (int i = 0; i < width; i++) sum[i] += block[i];
            }
            if (partial != null) return;
            for (int i = 0; i < width; i++) y[i] = (float)sum[i];
        }
    }
}
