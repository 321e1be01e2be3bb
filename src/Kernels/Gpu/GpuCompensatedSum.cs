using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>A running sum of T's that carries its rounding errors along.</summary>
interface IGpuSum<TSelf, T> where TSelf : struct, IGpuSum<TSelf, T>
{
    /// <summary>The sum with one more term.</summary>
    TSelf Plus(T x);

    /// <summary>The sum so far.</summary>
    T Value { get; }

    /// <summary>a + b, for the tree over threads.</summary>
    static abstract T Add(T a, T b);
}

/// <summary>
/// sum + error is the exact sum but for errors of second order: each addition's own rounding error, found exactly with five more additions
/// (Knuth's two-sum), goes into error. So a thread may add as many terms as it likes, where the CPU cuts its sums into pieces; six
/// additions hide behind one load. An infinite sum stays infinite.
/// </summary>
readonly struct GpuCompensatedSum(float sum, float error) : IGpuSum<GpuCompensatedSum, float>
{
    readonly float sum = sum, error = error;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCompensatedSum Plus(float x)
    {
        float s = sum + x, added = s - sum;
        return new(s, error + (sum - (s - added) + (x - added)));
    }

    public float Value
    {
        // The error of an infinite sum is NaN.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => float.IsNaN(error) ? sum : sum + error;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Add(float a, float b) => a + b;
}

/// <summary>Four sums side by side.</summary>
readonly struct GpuCompensatedSum4(GpuCompensatedSum x, GpuCompensatedSum y, GpuCompensatedSum z, GpuCompensatedSum w)
    : IGpuSum<GpuCompensatedSum4, GpuFloat4>
{
    readonly GpuCompensatedSum x = x, y = y, z = z, w = w;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCompensatedSum4 Plus(GpuFloat4 v) => new(x.Plus(v.X), y.Plus(v.Y), z.Plus(v.Z), w.Plus(v.W));

    public GpuFloat4 Value
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(x.Value, y.Value, z.Value, w.Value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat4 Add(GpuFloat4 a, GpuFloat4 b) => a + b;
}
