namespace Sagan.Native.Data;

/// <summary>
/// Random numbers of a position instead of a state: the value depends on (seed, stream, counter) alone, so any place of a sequence is
/// reached without drawing what lies before. The mixing function is the finaliser of SplitMix64 (Steele, Lea, Flood 2014), applied once per
/// key word.
/// </summary>
static class CounterRandom
{
    /// <summary>64 random bits of the position.</summary>
    public static ulong Bits(ulong seed, ulong stream, ulong counter) => Mix(Mix(Mix(seed) ^ stream) ^ counter);

    /// <summary>A number in [0, below).</summary>
    public static int Below(int below, ulong seed, ulong stream, ulong counter) =>
        (int)Math.BigMul(Bits(seed, stream, counter), (ulong)below, out _);

    /// <summary>A number in [0, 1) with 24 bits.</summary>
    public static float Unit(ulong seed, ulong stream, ulong counter) => (Bits(seed, stream, counter) >> 40) * (1f / (1 << 24));

    static ulong Mix(ulong z)
    {
        z += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
