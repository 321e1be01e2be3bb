using System.Numerics;
using System.Runtime.CompilerServices;
using static Sagan.Native.Kernels.IntMath;

namespace Sagan.Native.Kernels;

// y[n,i,j,c] = max over the window, index = its flat position in x (the first of equals; a NaN counts as larger than every number). Every
// window must meet the image. Channels-last: vectors run along c; the position of the best tap travels as int bits in float lanes through
// the same selects as the value, and c is added at the end. One job is some rows of y. Kernel^2 loads, 3 comparisons and 4 selects each.
// Timings: benchmarks/kernel-notes.md.
static unsafe class CpuMaxPool2d
{
    /// <inheritdoc cref="Backend.MaxPool2d"/>
    public static void MaxPool2d(Storage x, Storage y, Storage index, in MaxPool2dSpec s)
    {
        if (s.OutW == 0 || s.C == 0) return;
        int rowsPerJob = (int)Math.Max(1, WorkerPool.Grain / ((long)s.OutW * s.C * s.Kernel * s.Kernel));
        WorkerPool.Run(CeilDiv(s.N * s.OutH, rowsPerJob), new MaxPoolJob(x.Pointer(), y.Pointer(), (int*)index.Pointer(), s, rowsPerJob));
    }

    readonly struct MaxPoolJob(float* x, float* y, int* index, MaxPool2dSpec s, int rowsPerJob) : IJob
    {
        public void Execute(int job)
        {
            int first = job * rowsPerJob, last = Math.Min(first + rowsPerJob, s.N * s.OutH);
            for (int row = first; row < last; row++)
            {
                int n = row / s.OutH, h = row % s.OutH * s.Stride - s.Padding, h0 = Math.Max(h, 0), h1 = Math.Min(h + s.Kernel, s.H);
                for (int j = 0; j < s.OutW; j++)
                {
                    int w = j * s.Stride - s.Padding, w0 = Math.Max(w, 0), w1 = Math.Min(w + s.Kernel, s.W);
                    long pixel = ((long)row * s.OutW + j) * s.C;
                    Simd.Run(new MaxWindowLoop(x, y + pixel, index + pixel, ((n * s.H + h0) * s.W + w0) * s.C, h1 - h0, w1 - w0, s.W, s.C));
                }
            }
        }
    }
}

/// <summary>The largest element of a window for every channel; the window's first pixel begins at x[begin].</summary>
readonly unsafe struct MaxWindowLoop(float* x, float* y, int* index, int begin, int height, int width, int imageWidth, int channels)
    : ISimdLoop
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Run<V>() where V : unmanaged, ISimd<V>
    {
        for (int c = 0; c < channels; c += V.Count)
        {
            V best = V.Load(x + begin + c), at = V.Create(BitConverter.Int32BitsToSingle(begin));
            V always = V.EqualTo(V.Create(0), V.Create(0));
            for (int u = 0; u < height; u++)
                for (int v = 0; v < width; v++)
                {
                    int tap = begin + (u * imageWidth + v) * channels;
                    V value = V.Load(x + tap + c);
                    // Greater; or NaN where the best is a number.
                    V isNaN = V.Select(V.EqualTo(value, value), V.Create(0), V.EqualTo(best, best));
                    V take = V.Select(V.GreaterThan(value, best), always, isNaN);
                    best = V.Select(take, value, best);
                    at = V.Select(take, V.Create(BitConverter.Int32BitsToSingle(tap)), at);
                }
            int lanes = Math.Min(V.Count, channels - c);
            Store(best, y + c, lanes);
            Store(at, (float*)index + c, lanes);
        }
        int k = 0;
        for (; k <= channels - Vector<int>.Count; k += Vector<int>.Count) (Vector.Load(index + k) + Vector<int>.Indices +
            Vector.Create(k)).Store(index + k);
        for (; k < channels; k++) index[k] += k;
    }

    static void Store<V>(V v, float* p, int lanes) where V : unmanaged, ISimd<V>
    {
        if (lanes == V.Count) v.Store(p);
        else Simd.StoreFirst(v, p, lanes);
    }
}
