using System.Runtime.CompilerServices;
using static Sagan.Native.Kernels.IntMath;

namespace Sagan.Native.Kernels;

// Nearest-neighbour upsampling by 2 and its transpose, channels-last: a pixel is a run of C floats. One job is some image rows of the small
// map. Memory-bound: Upsample2x reads 4 and writes 16 bytes an element of x, SumPool2x2 reads 16 and writes 4 an element of y.
// Timings: benchmarks/kernel-notes.md.
static unsafe class CpuResample
{
    /// <inheritdoc cref="Backend.Upsample2x"/>
    public static void Upsample2x(Storage x, Storage y, in ImageSpec s) => RunImageRows(s, new UpsampleJob(x.Pointer(), y.Pointer(), s));

    /// <inheritdoc cref="Backend.SumPool2x2"/>
    public static void SumPool2x2(Storage x, Storage y, in ImageSpec s) => RunImageRows(s, new SumPoolJob(x.Pointer(), y.Pointer(), s));

    static void RunImageRows<TJob>(in ImageSpec s, TJob job) where TJob : unmanaged, IJob
    {
        if (s.W > 0 && s.C > 0) WorkerPool.Run(CeilDiv(s.N * s.H, RowsPerJob(s)), job);
    }

    static int RowsPerJob(in ImageSpec s) => (int)Math.Max(1, WorkerPool.Grain / 4 / ((long)s.W * s.C));

    readonly struct UpsampleJob(float* x, float* y, ImageSpec s) : IJob
    {
        public void Execute(int index)
        {
            int first = index * RowsPerJob(s), last = Math.Min(first + RowsPerJob(s), s.N * s.H);
            long width = (long)s.W * s.C;
            for (int row = first; row < last; row++) Simd.Run(new UpsampleRowLoop(x + row * width, y + row * 4 * width, s.W, s.C));
        }
    }

    readonly struct SumPoolJob(float* x, float* y, ImageSpec s) : IJob
    {
        public void Execute(int index)
        {
            int first = index * RowsPerJob(s), last = Math.Min(first + RowsPerJob(s), s.N * s.H);
            long width = (long)s.W * s.C;
            for (int row = first; row < last; row++) Simd.Run(new SumPoolRowLoop(x + row * 4 * width, y + row * width, s.W, s.C));
        }
    }
}

/// <summary>One row of x [W, C] into two rows of y [2W, C].</summary>
readonly unsafe struct UpsampleRowLoop(float* x, float* y, int width, int channels) : ISimdLoop
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Run<V>() where V : unmanaged, ISimd<V>
    {
        float* below = y + 2L * width * channels;
        float* source = x, top = y;
        for (int w = 0; w < width; w++, source += channels, top += 2 * channels)
        {
            int c = 0;
            for (; c <= channels - V.Count; c += V.Count)
            {
                V v = V.Load(source + c);
                v.Store(top + c);
                v.Store(top + channels + c);
            }
            for (; c < channels; c++) top[c] = top[channels + c] = source[c];
        }
        Buffer.MemoryCopy(y, below, 8L * width * channels, 8L * width * channels);
    }
}

/// <summary>Two rows of x [2W, C] into one of y [W, C]: (x00 + x01) + (x10 + x11).</summary>
readonly unsafe struct SumPoolRowLoop(float* x, float* y, int width, int channels) : ISimdLoop
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Run<V>() where V : unmanaged, ISimd<V>
    {
        float* top = x, bottom = x + 2L * width * channels, target = y;
        for (int w = 0; w < width; w++, top += 2 * channels, bottom += 2 * channels, target += channels)
        {
            int c = 0;
            for (; c <= channels - V.Count; c += V.Count)
                (V.Load(top + c) + V.Load(top + channels + c) + (V.Load(bottom + c) + V.Load(bottom + channels + c))).Store(target + c);
            for (; c < channels; c++) target[c] = top[c] + top[channels + c] + (bottom[c] + bottom[channels + c]);
        }
    }
}
