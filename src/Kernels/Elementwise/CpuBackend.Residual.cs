using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

// y = x + gamma o        do = gamma g,  dgamma = sum g o        x, o, y, g [n], gamma one number
// One job per block of 16 K elements. Forward reads x and o and writes y, backward reads g and o and writes do: bound by memory, 12 bytes an element.
// Numerics: forward is one multiply-add. dgamma: four chains of products in float over 512 elements, then in double, block after block.
// The last elements, which fill no vector, go one by one.
public sealed unsafe partial class CpuBackend : IFusedResidual
{
    const int ResidualSlot = 14;

    /// <inheritdoc/>
    public void Residual(Storage x, Storage o, Storage gamma, Storage y, int n)
    {
        ResidualJob job = new(Floats(x), Floats(o), *Floats(gamma), Floats(y), n);
        WorkerPool.Run(job.Jobs, job);
    }

    /// <inheritdoc/>
    public void ResidualBackward(Storage g, Storage o, Storage gamma, Storage dO, Storage dgamma, int n)
    {
        int blocks = CeilDiv(n, ResidualJob.Block);
        double* partials = (double*)Scratch.Floats(ResidualSlot, 2L * blocks), sum = partials + blocks;
        WorkerPool.Run(blocks, new ResidualGradJob(Floats(g), Floats(o), *Floats(gamma), Floats(dO), partials, n));
        double total = 0;
        for (double* p = partials; p < sum; p++) total += *p;
        *Floats(dgamma) = (float)total;
    }
}

readonly unsafe struct ResidualJob(float* x, float* o, float gamma, float* y, int n) : ISimdJob
{
    public const int Block = 1 << 14;

    public int Jobs => (n + Block - 1) / Block;

    public void Execute(int index) => SimdJob.Run(this, index);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<V>(int index) where V : unmanaged, ISimd<V>
    {
        int i = index * Block, end = Math.Min(i + Block, n);
        V c = V.Create(gamma);
        for (; i <= end - V.Count; i += V.Count) V.MultiplyAdd(V.Load(o + i), c, V.Load(x + i)).Store(y + i);
        Simd1 c1 = Simd1.Create(gamma);
        for (; i < end; i++) Simd1.MultiplyAdd(Simd1.Load(o + i), c1, Simd1.Load(x + i)).Store(y + i);
    }
}

/// <summary>do of one block, and partials[block] = its sum of g o.</summary>
readonly unsafe struct ResidualGradJob(float* g, float* o, float gamma, float* dO, double* partials, int n) : ISimdJob
{
    const int Run = 512;

    public void Execute(int index) => SimdJob.Run(this, index);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<V>(int index) where V : unmanaged, ISimd<V>
    {
        int i = index * ResidualJob.Block, end = Math.Min(i + ResidualJob.Block, n);
        V c = V.Create(gamma);
        double total = 0;
        while (i <= end - 4 * V.Count)
        {
            V s0 = V.Create(0), s1 = s0, s2 = s0, s3 = s0;
            for (int stop = Math.Min(i + Run, end); i <= stop - 4 * V.Count; i += 4 * V.Count)
            {
                s0 = Product(i, c, s0);
                s1 = Product(i + V.Count, c, s1);
                s2 = Product(i + 2 * V.Count, c, s2);
                s3 = Product(i + 3 * V.Count, c, s3);
            }
            total += Lanes.Sum(s0 + s1 + (s2 + s3));
        }
        for (; i < end; i++)
        {
            float gi = g[i];
            total += (double)gi * o[i];
            dO[i] = gamma * gi;
        }
        partials[index] = total;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    V Product<V>(int i, V c, V sum) where V : unmanaged, ISimd<V>
    {
        V gi = V.Load(g + i);
        sum = V.MultiplyAdd(gi, V.Load(o + i), sum);
        (gi * c).Store(dO + i);
        return sum;
    }
}
