using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sagan.Native.Kernels;

/// <summary>What attention computes on every device: the sign and unit of scores, and 2^x.</summary>
static class AttentionMath
{
    /// <summary>
    /// The sign that turns q . k into a score: a maximum over scores is one of scale q . k, and no score is rounded but in its sum.
    /// </summary>
    public static float Sign(float scale) => scale < 0 ? -1 : 1;

    /// <summary>
    /// |scale| / log 2, by which the difference of two scores becomes the exponent of a power of two. Above 0, so that no -infinity is
    /// multiplied by 0.
    /// </summary>
    public static float Unit(float scale) => MathF.Max(MathF.Abs(scale) * SimdMath.Log2E, 1e-37f);

    /// <summary>
    /// 2^x for x &lt; 128; where x &lt; -126 some value of at most 2^-126. NaN stays NaN. |relative error| at most 2.5e-7: minimax
    /// polynomials of degree 5.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exp2<V>(V x) where V : unmanaged, ISimd<V>
    {
        if (typeof(V) == typeof(Simd512) && Avx512DQ.IsSupported)
            return Unsafe.BitCast<Vector512<float>, V>(Exp2(Unsafe.BitCast<V, Vector512<float>>(x)));
        return Exp2OfAnyWidth(x);
    }

    /// <summary><see cref="Exp2"/> without instructions of one processor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exp2OfAnyWidth<V>(V x) where V : unmanaged, ISimd<V>
    {
        x = V.Clamp(x, -126, 127);
        V n = V.Round(x), f = x - n, p = V.Create(0.00132764725f);
        p = V.MultiplyAdd(p, f, V.Create(0.00967554096f));
        p = V.MultiplyAdd(p, f, V.Create(0.0555071309f));
        p = V.MultiplyAdd(p, f, V.Create(0.240221202f));
        p = V.MultiplyAdd(p, f, V.Create(0.693146944f));
        p = V.MultiplyAdd(p, f, V.Create(1.00000012f));
        return p * V.PowerOfTwo(n);
    }

    // AVX-512 has x - floor(x) and p 2^floor(x) as instructions: twice the speed (12.8 against 6.1 exponentials a nanosecond).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> Exp2(Vector512<float> x)
    {
        const byte MinusFloor = 1;
        Vector512<float> f = Avx512DQ.Reduce(x, MinusFloor), p = Vector512.Create(0.00187757669f);
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.00898933969f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.0558263175f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.240153611f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.693153083f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.99999994f));
        return Avx512F.Scale(p, x);
    }
}
