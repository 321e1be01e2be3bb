using ILGPU;

namespace Sagan.Native.Kernels;

// Adam over a group of parameters in one launch: the formulas are in IFusedAdam, the factors in AdamFactors.
// Which thread does what: a group of 256 threads takes a chunk of 1024 elements of one slot, four neighbours a thread, with loads and
// stores of 16 bytes: every storage begins at a multiple of 64 floats of its segment. `chunks` says which slot and which elements, so no
// thread searches; `slots` where its four storages begin in their segments and how many elements they have. The last thread of a slot
// stores its elements one by one.
// Work: reads p, g, m, v and writes p, m, v: 28 bytes an element, one division and one square root: bound by memory. The tables are 8 bytes
// for 1024 elements.

/// <summary>One step for the chunks from <paramref name="firstChunk"/> on, which lie in the given segments.</summary>
readonly struct GpuAdamKernel(ArrayView<float> p, ArrayView<float> g, ArrayView<float> m, ArrayView<float> v, ArrayView<int> slots,
    ArrayView<int> chunks, int firstChunk, AdamFactors f) : IGpuKernel
{
    /// <summary>Elements of a chunk.</summary>
    public const int Chunk = 1024;

    /// <summary>Numbers of a slot: where p, g, m, v begin, and the count.</summary>
    public const int SlotInts = 5;

    public void Run()
    {
        int chunk = 2 * (firstChunk + Grid.IdxX), slot = SlotInts * chunks[chunk], i = chunks[chunk + 1] + 4 * Group.IdxX,
            left = slots[slot + 4] - i;
        if (left <= 0) return;
        int ip = slots[slot] + i, im = slots[slot + 2] + i, iv = slots[slot + 3] + i;
        ArrayView<GpuFloat4> p4 = p.Cast<GpuFloat4>(), m4 = m.Cast<GpuFloat4>(), v4 = v.Cast<GpuFloat4>();
        GpuFloat4 pi = p4[ip >> 2], gi = g.Cast<GpuFloat4>()[slots[slot + 1] + i >> 2], mi = m4[im >> 2], vi = v4[iv >> 2];
        Step(ref pi.X, gi.X, ref mi.X, ref vi.X);
        Step(ref pi.Y, gi.Y, ref mi.Y, ref vi.Y);
        Step(ref pi.Z, gi.Z, ref mi.Z, ref vi.Z);
        Step(ref pi.W, gi.W, ref mi.W, ref vi.W);
        if (left >= 4)
        {
            p4[ip >> 2] = pi;
            m4[im >> 2] = mi;
            v4[iv >> 2] = vi;
            return;
        }
        Store(p, ip, pi, left);
        Store(m, im, mi, left);
        Store(v, iv, vi, left);
    }

    void Step(ref float p, float g, ref float m, ref float v)
    {
        m = m - f.Rest1 * m + f.Rest1 * g;
        v = v - f.Rest2 * v + f.Rest2 * g * g;
        p += f.Rate * m / (MathF.Sqrt(v) * f.RootScale + f.Epsilon);
    }

    // The first one to three.
    static void Store(ArrayView<float> y, int i, GpuFloat4 value, int count)
    {
        y[i] = value.X;
        if (count > 1) y[i + 1] = value.Y;
        if (count > 2) y[i + 2] = value.Z;
    }
}
