using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>How a reduction makes one value of two.</summary>
interface IGpuFold<T> where T : unmanaged
{
    static abstract T Of(T a, T b);
}

/// <summary>a + b.</summary>
readonly struct GpuAdd : IGpuFold<float>, IGpuFold<int>, IGpuFold<GpuFloat4>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of(float a, float b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Of(int a, int b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat4 Of(GpuFloat4 a, GpuFloat4 b) => a + b;
}

/// <summary>The larger of a and b; a where b is NaN.</summary>
readonly struct GpuLarger : IGpuFold<float>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of(float a, float b) => b > a ? b : a;
}

/// <summary>The larger of a and b; NaN where one is.</summary>
readonly struct GpuLargerOrNaN : IGpuFold<float>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of(float a, float b) => float.IsNaN(a) || a > b ? a : b;
}
