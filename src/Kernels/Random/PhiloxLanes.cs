using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sagan.Native.Kernels;

/// <summary>Blocks in 64-bit lanes, and the float vector of twice as many lanes that goes with them.</summary>
unsafe interface IPhiloxLanes<W, V> where W : struct, IPhiloxLanes<W, V>
{
    /// <summary>Blocks at a time.</summary>
    static abstract int Count { get; }
    static abstract W Create(uint word);

    /// <summary>
    /// The next <see cref="Count"/> block numbers, in the order that <see cref="Store"/> undoes: lane 2k has block k, lane 2k + 1 block k +
    /// Count / 2.
    /// </summary>
    static abstract W Counters(ulong first);

    /// <summary>The high half of each lane, moved to the low half.</summary>
    static abstract W High(W a);

    /// <summary>Low half times low half.</summary>
    static abstract W Multiply(W a, W b);
    static abstract W Add(W a, W b);
    static abstract W Xor(W a, W b, W c);

    /// <summary>The top 24 bits of a's words in the even and of b's in the odd float lanes, as numbers below 2^24.</summary>
    static abstract V Top24(W a, W b);

    /// <summary>
    /// Stores blocks in order, element 0 and 2 of each from <paramref name="even"/>, 1 and 3 from <paramref name="odd"/>.
    /// </summary>
    static abstract void Store(V even, V odd, float* y);
}

readonly unsafe struct PhiloxLanes512(Vector512<ulong> value) : IPhiloxLanes<PhiloxLanes512, Simd512>
{
    readonly Vector512<ulong> v = value;

    public static bool IsSupported => Vector512.IsHardwareAccelerated && Avx512F.IsSupported;

    public static int Count => 8;

    public static PhiloxLanes512 Create(uint word) => new(Vector512.Create((ulong)word));

    public static PhiloxLanes512 Counters(ulong first) => new(Vector512.Create(first) + Vector512.Create(0UL, 4, 1, 5, 2, 6, 3, 7));

    public static PhiloxLanes512 High(PhiloxLanes512 a) => new(a.v >>> 32);

    public static PhiloxLanes512 Multiply(PhiloxLanes512 a, PhiloxLanes512 b) => new(Avx512F.Multiply(a.v.AsUInt32(), b.v.AsUInt32()));

    public static PhiloxLanes512 Add(PhiloxLanes512 a, PhiloxLanes512 b) => new(a.v + b.v);

    public static PhiloxLanes512 Xor(PhiloxLanes512 a, PhiloxLanes512 b, PhiloxLanes512 c) => new(a.v ^ b.v ^ c.v);

    public static Simd512 Top24(PhiloxLanes512 a, PhiloxLanes512 b) =>
        new(Vector512.ConvertToSingle((((a.v & Vector512.Create(0xFFFFFFFFUL)) | (b.v << 32)).AsUInt32() >>> 8).AsInt32()));

    public static void Store(Simd512 even, Simd512 odd, float* y)
    {
        Avx512F.UnpackLow(even.Value, odd.Value).Store(y);
        Avx512F.UnpackHigh(even.Value, odd.Value).Store(y + 16);
    }
}

readonly unsafe struct PhiloxLanes256(Vector256<ulong> value) : IPhiloxLanes<PhiloxLanes256, Simd256>
{
    readonly Vector256<ulong> v = value;

    public static bool IsSupported => Avx2.IsSupported;

    public static int Count => 4;

    public static PhiloxLanes256 Create(uint word) => new(Vector256.Create((ulong)word));

    public static PhiloxLanes256 Counters(ulong first) => new(Vector256.Create(first) + Vector256.Create(0UL, 2, 1, 3));

    public static PhiloxLanes256 High(PhiloxLanes256 a) => new(a.v >>> 32);

    public static PhiloxLanes256 Multiply(PhiloxLanes256 a, PhiloxLanes256 b) => new(Avx2.Multiply(a.v.AsUInt32(), b.v.AsUInt32()));

    public static PhiloxLanes256 Add(PhiloxLanes256 a, PhiloxLanes256 b) => new(a.v + b.v);

    public static PhiloxLanes256 Xor(PhiloxLanes256 a, PhiloxLanes256 b, PhiloxLanes256 c) => new(a.v ^ b.v ^ c.v);

    public static Simd256 Top24(PhiloxLanes256 a, PhiloxLanes256 b) =>
        new(Vector256.ConvertToSingle((((a.v & Vector256.Create(0xFFFFFFFFUL)) | (b.v << 32)).AsUInt32() >>> 8).AsInt32()));

    public static void Store(Simd256 even, Simd256 odd, float* y)
    {
        Avx.UnpackLow(even.Value, odd.Value).Store(y);
        Avx.UnpackHigh(even.Value, odd.Value).Store(y + 8);
    }
}
