using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>
/// Philox4x32-10: a counter of four 32-bit words goes through ten rounds of multiply and xor under a key of two words. Counter = (block
/// low, block high, stream low, stream high), key = (seed low, seed high). Source: Salmon, Moraes, Dror and Shaw 2011, "Parallel random
/// numbers: as easy as 1, 2, 3".
/// </summary>
static class Philox
{
    const uint M0 = 0xD2511F53, M1 = 0xCD9E8D57, W0 = 0x9E3779B9, W1 = 0xBB67AE85;
    const int Rounds = 10;

    /// <summary>One block of four words.</summary>
    public static (uint, uint, uint, uint) Block(in PhiloxKey key, ulong block)
    {
        uint c0 = (uint)block, c1 = (uint)(block >> 32), c2 = (uint)key.Stream, c3 = (uint)(key.Stream >> 32);
        uint k0 = (uint)key.Seed, k1 = (uint)(key.Seed >> 32);
        for (int round = 0; round < Rounds; round++)
        {
            ulong p0 = (ulong)M0 * c0, p1 = (ulong)M1 * c2;
            (c0, c1, c2, c3) = ((uint)(p1 >> 32) ^ c1 ^ k0, (uint)p1, (uint)(p0 >> 32) ^ c3 ^ k1, (uint)p0);
            k0 += W0;
            k1 += W1;
        }
        return (c0, c1, c2, c3);
    }

    /// <summary>
    /// A block per 64-bit lane. A word occupies the low half of its lane and what is left in the high half is never read: the 32 x 32 to 64
    /// bit multiplication takes low halves, so that a round needs no masking and no shuffling.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Blocks<W, V>(in PhiloxKey key, ulong first, out W c0, out W c1, out W c2, out W c3)
        where W : struct, IPhiloxLanes<W, V>
    {
        c0 = W.Counters(first);
        c1 = W.High(c0);
        c2 = W.Create((uint)key.Stream);
        c3 = W.Create((uint)(key.Stream >> 32));
        W k0 = W.Create((uint)key.Seed), k1 = W.Create((uint)(key.Seed >> 32)), m0 = W.Create(M0), m1 = W.Create(M1), w0 = W.Create(W0),
            w1 = W.Create(W1);
        for (int round = 0; round < Rounds; round++)
        {
            W p0 = W.Multiply(m0, c0), p1 = W.Multiply(m1, c2);
            c0 = W.Xor(W.High(p1), c1, k0);
            c1 = p1;
            c2 = W.Xor(W.High(p0), c3, k1);
            c3 = p0;
            k0 = W.Add(k0, w0);
            k1 = W.Add(k1, w1);
        }
    }
}
