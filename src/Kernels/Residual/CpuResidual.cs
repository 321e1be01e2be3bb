using System.Runtime.CompilerServices;
using static Sagan.Native.Kernels.IntMath;

namespace Sagan.Native.Kernels;

// y = x + gamma o        do = gamma g,  dgamma = sum of g o        x, o, y, g [n], gamma one number
// One job per segment of 32 K elements, in runs of 512 whose products go to a buffer in L1. Forward reads x and o and writes y, backward
// reads g and o and writes do: bound by memory, 12 bytes an element.
// Numerics: the bits of the operations it stands for. Product and sum are rounded apart, and dgamma is added in the order of Sum.
static unsafe class CpuResidual
{
    /// <inheritdoc cref="IFusedResidual.Residual"/>
    public static void Residual(Storage x, Storage o, Storage gamma, Storage y, int n) =>
        WorkerPool.Run(CeilDiv(n, ResidualGradJob.Segment), new ResidualJob(x.Pointer(), o.Pointer(), *gamma.Pointer(), y.Pointer(), n));

    /// <inheritdoc cref="IFusedResidual.ResidualBackward"/>
    public static void ResidualBackward(Storage g, Storage o, Storage gamma, Storage dO, Storage dgamma, int n)
    {
        int segments = CeilDiv(n, ResidualGradJob.Segment);
        using ScratchScope scratch = ScratchArena.Enter();
        double* partials = scratch.Doubles(segments);
        WorkerPool.Run(segments, new ResidualGradJob(g.Pointer(), o.Pointer(), *gamma.Pointer(), dO.Pointer(), partials, n));
        double sum = 0;
        for (int i = 0; i < segments; i++) sum += partials[i];
        *dgamma.Pointer() = (float)sum;
    }

    readonly struct ResidualJob(float* x, float* o, float gamma, float* y, int n) : IJob
    {
        public void Execute(int index)
        {
            int i = index * ResidualGradJob.Segment;
            Simd.Run(new ResidualLoop(x + i, o + i, gamma, y + i, Math.Min(ResidualGradJob.Segment, n - i)));
        }
    }

    /// <summary>do of one segment, and partials[segment] = its sum of g o.</summary>
    readonly struct ResidualGradJob(float* g, float* o, float gamma, float* dO, double* partials, int n) : IJob
    {
        public const int Segment = 64 * RowSumsLoop.Size;

        public void Execute(int index)
        {
            // Room for a whole vector at the last product.
            float* products = stackalloc float[RowSumsLoop.Size + 16];
            double sum = 0;
            float part;
            for (int i = index * Segment, end = Math.Min(i + Segment, n); i < end; i += RowSumsLoop.Size)
            {
                int count = Math.Min(RowSumsLoop.Size, end - i);
                Simd.Run(new ResidualGradLoop(g + i, o + i, gamma, dO + i, products, count));
                Simd.Run(new RowSumsLoop(products, 1, count, &part));
                sum += part;
            }
            partials[index] = sum;
        }
    }
}

/// <summary>y = x + gamma o. The last vector is computed whole and stored in part.</summary>
readonly unsafe struct ResidualLoop(float* x, float* o, float gamma, float* y, int n) : ISimdLoop
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Run<V>() where V : unmanaged, ISimd<V>
    {
        V c = V.Create(gamma);
        int i = 0;
        for (; i <= n - V.Count; i += V.Count) (c * V.Load(o + i) + V.Load(x + i)).Store(y + i);
        if (i < n) Simd.StoreFirst(c * V.Load(o + i) + V.Load(x + i), y + i, n - i);
    }
}

/// <summary>do = gamma g and products = g o. The last vector is computed whole; of do it is stored in part.</summary>
readonly unsafe struct ResidualGradLoop(float* g, float* o, float gamma, float* dO, float* products, int n) : ISimdLoop
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Run<V>() where V : unmanaged, ISimd<V>
    {
        V c = V.Create(gamma);
        int i = 0;
        for (; i <= n - V.Count; i += V.Count)
        {
            V gi = V.Load(g + i);
            (gi * V.Load(o + i)).Store(products + i);
            (c * gi).Store(dO + i);
        }
        if (i == n) return;
        V last = V.Load(g + i);
        (last * V.Load(o + i)).Store(products + i);
        Simd.StoreFirst(c * last, dO + i, n - i);
    }
}
