using System.Runtime.CompilerServices;
using ILGPU;

namespace Sagan.Native.Kernels;

/// <summary>
/// One GPU thread as a vector of one lane, so that an elementwise function has one form for both: the polynomials of <see cref="SimdMath"/>
/// instead of the device's approximations (tanh.approx has 11 bits). MultiplyAdd is a multiplication and an addition that the device's
/// compiler may round once or twice: results differ from the CPU's by the last bits.
/// </summary>
readonly unsafe struct GpuLane(float value) : ISimd<GpuLane>
{
    readonly float v = value;

    public float Value => v;

    public static int Count => 1;

    public static GpuLane Load(float* p) => new(*p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuLane Create(float value) => new(value);

    public void Store(float* p) => *p = v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuLane operator +(GpuLane a, GpuLane b) => new(a.v + b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuLane operator -(GpuLane a, GpuLane b) => new(a.v - b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuLane operator *(GpuLane a, GpuLane b) => new(a.v * b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuLane operator /(GpuLane a, GpuLane b) => new(a.v / b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuLane operator -(GpuLane a) => new(-a.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuLane MultiplyAdd(GpuLane a, GpuLane b, GpuLane c) => new(a.v * b.v + c.v);

    // Not MathF.Max: the device's instruction gives the number where one operand is NaN. Equal operands differ in the sign of 0 at most: 0
    // is above -0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuLane Max(GpuLane a, GpuLane b) =>
        a.v == b.v ? new(Interop.IntAsFloat(Bits(a) & Bits(b))) : new(float.IsNaN(a.v) || a.v > b.v ? a.v : b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuLane Min(GpuLane a, GpuLane b) =>
        a.v == b.v ? new(Interop.IntAsFloat(Bits(a) | Bits(b))) : new(float.IsNaN(a.v) || a.v < b.v ? a.v : b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuLane Clamp(GpuLane x, float low, float high) => new(x.v < low ? low : x.v > high ? high : x.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuLane Abs(GpuLane a) => new(Interop.IntAsFloat(Bits(a) & 0x7FFFFFFFu));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuLane CopySign(GpuLane a, GpuLane sign) =>
        new(Interop.IntAsFloat((Bits(a) & 0x7FFFFFFFu) | (Bits(sign) & 0x80000000u)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuLane Sqrt(GpuLane a) => new(MathF.Sqrt(a.v));

    // |a| is below 2^22 wherever SimdMath rounds.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuLane Round(GpuLane a) => new(a.v + 12582912f - 12582912f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuLane GreaterThan(GpuLane a, GpuLane b) => Mask(a.v > b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuLane GreaterThanOrEqual(GpuLane a, GpuLane b) => Mask(a.v >= b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuLane EqualTo(GpuLane a, GpuLane b) => Mask(a.v == b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuLane Select(GpuLane mask, GpuLane a, GpuLane b) => Bits(mask) != 0 ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuLane PowerOfTwo(GpuLane n) => new(Interop.IntAsFloat(Bits(new GpuLane(n.v + (8388608f + 127))) << 23));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuLane Scale(GpuLane a, GpuLane n) => SimdMath.ScaleInTwoSteps(a, n);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuLane Frexp(GpuLane x, out GpuLane exponent)
    {
        // An arithmetic shift: the difference can be negative.
        int bits = (int)Bits(SimdMath.ScaleDenormals(x, out GpuLane shift)), e = (bits - SimdMath.MantissaBits) >> 23;
        exponent = new(e + shift.v);
        return SimdMath.FrexpEdges(x, new(Interop.IntAsFloat((uint)(bits - (e << 23)))), ref exponent);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint Bits(GpuLane a) => Interop.FloatAsInt(a.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static GpuLane Mask(bool b) => new(Interop.IntAsFloat(b ? 0xFFFFFFFFu : 0u));
}
