using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>SIMD kernels on the host's cores.</summary>
public sealed unsafe partial class CpuBackend
{
    // A job's share: 16 KB a piece is 1 us or more of work, ten times the cost of starting a parallel region.
    const int Grain = 1 << 13;

    static int CeilDiv(int a, int b) => (int)(((long)a + b - 1) / b);

    /// <inheritdoc/>
    public override void Fill(Storage y, int n, float value) => WorkerPool.Run(CeilDiv(n, Grain), new FillJob(Floats(y), n, value));

    /// <inheritdoc/>
    public override void Copy(Storage x, Storage y, int n) => WorkerPool.Run(CeilDiv(n, Grain), new CopyJob(Floats(x), Floats(y), n));

    /// <inheritdoc/>
    public override void Map<TOp>(Storage x, Storage y, int n, TOp f) => WorkerPool.Run(CeilDiv(n, Grain), new MapJob<TOp>(Floats(x), Floats(y), n, f));

    readonly struct FillJob(float* y, int n, float value) : IJob
    {
        public void Execute(int index)
        {
            int start = index * Grain;
            new Span<float>(y + start, Math.Min(Grain, n - start)).Fill(value);
        }
    }

    readonly struct CopyJob(float* x, float* y, int n) : IJob
    {
        public void Execute(int index)
        {
            int start = index * Grain;
            CopyFloats(x + start, y + start, Math.Min(Grain, n - start));
        }
    }

    static void CopyFloats(float* x, float* y, int n) => Buffer.MemoryCopy(x, y, 4L * n, 4L * n);

    readonly struct MapJob<TOp>(float* x, float* y, int n, TOp f) : IJob where TOp : unmanaged, IUnaryOp
    {
        public void Execute(int index)
        {
            int start = index * Grain;
            Simd.Run(new MapLoop<TOp>(x + start, y + start, Math.Min(Grain, n - start), f));
        }
    }
}

/// <summary>y[i] = f(x[i]). The last vector is loaded and computed whole (storage is padded) and stored in part: an element's bits never depend on its
/// place.</summary>
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
