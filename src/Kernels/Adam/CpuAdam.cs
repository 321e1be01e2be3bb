using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

// Adam over a group of parameters in one parallel region: the formulas are in IFusedAdam. The group is one line of elements, slot after
// slot; a job is WorkerPool.Grain of them, found by binary search, so that parameters of 3 and of 3 million elements share the work evenly.
// Memory-bound: reads p, g, m, v and writes p, m, v: 28 bytes an element; one division and one square root (correctly rounded, the same
// bits on every machine).
// Timings: benchmarks/kernel-notes.md.
static unsafe class CpuAdam
{
    struct AdamPart
    {
        // Where the slot begins on the line.
        public long Start;
        public float* P, G, M, V;
    }

    /// <inheritdoc cref="IFusedAdam.Adam"/>
    public static void Adam(ReadOnlySpan<AdamSlot> group, in AdamSpec s)
    {
        using ScratchScope scratch = ScratchArena.Enter();
        // One more part marks the end of the line.
        AdamPart* parts = scratch.Of<AdamPart>(group.Length + 1);
        long start = 0;
        for (int i = 0; i < group.Length; i++)
        {
            AdamSlot slot = group[i];
            float* p = slot.P.Pointer(), g = slot.G.Pointer(), m = slot.M.Pointer(), v = slot.V.Pointer();
            parts[i] = new AdamPart { Start = start, P = p, G = g, M = m, V = v };
            start += slot.Count;
        }
        parts[group.Length].Start = start;
        WorkerPool.Run((int)((start + WorkerPool.Grain - 1) / WorkerPool.Grain), new AdamJob(parts, group.Length, new AdamFactors(s)));
    }

    readonly struct AdamJob(AdamPart* parts, int count, AdamFactors f) : IJob
    {
        public void Execute(int index)
        {
            long at = (long)index * WorkerPool.Grain, end = Math.Min(at + WorkerPool.Grain, parts[count].Start);
            // The last part that begins at or before `at`; empty slots begin where the next one does.
            int part = 0;
            for (int last = count - 1; part < last;)
            {
                int middle = (part + last + 1) / 2;
                if (parts[middle].Start <= at) part = middle;
                else last = middle - 1;
            }
            for (; at < end; part++)
            {
                AdamPart p = parts[part];
                long i = at - p.Start;
                int n = (int)(Math.Min(end, parts[part + 1].Start) - at);
                Simd.Run(new AdamLoop(p.P + i, p.G + i, p.M + i, p.V + i, n, f));
                at += n;
            }
        }
    }
}

readonly unsafe struct AdamLoop(float* p, float* g, float* m, float* v, int n, AdamFactors f) : ISimdLoop
{
    readonly float* p = p, g = g, m = m, v = v;
    readonly int n = n;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Run<V>() where V : unmanaged, ISimd<V>
    {
        V rest1 = V.Create(f.Rest1), rest2 = V.Create(f.Rest2);
        V rootScale = V.Create(f.RootScale), epsilon = V.Create(f.Epsilon), rate = V.Create(f.Rate);
        float* p = this.p, g = this.g, m = this.m, v = this.v;
        int n = this.n;
        for (int i = 0; i < n; i += V.Count)
        {
            V gi = V.Load(g + i), mi = V.Load(m + i), vi = V.Load(v + i);
            // Exactly g and g^2 where a beta is 0.
            mi = V.MultiplyAdd(rest1, gi, V.MultiplyAdd(-rest1, mi, mi));
            vi = V.MultiplyAdd(rest2 * gi, gi, V.MultiplyAdd(-rest2, vi, vi));
            V pi = V.Load(p + i) + rate * mi / V.MultiplyAdd(V.Sqrt(vi), rootScale, epsilon);
            if (n - i >= V.Count)
            {
                mi.Store(m + i);
                vi.Store(v + i);
                pi.Store(p + i);
                continue;
            }
            Simd.StoreFirst(mi, m + i, n - i);
            Simd.StoreFirst(vi, v + i, n - i);
            Simd.StoreFirst(pi, p + i, n - i);
        }
    }
}
