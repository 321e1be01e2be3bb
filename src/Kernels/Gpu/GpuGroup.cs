using System.Runtime.CompilerServices;
using ILGPU;

namespace Sagan.Native.Kernels;

/// <summary>
/// Reductions over the threads of a group of 256 in a fixed order: sixteen threads take sixteen values each, then every thread takes those sixteen results.
/// All threads of the group take part and get the result. shared memory has <see cref="Shared"/> elements and is used for one reduction only.
/// </summary>
static class GpuGroup
{
    const int Threads = 256, Few = 16;

    /// <summary>Floats of shared memory for a reduction.</summary>
    public const int Shared = Threads + Few;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(ArrayView<float> shared, float value)
    {
        int t = Group.IdxX;
        shared[t] = value;
        Group.Barrier();
        if (t < Few)
        {
            float part = shared[t];
            for (int i = t + Few; i < Threads; i += Few) part += shared[i];
            shared[Threads + t] = part;
        }
        Group.Barrier();
        float sum = shared[Threads];
        for (int i = 1; i < Few; i++) sum += shared[Threads + i];
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
            for (int i = t + Few; i < Threads; i += Few) part = Larger(part, shared[i]);
            shared[Threads + t] = part;
        }
        Group.Barrier();
        float max = shared[Threads];
        for (int i = 1; i < Few; i++) max = Larger(max, shared[Threads + i]);
        return max;
    }

    /// <summary>The larger of a and b; NaN where one is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Larger(float a, float b) => float.IsNaN(a) || a > b ? a : b;
}
