namespace Sagan.Native.Kernels;

/// <summary>
/// A vector of floats of some width, so that an elementwise function is written once and runs on 16, 8, 4 or 1 lanes. Comparisons give
/// all-ones or all-zeros lanes for <see cref="Select"/>. The struct wraps one hardware vector and the JIT keeps it in a register.
/// </summary>
unsafe interface ISimd<TSelf> where TSelf : unmanaged, ISimd<TSelf>
{
    static abstract int Count { get; }
    static abstract TSelf Load(float* p);
    static abstract TSelf Create(float value);
    void Store(float* p);
    static abstract TSelf operator +(TSelf a, TSelf b);
    static abstract TSelf operator -(TSelf a, TSelf b);
    static abstract TSelf operator *(TSelf a, TSelf b);
    static abstract TSelf operator /(TSelf a, TSelf b);
    static abstract TSelf operator -(TSelf a);

    /// <summary>a b + c, rounded once where the hardware can.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    /// <summary>The larger; NaN when either is NaN.</summary>
    static abstract TSelf Max(TSelf a, TSelf b);

    /// <summary>The smaller; NaN when either is NaN.</summary>
    static abstract TSelf Min(TSelf a, TSelf b);

    /// <summary>The nearest value in [low, high]; NaN stays NaN. Cheaper than <see cref="Max"/> and <see cref="Min"/>.</summary>
    static abstract TSelf Clamp(TSelf x, float low, float high);
    static abstract TSelf Abs(TSelf a);

    /// <summary>|a| with the sign bit of <paramref name="sign"/>.</summary>
    static abstract TSelf CopySign(TSelf a, TSelf sign);
    static abstract TSelf Sqrt(TSelf a);

    /// <summary>Nearest integer, ties to even.</summary>
    static abstract TSelf Round(TSelf a);

    /// <summary>Mask of a &gt; b.</summary>
    static abstract TSelf GreaterThan(TSelf a, TSelf b);

    /// <summary>Mask of a &gt;= b.</summary>
    static abstract TSelf GreaterThanOrEqual(TSelf a, TSelf b);

    /// <summary>Mask of a == b.</summary>
    static abstract TSelf EqualTo(TSelf a, TSelf b);

    /// <summary>mask ? a : b, lane by lane.</summary>
    static abstract TSelf Select(TSelf mask, TSelf a, TSelf b);

    /// <summary>2^n for integral n in [-126, 127].</summary>
    static abstract TSelf PowerOfTwo(TSelf n);

    /// <summary>a 2^n for |a| near 1 and integral n in [-252, 254]: overflows to infinity, denormal results are rounded once.</summary>
    static abstract TSelf Scale(TSelf a, TSelf n);

    /// <summary>
    /// Splits x &gt; 0 into mantissa in [3/4, 3/2) and exponent, x = mantissa 2^exponent. 0 and infinity have a finite mantissa and
    /// exponent minus and plus infinity; negative numbers and NaN have mantissa NaN.
    /// </summary>
    static abstract TSelf Frexp(TSelf x, out TSelf exponent);
}
