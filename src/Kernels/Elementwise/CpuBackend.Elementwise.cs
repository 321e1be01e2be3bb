using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

// Fill, Copy and Map: one pass, 4 or 8 bytes an element; what is bound by memory is so from 1 M elements on.
// Gelem/s on one thread, 64 K elements in the second-level cache / 1 M in the third (Sapphire Rapids, 2 cores, minima, 2026-11-21; torch 1.13 with AVX-512):
//   function    | here        | torch       | other
//   exp         | 5.6 / 3.8   | 3.2 / 2.8   | MathF.Exp 0.4, Vector512.Exp 2.2
//   log         | 4.2 / 3.6   | 1.8 / 1.8   |
//   tanh        | 3.4 / 3.1   | 0.6 / 0.6   |
//   sigmoid     | 3.0 / 2.9   | 2.3 / 2.1   |
//   softplus    | 1.5 / 1.5   | 0.65 / 0.62 |
//   leaky ReLU  | 10.6 / 3.7  | 8.2 / 3.4   |
//   copy        | 12.4 / 4.0  | 9.5 / 3.5   |
// Tried and rejected: mask registers through BlendVariable (the JIT moves masks to vectors and back: one instruction more).
/// <summary>SIMD kernels on the host's cores.</summary>
public sealed unsafe partial class CpuBackend
{
    // Elements of a job: about 1 us of work. Where two jobs break even: 16384 elements on 1 / 2 threads: add 1.9 / 1.6 us, exp 3.3 / 2.2 us.
    const int Grain = 1 << 13;

    static int CeilDiv(int a, int b) => (int)(((long)a + b - 1) / b);

    /// <inheritdoc/>
    public override void Fill(Storage y, int n, float value) => WorkerPool.Run(CeilDiv(n, Grain), new FillJob(Floats(y), n, value));

    /// <inheritdoc/>
    public override void Copy(Storage x, Storage y, int n) => WorkerPool.Run(CeilDiv(n, Grain), new CopyJob(Floats(x), Floats(y), n));

    /// <inheritdoc/>
    public override void Map<TOp>(Storage x, Storage y, int n, TOp f) =>
        WorkerPool.Run(CeilDiv(n, Grain), new MapJob<TOp>(Floats(x), Floats(y), n, f));

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

/// <summary>
/// y[i] = f(x[i]). The last vector is loaded and computed whole (storage is padded) and stored in part: an element's bits never depend on its place.
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
