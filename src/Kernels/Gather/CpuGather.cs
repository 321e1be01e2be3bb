using static Sagan.Native.Kernels.IntMath;

namespace Sagan.Native.Kernels;

// Rows of a table by index, and the transpose. Gather: jobs are runs of indices. ScatterAdd: jobs are ranges of the table's rows; each
// reads all indices and adds those in its range, in ascending order: the sum of a row has the same order however many ranges there are, and
// no two threads write one row. Memory-bound: 8 bytes an element and 4 an index (ScatterAdd: 4 an index and range).
// Timings: benchmarks/kernel-notes.md.
static unsafe class CpuGather
{
    /// <inheritdoc cref="Backend.Gather"/>
    public static void Gather(Storage x, Storage index, Storage y, in GatherSpec s)
    {
        int* indices = (int*)index.Pointer();
        s.CheckIndices("gather", new(indices, s.Count));
        int perJob = Math.Max(1, WorkerPool.Grain / Math.Max(s.Width, 1));
        WorkerPool.Run(CeilDiv(s.Count, perJob), new GatherJob(x.Pointer(), indices, y.Pointer(), s, perJob));
    }

    /// <inheritdoc cref="Backend.ScatterAdd"/>
    public static void ScatterAdd(Storage y, Storage index, Storage x, in GatherSpec s)
    {
        int* indices = (int*)index.Pointer();
        s.CheckIndices("scatter-add", new(indices, s.Count));
        if (s.Rows == 0) return;
        long work = ((long)s.Count + s.Rows) * s.Width;
        int ranges = (int)Math.Min(Math.Min(WorkerPool.Threads, s.Rows), 1 + work / WorkerPool.Grain), rows = CeilDiv(s.Rows, ranges);
        WorkerPool.Run(CeilDiv(s.Rows, rows), new ScatterAddJob(y.Pointer(), indices, x.Pointer(), s, rows));
    }

    readonly struct GatherJob(float* x, int* index, float* y, GatherSpec s, int perJob) : IJob
    {
        public void Execute(int job)
        {
            int first = job * perJob, last = Math.Min(first + perJob, s.Count);
            if (s.Width == 1)
                for (int i = first; i < last; i++) y[i] = x[index[i]];
            else
                for (int i = first; i < last; i++) CpuMemory.CopyShort(x + (long)index[i] * s.Width, y + (long)i * s.Width, s.Width);
        }
    }

    readonly struct ScatterAddJob(float* y, int* index, float* x, GatherSpec s, int rows) : IJob
    {
        public void Execute(int job)
        {
            int first = job * rows, count = Math.Min(rows, s.Rows - first);
            Span<float> zero = default;
            for (long at = 0, all = (long)count * s.Width; at < all; at += zero.Length)
            {
                zero = new Span<float>(x + (long)first * s.Width + at, (int)Math.Min(all - at, int.MaxValue));
                zero.Clear();
            }
            for (int i = 0; i < s.Count; i++)
            {
                int row = index[i];
                if ((uint)(row - first) >= (uint)count) continue;
                if (s.Width <= 4)
                    // The pixels of an image: a vector's loop costs more than these sums.
                    for (int k = 0; k < s.Width; k++) x[(long)row * s.Width + k] += y[(long)i * s.Width + k];
                else Simd.Run(new ZipLoop<AddOp>(x + (long)row * s.Width, y + (long)i * s.Width, x + (long)row * s.Width, s.Width, true,
                    true, default));
            }
        }
    }
}
