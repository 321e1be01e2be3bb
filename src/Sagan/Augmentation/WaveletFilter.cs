namespace Sagan.Native.Augmentation;

/// <summary>
/// Doubling and halving the size of an image along one axis with the low-pass filter h of the symlet wavelet of order 6 (Daubechies 1992,
/// table 6.3), as matrices. With x reflected at its edges, x[-1 - i] = x[i] = x[2 n - 1 - i],
/// <code>doubled[j] = sqrt 2 sum_i h[j + 5 - 2 i] x[i]        halved[i] = 1 / sqrt 2 sum_k h[k] z[2 i + k - 5]</code>
/// h has norm 1 and is orthogonal to itself shifted by an even number, so halving what was doubled gives it back; its largest number, h[5],
/// lies at pixel i itself.
/// </summary>
static class WaveletFilter
{
    /// <summary>What halving reads before the first and, less one, after the last pixel.</summary>
    public const int Reach = 5;

    /// <summary>h.</summary>
    public static ReadOnlySpan<double> Sym6 =>
    [
        0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633, 0.4910559419267466, 0.787641141030194,
        0.3379294217276218, -0.07263752278646252, -0.021060292512300564, 0.04472490177066578, 0.0017677118642428036, -0.007800708325034148,
    ];

    /// <summary>[4 n, n]: x, reflected at its end, doubled. That is one period of what goes on without end in both directions.</summary>
    public static float[] Doubling(int n)
    {
        float[] m = new float[4 * n * n];
        for (int j = 0; j < 4 * n; j++)
            for (int i = (j - 6) >> 1; i <= (j + Reach) >> 1; i++)
                if (j + Reach - 2 * i is >= 0 and < 12 and var k) m[j * n + Reflected(i, n)] += (float)(Math.Sqrt(2) * Sym6[k]);
        return m;
    }

    /// <summary>[n, 2 n + 10]: z from index -5 to 2 n + 4, halved.</summary>
    public static float[] Halving(int n)
    {
        int columns = 2 * n + 2 * Reach;
        float[] m = new float[n * columns];
        for (int i = 0; i < n; i++)
            for (int k = 0; k < Sym6.Length; k++) m[i * columns + 2 * i + k] = (float)(Sym6[k] / Math.Sqrt(2));
        return m;
    }

    /// <summary>The pixel of an image of n pixels that index i stands for, where the image is reflected at its edges without end.</summary>
    public static int Reflected(int i, int n)
    {
        int inPeriod = (i % (2 * n) + 2 * n) % (2 * n);
        return inPeriod < n ? inPeriod : 2 * n - 1 - inPeriod;
    }
}
