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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(ArrayView<float> shared, float value)
    {
        int t = Group.IdxX;
        shared[t] = value;
        Group.Barrier();
        if (t < Few)
        {
            float part = shared[t];
            for (int i = t + Few; i < Group.DimX; i += Few) part += shared[i];
            shared[Most + t] = part;
        }
        Group.Barrier();
        float sum = shared[Most];
        for (int i = 1; i < Few; i++) sum += shared[Most + i];
        return sum;
    }

    /// <summary>Four sums at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat4 Sum(ArrayView<GpuFloat4> shared, GpuFloat4 value)
    {
        int t = Group.IdxX;
        shared[t] = value;
        Group.Barrier();
        if (t < Few)
        {
            GpuFloat4 part = shared[t];
            for (int i = t + Few; i < Group.DimX; i += Few) part += shared[i];
            shared[Most + t] = part;
        }
        Group.Barrier();
        GpuFloat4 sum = shared[Most];
        for (int i = 1; i < Few; i++) sum += shared[Most + i];
        return sum;
    }

    /// <summary>The largest value; NaN where one is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(ArrayView<float> shared, float value)
    {
        int t = Group.IdxX;
        shared[t] = value;
        Group.Barrier();
        if (t < Few)
        {
            float part = shared[t];
            for (int i = t + Few; i < Group.DimX; i += Few) part = Larger(part, shared[i]);
            shared[Most + t] = part;
        }
        Group.Barrier();
        float max = shared[Most];
        for (int i = 1; i < Few; i++) max = Larger(max, shared[Most + i]);
        return max;
    }

    /// <summary>The larger of a and b; NaN where one is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Larger(float a, float b) => float.IsNaN(a) || a > b ? a : b;
}
