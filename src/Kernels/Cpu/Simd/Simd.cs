using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Sagan.Native.Kernels;

/// <summary>
/// A loop written once for every vector width. Run must be marked AggressiveOptimization (the JIT's first tier leaves each vector operation
/// a call: 50x slower for the first calls) and NoInlining (inlined into its job, a long loop uses up the JIT's inlining budget and its
/// operations stay calls: 10x slower).
/// </summary>
interface ISimdLoop
{
    void Run<V>() where V : unmanaged, ISimd<V>;
}

static unsafe class Simd
{
    /// <summary>
    /// Runs a loop on the widest vectors that this machine has in hardware. The tests are constants to the JIT: one branch is left.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<TLoop>(in TLoop loop) where TLoop : struct, ISimdLoop
    {
        if (Vector512.IsHardwareAccelerated) loop.Run<Simd512>();
        else if (Vector256.IsHardwareAccelerated) loop.Run<Simd256>();
        else if (Vector128.IsHardwareAccelerated) loop.Run<Simd128>();
        else loop.Run<Simd1>();
    }

    /// <summary>
    /// Stores the first <paramref name="count"/> lanes, at most V.Count: the end of an array whose neighbour must not be touched.
    /// </summary>
    public static void StoreFirst<V>(V v, float* p, int count) where V : unmanaged, ISimd<V>
    {
        float* t = stackalloc float[16];
        v.Store(t);
        for (int i = 0; i < count; i++) p[i] = t[i];
    }
}
