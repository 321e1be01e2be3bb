using static Sagan.Native.Kernels.IntMath;

namespace Sagan.Native.Kernels;

// y = x with its axes reordered. Neighbours in y that are neighbours in x are merged first. Then
//   innermost axis of y contiguous in x: runs are copied;
//   else: with j the axis of y along which x is contiguous, each [j, innermost] plane is a transposed matrix, done in 8 x 8 tiles (in
//   registers with AVX), 64 x 64 elements a block, so that the cache lines of both sides are used whole.
// Memory-bound: 8 bytes an element.
// Timings: benchmarks/kernel-notes.md.
static unsafe class CpuPermute
{
    /// <inheritdoc cref="Backend.Permute"/>
    public static void Permute(Storage x, Storage y, in PermuteSpec s)
    {
        if (s.Count == 0) return;
        PermuteJob job = new(x.Pointer(), y.Pointer(), s);
        WorkerPool.Run(job.Jobs, job);
    }

    readonly struct PermuteJob : IJob
    {
        const int Block = 64;

        readonly float* x, y;
        readonly int rank, planes, planesPerJob, blockRows, blockColumns;
        readonly Axes sizes, from, to;
        // The plane: y[row * toRow + column] = x[row + column * fromColumn], or a run of `columns` elements when rows is 1.
        readonly int rows, columns, toRow, fromColumn;

        public PermuteJob(float* x, float* y, in PermuteSpec s)
        {
            this.x = x;
            this.y = y;
            // Merge, innermost first.
            int n = 0, step = 1;
            for (int i = s.Rank - 1; i >= 0; i--)
            {
                int size = s.Size(i), stride = s.Stride(i);
                if (size > 1 && n > 0 && stride == from[n - 1] * sizes[n - 1]) sizes[n - 1] *= size;
                else if (size > 1)
                {
                    sizes[n] = size;
                    from[n] = stride;
                    to[n++] = step;
                }
                step *= size;
            }
            if (n == 0)
            {
                sizes[n] = 1;
                from[n] = to[n++] = 1;
            }
            columns = sizes[0];
            fromColumn = from[0];
            rows = 1;
            toRow = 1;
            int plane = 0;
            if (fromColumn != 1)
                for (plane = 1; from[plane] != 1;) plane++;
            if (plane > 0)
            {
                rows = sizes[plane];
                toRow = to[plane];
            }
            // The other axes count the planes.
            for (int i = 1; i < n; i++)
            {
                if (i == plane) continue;
                sizes[rank] = sizes[i];
                from[rank] = from[i];
                to[rank++] = to[i];
            }
            planes = s.Count / rows / columns;
            blockRows = plane == 0 ? 1 : CeilDiv(rows, Block);
            blockColumns = plane == 0 ? CeilDiv(columns, WorkerPool.Grain) : CeilDiv(columns, Block);
            // Blocks of a big plane are jobs of their own; small planes are batched.
            planesPerJob = Math.Max(1, WorkerPool.Grain / (int)Math.Min(WorkerPool.Grain, (long)rows * columns));
            Jobs = planesPerJob > 1 ? CeilDiv(planes, planesPerJob) : planes * blockRows * blockColumns;
        }

        public int Jobs { get; }

        public void Execute(int index)
        {
            int first, last, row = 0, column = 0, height = rows, width = columns;
            if (planesPerJob > 1)
            {
                first = index * planesPerJob;
                last = Math.Min(first + planesPerJob, planes);
            }
            else
            {
                int block = rows == 1 ? WorkerPool.Grain : Block;
                column = index % blockColumns * block;
                row = index / blockColumns % blockRows * block;
                first = index / blockColumns / blockRows;
                last = first + 1;
                height = Math.Min(rows - row, rows == 1 ? 1 : Block);
                width = Math.Min(columns - column, block);
            }
            for (int plane = first; plane < last; plane++)
            {
                long source = row + (long)column * fromColumn, target = (long)row * toRow + column;
                for (int axis = 0, rest = plane; axis < rank; axis++)
                {
                    source += (long)(rest % sizes[axis]) * from[axis];
                    target += (long)(rest % sizes[axis]) * to[axis];
                    rest /= sizes[axis];
                }
                if (fromColumn == 1) CpuMemory.CopyShort(x + source, y + target, width);
                else CpuTranspose.Run(x + source, fromColumn, y + target, toRow, height, width);
            }
        }
    }
}
