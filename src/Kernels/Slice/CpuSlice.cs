using static Sagan.Native.Kernels.IntMath;

namespace Sagan.Native.Kernels;

// Cutting along one axis: x [outer, length, inner], the piece [outer, count, inner]. Every outer index is one run of count * inner elements
// at each side. Memory-bound: 8 bytes an element of the piece.
// Timings: benchmarks/kernel-notes.md.
static unsafe class CpuSlice
{
    /// <inheritdoc cref="Backend.Slice"/>
    public static void Slice(Storage x, Storage y, in SliceSpec s) =>
        CopyRuns(x.Pointer() + (long)s.Start * s.Inner, s.Length * s.Inner, y.Pointer(), s.Count * s.Inner, s.Outer, s.Count * s.Inner, 0,
        0);

    /// <inheritdoc cref="Backend.CopyInto"/>
    public static void CopyInto(Storage x, Storage y, in SliceSpec s) =>
        CopyRuns(x.Pointer(), s.Count * s.Inner, y.Pointer() + (long)s.Start * s.Inner, s.Length * s.Inner, s.Outer, s.Count * s.Inner, 0,
        0);

    /// <inheritdoc cref="Backend.Pad"/>
    public static void Pad(Storage x, Storage y, in SliceSpec s) =>
        CopyRuns(x.Pointer(), s.Count * s.Inner, y.Pointer() + (long)s.Start * s.Inner, s.Length * s.Inner, s.Outer, s.Count * s.Inner,
            padBefore: s.Start * s.Inner, padAfter: (s.Length - s.Start - s.Count) * s.Inner);

    static void CopyRuns(float* x, int xStride, float* y, int yStride, int outer, int run, int padBefore, int padAfter)
    {
        int length = padBefore + run + padAfter, pieces = Math.Max(1, CeilDiv(length, WorkerPool.Grain));
        RunsJob job = new(x, xStride, y, yStride, outer, run, padBefore, padAfter, pieces > 1 ? 1 : WorkerPool.Grain / Math.Max(1, length),
            pieces);
        if (length > 0) WorkerPool.Run(CeilDiv(outer, job.RunsPerJob) * pieces, job);
    }

    readonly struct RunsJob(float* x, int xStride, float* y, int yStride, int outer, int run, int padBefore, int padAfter, int runsPerJob,
        int pieces) : IJob
    {
        public int RunsPerJob => runsPerJob;

        public void Execute(int index)
        {
            int first = index / pieces * runsPerJob, last = Math.Min(first + runsPerJob, outer);
            // The piece of [zeros, run, zeros] that this job writes, counted from the run's begin.
            int start = pieces == 1 ? -padBefore : index % pieces * WorkerPool.Grain - padBefore;
            int end = pieces == 1 ? run + padAfter : (int)Math.Min((long)start + WorkerPool.Grain, run + padAfter);
            int copyStart = Math.Clamp(start, 0, run), copyEnd = Math.Clamp(end, 0, run);
            for (int o = first; o < last; o++)
            {
                float* from = x + (long)o * xStride, to = y + (long)o * yStride;
                if (start < 0) new Span<float>(to + start, Math.Min(end, 0) - start).Clear();
                CpuMemory.CopyShort(from + copyStart, to + copyStart, copyEnd - copyStart);
                if (end > run) new Span<float>(to + Math.Max(start, run), end - Math.Max(start, run)).Clear();
            }
        }
    }
}
