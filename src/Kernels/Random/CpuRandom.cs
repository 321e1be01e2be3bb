using System.Runtime.CompilerServices;
using static Sagan.Native.Kernels.IntMath;

namespace Sagan.Native.Kernels;

// Element i comes from lane i mod 4 of Philox block (offset + i) / 4, so any cut into calls and jobs gives the same numbers.
//   uniform  (top 24 bits) 2^-24
//   normal   u1 = (top 24 bits of the even lane + 1) 2^-24 in (0, 1], u2 = (top 24 bits of the odd lane) 2^-24, r = sqrt(-2 ln u1);
//            r cos(2 pi u2), r sin(2 pi u2). |value| is at most 5.77; |error| at most 4e-7 of it. Source: Box and Muller 1958.
// A vector of 64-bit lanes runs 8 (AVX-512) or 4 (AVX2) blocks at once; else, and for the last few, block by block.
// Timings: benchmarks/kernel-notes.md.
static unsafe class CpuRandom
{
    /// <inheritdoc cref="Backend.RandomUniform"/>
    public static void RandomUniform(Storage y, int n, in PhiloxKey key)
    {
        key.CheckOffset();
        WorkerPool.Run(CeilDiv(n, WorkerPool.Grain), new RandomJob<UniformDraw>(y.Pointer(), n, key));
    }

    /// <inheritdoc cref="Backend.RandomNormal"/>
    public static void RandomNormal(Storage y, int n, in PhiloxKey key)
    {
        key.CheckOffset();
        WorkerPool.Run(CeilDiv(n, WorkerPool.Grain), new RandomJob<NormalDraw>(y.Pointer(), n, key));
    }

    readonly struct RandomJob<TDraw>(float* y, int n, PhiloxKey key) : IJob where TDraw : struct, IDraw
    {
        readonly PhiloxKey key = key;

        public void Execute(int index)
        {
            int start = index * WorkerPool.Grain, count = Math.Min(WorkerPool.Grain, n - start);
            ulong block = (key.Offset + (ulong)start) / 4;
            if (PhiloxLanes512.IsSupported) RandomLoop<TDraw>.Run<PhiloxLanes512, Simd512>(y + start, count, key, block);
            else if (PhiloxLanes256.IsSupported) RandomLoop<TDraw>.Run<PhiloxLanes256, Simd256>(y + start, count, key, block);
            else RandomLoop<TDraw>.RunBlocks(y + start, count, key, block);
        }
    }
}

static unsafe class RandomLoop<TDraw> where TDraw : struct, IDraw
{
    /// <summary>Vectors of blocks, then the rest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Run<W, V>(float* y, int n, in PhiloxKey key, ulong block)
        where W : struct, IPhiloxLanes<W, V> where V : unmanaged, ISimd<V>
    {
        int i = 0;
        for (; i <= n - 4 * W.Count; i += 4 * W.Count, block += (ulong)W.Count)
        {
            Philox.Blocks<W, V>(key, block, out W c0, out W c1, out W c2, out W c3);
            V even = TDraw.Even(W.Top24(c0, c2), W.Top24(c1, c3), out V odd);
            W.Store(even, odd, y + i);
        }
        RunBlocks(y + i, n - i, key, block);
    }

    /// <summary>Block by block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void RunBlocks(float* y, int n, in PhiloxKey key, ulong block)
    {
        float* t = stackalloc float[4];
        for (int i = 0; i < n; i += 4, block++)
        {
            (uint c0, uint c1, uint c2, uint c3) = Philox.Block(key, block);
            TDraw.Even(Simd1.Create(c0 >> 8), Simd1.Create(c1 >> 8), out Simd1 odd).Store(t);
            odd.Store(t + 1);
            TDraw.Even(Simd1.Create(c2 >> 8), Simd1.Create(c3 >> 8), out odd).Store(t + 2);
            odd.Store(t + 3);
            for (int k = 0; k < Math.Min(4, n - i); k++) y[i + k] = t[k];
        }
    }
}
