namespace Sagan.Native.Kernels;

/// <summary>
/// Philox4x32-10: a counter of four 32-bit words goes through ten rounds of multiply and xor under a key of two words. Source: Salmon et
/// al. 2011, "Parallel random numbers: as easy as 1, 2, 3", section 3.3. Counter = (block low, block high, stream low, stream high), key =
/// (seed low, seed high).
/// </summary>
static class ReferenceRandom
{
    /// <summary>y[i] = (lane / 2^8) 2^-24: the top 24 bits, which a float holds exactly.</summary>
    public static void RandomUniform(Storage ys, int n, in PhiloxKey key)
    {
        Span<float> y = ys.Values();
        for (int i = 0; i < n; i++) y[i] = (float)(Top24(key, i) * Unit);
    }

    /// <summary>
    /// u1 = (top 24 bits of the even lane + 1) 2^-24 in (0, 1], u2 = top 24 bits of the odd lane 2^-24, r = sqrt(-2 ln u1):
    /// the even element is r cos(2 pi u2), the odd one r sin(2 pi u2). Source: Box and Muller 1958.
    /// </summary>
    public static void RandomNormal(Storage ys, int n, in PhiloxKey key)
    {
        Span<float> y = ys.Values();
        for (int i = 0; i < n; i++)
        {
            int even = i & ~1;
            double u1 = (Top24(key, even) + 1) * Unit, u2 = Top24(key, even + 1) * Unit;
            double r = Math.Sqrt(-2 * Math.Log(u1));
            y[i] = (float)(r * (i == even ? Math.Cos(2 * Math.PI * u2) : Math.Sin(2 * Math.PI * u2)));
        }
    }

    const double Unit = 1.0 / (1 << 24);

    static uint Top24(in PhiloxKey key, int i)
    {
        ulong element = key.Offset + (ulong)i;
        return Philox(key, element / 4)[(int)(element % 4)] >> 8;
    }

    /// <summary>The four lanes of a counter block.</summary>
    internal static uint[] Philox(in PhiloxKey key, ulong block)
    {
        uint c0 = (uint)block, c1 = (uint)(block >> 32), c2 = (uint)key.Stream, c3 = (uint)(key.Stream >> 32);
        uint k0 = (uint)key.Seed, k1 = (uint)(key.Seed >> 32);
        for (int round = 0; round < 10; round++)
        {
            ulong p0 = 0xD2511F53UL * c0, p1 = 0xCD9E8D57UL * c2;
            (c0, c1, c2, c3) = ((uint)(p1 >> 32) ^ c1 ^ k0, (uint)p1, (uint)(p0 >> 32) ^ c3 ^ k1, (uint)p0);
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        return [c0, c1, c2, c3];
    }
}
