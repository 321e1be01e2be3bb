using System.Runtime.CompilerServices;
using static Sagan.Native.Kernels.IntMath;

namespace Sagan.Native.Kernels;

// Fill, Copy and Map: one pass, 4 or 8 bytes an element; what is bound by memory is so from 1 M elements on.
// Timings: benchmarks/kernel-notes.md.
// Tried and rejected: mask registers through BlendVariable (the JIT moves masks to vectors and back: one instruction more).
static unsafe class CpuElementwise
{
    /// <inheritdoc cref="Backend.Fill"/>
    public static void Fill(Storage y, int n, float value) =>
        WorkerPool.Run(CeilDiv(n, WorkerPool.Grain), new FillJob(y.Pointer(), n, value));

    /// <inheritdoc cref="Backend.Copy"/>
    public static void Copy(Storage x, Storage y, int n) =>
        WorkerPool.Run(CeilDiv(n, WorkerPool.Grain), new CopyJob(x.Pointer(), y.Pointer(), n));

    /// <inheritdoc cref="Backend.Map"/>
    public static void Map<TOp>(Storage x, Storage y, int n, TOp f) where TOp : unmanaged, IUnaryOp =>
        WorkerPool.Run(CeilDiv(n, WorkerPool.Grain), new MapJob<TOp>(x.Pointer(), y.Pointer(), n, f));

    readonly struct FillJob(float* y, int n, float value) : IJob
    {
        public void Execute(int index)
        {
            int start = index * WorkerPool.Grain;
            new Span<float>(y + start, Math.Min(WorkerPool.Grain, n - start)).Fill(value);
        }
    }

    readonly struct CopyJob(float* x, float* y, int n) : IJob
    {
        public void Execute(int index)
        {
            int start = index * WorkerPool.Grain;
            CpuMemory.Copy(x + start, y + start, Math.Min(WorkerPool.Grain, n - start));
        }
    }

    readonly struct MapJob<TOp>(float* x, float* y, int n, TOp f) : IJob where TOp : unmanaged, IUnaryOp
    {
        public void Execute(int index)
        {
            int start = index * WorkerPool.Grain;
            Simd.Run(new MapLoop<TOp>(x + start, y + start, Math.Min(WorkerPool.Grain, n - start), f));
        }
    }
}

/// <summary>
/// y[i] = f(x[i]). The last vector is loaded and computed whole (storage is padded) and stored in part: an element's bits never depend on
/// its place.
/// </summary>
readonly unsafe struct MapLoop<TOp>(float* x, float* y, int n, TOp f) : ISimdLoop where TOp : unmanaged, IUnaryOp
{
    readonly float* x = x, y = y;
    readonly int n = n;
    readonly TOp f = f;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Run<V>() where V : unmanaged, ISimd<V>
    {
        // Locals: what a store might alias would be read again in every round.
        float* x = this.x, y = this.y;
        int n = this.n, i = 0;
        TOp f = this.f;
        for (; i <= n - V.Count; i += V.Count) f.Invoke(V.Load(x + i)).Store(y + i);
        if (i < n) Simd.StoreFirst(f.Invoke(V.Load(x + i)), y + i, n - i);
    }
}
