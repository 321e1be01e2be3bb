using Sagan.Native.Data;

namespace Sagan.Native.Augmentation;

/// <summary>
/// The random numbers of one image of one augmentation. Each belongs to a slot, so leaving one transformation out changes nothing for the
/// others, and none depends on what was drawn before.
/// </summary>
readonly struct ImageDraws(ulong seed, ulong draw, ulong stream, int image)
{
    readonly ulong key = CounterRandom.Bits(seed, stream, draw);

    /// <summary>A number in [0, 1).</summary>
    public double Uniform(int slot) => (Bits(slot) >> 11) * (1.0 / (1L << 53));

    /// <summary>A number in [low, high).</summary>
    public double Uniform(int slot, double low, double high) => low + (high - low) * Uniform(slot);

    /// <summary>A number in 0 .. below - 1.</summary>
    public int Below(int slot, int below) => CounterRandom.Below(below, key, (ulong)image, (ulong)slot);

    /// <summary>A standard normal number (Box and Muller 1958), of two halves of the slot's bits.</summary>
    public double Normal(int slot)
    {
        ulong bits = Bits(slot);
        double u = ((bits >> 32) + 1.0) / (1L << 32), v = (uint)bits / (double)(1L << 32);
        return Math.Sqrt(-2 * Math.Log(u)) * Math.Cos(2 * Math.PI * v);
    }

    ulong Bits(int slot) => CounterRandom.Bits(key, (ulong)image, (ulong)slot);
}
