using System.Runtime.CompilerServices;
using ILGPU;

namespace Sagan.Native.Kernels;

/// <summary>
/// Reductions over the threads of a thread block, a multiple of 16 and at most 256, in a fixed order: sixteen threads take every sixteenth
/// value each, then every thread takes those sixteen results. All threads of the thread block take part and get the result. The shared
/// memory has <see cref="Shared"/> elements and is used for one reduction only.
/// </summary>
static class GpuBlockReduce
{
    const int Most = 256, Few = 16;

    /// <summary>Elements of shared memory for a reduction.</summary>
    public const int Shared = Most + Few;

    /// <summary>The sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(ArrayView<float> shared, float value) => Fold<float, GpuAdd>(shared, value);

    /// <summary>Four sums at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat4 Sum(ArrayView<GpuFloat4> shared, GpuFloat4 value) => Fold<GpuFloat4, GpuAdd>(shared, value);

    /// <summary>The largest value; NaN where one is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(ArrayView<float> shared, float value) => Fold<float, GpuLargerOrNaN>(shared, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T Fold<T, TFold>(ArrayView<T> shared, T value) where T : unmanaged where TFold : struct, IGpuFold<T>
    {
        int t = Group.IdxX;
        shared[t] = value;
        Group.Barrier();
        if (t < Few)
        {
            T part = shared[t];
            for (int i = t + Few; i < Group.DimX; i += Few) part = TFold.Of(part, shared[i]);
            shared[Most + t] = part;
        }
        Group.Barrier();
        T all = shared[Most];
        for (int i = 1; i < Few; i++) all = TFold.Of(all, shared[Most + i]);
        return all;
    }
}
