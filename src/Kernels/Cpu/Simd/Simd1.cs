using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>One lane: where no vector hardware may be used. The same bits as the vectors where there is fused multiply-add.</summary>
readonly unsafe struct Simd1(float value) : ISimd<Simd1>
{
    readonly float v = value;

    public static int Count => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd1 Load(float* p) => new(*p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd1 Create(float value) => new(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* p) => *p = v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd1 operator +(Simd1 a, Simd1 b) => new(a.v + b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd1 operator -(Simd1 a, Simd1 b) => new(a.v - b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd1 operator *(Simd1 a, Simd1 b) => new(a.v * b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd1 operator /(Simd1 a, Simd1 b) => new(a.v / b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd1 operator -(Simd1 a) => new(-a.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd1 MultiplyAdd(Simd1 a, Simd1 b, Simd1 c) => new(float.MultiplyAddEstimate(a.v, b.v, c.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd1 Max(Simd1 a, Simd1 b) => new(MathF.Max(a.v, b.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd1 Min(Simd1 a, Simd1 b) => new(MathF.Min(a.v, b.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd1 Clamp(Simd1 x, float low, float high) => new(x.v < low ? low : x.v > high ? high : x.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd1 Abs(Simd1 a) => new(MathF.Abs(a.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd1 CopySign(Simd1 a, Simd1 sign) => new(MathF.CopySign(a.v, sign.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd1 Sqrt(Simd1 a) => new(MathF.Sqrt(a.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd1 Round(Simd1 a) => new(MathF.Round(a.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd1 GreaterThan(Simd1 a, Simd1 b) => Mask(a.v > b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd1 GreaterThanOrEqual(Simd1 a, Simd1 b) => Mask(a.v >= b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd1 EqualTo(Simd1 a, Simd1 b) => Mask(a.v == b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd1 Select(Simd1 mask, Simd1 a, Simd1 b) => BitConverter.SingleToInt32Bits(mask.v) != 0 ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd1 PowerOfTwo(Simd1 n) =>
        new(BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(n.v + (8388608f + 127)) << 23));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd1 Scale(Simd1 a, Simd1 n) => SimdMath.ScaleInTwoSteps(a, n);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd1 Frexp(Simd1 x, out Simd1 exponent)
    {
        int bits = BitConverter.SingleToInt32Bits(SimdMath.ScaleDenormals(x, out Simd1 shift).v), e = (bits - SimdMath.MantissaBits) >> 23;
        exponent = new(e + shift.v);
        return SimdMath.FrexpEdges(x, new(BitConverter.Int32BitsToSingle(bits - (e << 23))), ref exponent);
    }

    static Simd1 Mask(bool b) => new(BitConverter.Int32BitsToSingle(b ? -1 : 0));
}
