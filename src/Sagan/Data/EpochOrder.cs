namespace Sagan.Native.Data;

/// <summary>
/// The order in which samples are drawn: sample number p (counted over all batches from 0) is element p mod n of the permutation of epoch p
/// / n, which depends on (seed, epoch) alone (Fisher-Yates with counter-based draws). Nothing is dropped: the tail of an epoch flows into
/// the next permutation. Not thread-safe: it keeps the last permutation.
/// </summary>
sealed class EpochOrder(ulong seed, int count)
{
    const ulong Stream = 0x0DE5;

    readonly int[] order = new int[count];
    long epoch = -1;

    /// <summary>Index of the image that is sample number <paramref name="sample"/>.</summary>
    public int this[long sample]
    {
        get
        {
            (long e, long i) = Math.DivRem(sample, count);
            if (e != epoch)
            {
                Shuffle(e);
            }
            return order[i];
        }
    }

    void Shuffle(long e)
    {
        ulong key = CounterRandom.Bits(seed, Stream, (ulong)e);
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }
        for (int i = order.Length - 1; i > 0; i--)
        {
            int j = CounterRandom.Below(i + 1, key, Stream, (ulong)i);
            (order[i], order[j]) = (order[j], order[i]);
        }
        epoch = e;
    }
}
