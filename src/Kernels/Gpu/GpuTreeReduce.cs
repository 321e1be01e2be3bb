using System.Runtime.CompilerServices;
using ILGPU;

namespace Sagan.Native.Kernels;

/// <summary>
/// Sums and maxima over neighbouring threads of a thread block, in a fixed order. All threads of the thread block call it; shared has an
/// element for each of them. A row of lanes, a power of two of them, is a tree of its own, and each of its threads gets the result:
/// ((v0 + v4) + (v2 + v6)) + ((v1 + v5) + (v3 + v7)) for 8 lanes, and so on. The barrier at the beginning lets shared memory be used again
/// at once.
/// </summary>
static class GpuTreeReduce
{
    /// <summary>The sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(ArrayView<float> shared, int lanes, float value) => Fold<float, GpuAdd>(shared, lanes, value);

    /// <summary>The sum of integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sum(ArrayView<int> shared, int lanes, int value) => Fold<int, GpuAdd>(shared, lanes, value);

    /// <summary>The largest; NaN counts as nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(ArrayView<float> shared, int lanes, float value) => Fold<float, GpuLarger>(shared, lanes, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T Fold<T, TFold>(ArrayView<T> shared, int lanes, T value) where T : unmanaged where TFold : struct, IGpuFold<T>
    {
        int t = Group.IdxX, lane = t & (lanes - 1);
        Group.Barrier();
        shared[t] = value;
        for (int half = lanes >> 1; half > 0; half >>= 1)
        {
            Group.Barrier();
            if (lane < half) shared[t] = TFold.Of(shared[t], shared[t + half]);
        }
        Group.Barrier();
        return shared[t - lane];
    }
}
