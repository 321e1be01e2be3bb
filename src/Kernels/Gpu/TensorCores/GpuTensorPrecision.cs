using System.Runtime.CompilerServices;
using ILGPU;

namespace Sagan.Native.Kernels;

/// <summary>To what the factors of a product are rounded, and how many k of it lie in a word of 32 bits.</summary>
interface IGpuTensorPrecision
{
    /// <summary>True: two k in a word; false: one.</summary>
    static abstract bool Paired { get; }

    /// <summary>k that are multiplied between two barriers: 16 words.</summary>
    static abstract int Steps { get; }

    /// <summary>
    /// The next block of sums += what these parts of A, for the first and the second step, and the four B that were given make.
    /// </summary>
    static abstract void Multiply(GpuFloat4 first, GpuFloat4 second);
}

/// <summary>TF32: 8 bits of exponent, 10 bits of fraction.</summary>
readonly struct GpuTf32 : IGpuTensorPrecision
{
    const uint Dropped = 0x1FFF, Half = 0x1000;

    public static bool Paired => false;

    public static int Steps => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply(GpuFloat4 first, GpuFloat4 second) => GpuTensorCores.MultiplyTf32(first, second);

    /// <summary>
    /// To nearest, ties away from zero, as cvt.rna.tf32.f32, of which the assembler makes just these operations: written out, the result is
    /// a value that ILGPU knows of, and four of them can be stored at once. Infinities and NaN stay.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Round(float x)
    {
        uint bits = Interop.FloatAsInt(x);
        if (MathF.Abs(x) < float.PositiveInfinity) bits += Half;
        return Interop.IntAsFloat(bits & ~Dropped);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat4 Round(float x, float y, float z, float w) => new(Round(x), Round(y), Round(z), Round(w));
}

/// <summary>BF16: 8 bits of exponent, 7 bits of fraction.</summary>
[MinBlocksPerSM(2)]
readonly struct GpuBf16 : IGpuTensorPrecision
{
    public static bool Paired => true;

    public static int Steps => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply(GpuFloat4 first, GpuFloat4 second) => GpuTensorCores.MultiplyBf16(first, second);
}
