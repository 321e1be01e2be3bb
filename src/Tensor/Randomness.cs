using Sagan.Native.Kernels;

namespace Sagan.Native;

/// <summary>
/// A sequence of random numbers: counter-based (Philox4x32-10, Salmon et al. 2011), so the numbers depend on seed, stream and position
/// alone, not on device or thread count, and the state to save is one number. Not thread-safe.
/// </summary>
/// <param name="seed">Sequences with different seeds are independent.</param>
/// <param name="stream">Independent sequences under one seed.</param>
public sealed class RandomSource(ulong seed, ulong stream = 0)
{
    /// <summary>The seed.</summary>
    public ulong Seed => seed;

    /// <summary>Which of the seed's sequences.</summary>
    public ulong Stream => stream;

    /// <summary>How many numbers were drawn, in whole blocks of 4: the state.</summary>
    public ulong Offset { get; set; }

    /// <summary>Standard normal numbers.</summary>
    public Tensor Normal(Shape shape, Device? device = null)
    {
        Tensor y = Tensor.Empty(shape, device ?? Device.Cpu);
        y.Backend.RandomNormal(y.Storage, y.Count, Next(y.Count));
        return y;
    }

    /// <summary>low + (high - low) u with u uniform in [0, 1); rounding can give high itself.</summary>
    public Tensor Uniform(Shape shape, float low = 0, float high = 1, Device? device = null)
    {
        Tensor y = Tensor.Empty(shape, device ?? Device.Cpu);
        y.Backend.RandomUniform(y.Storage, y.Count, Next(y.Count));
        if (low != 0 || high != 1) y.Backend.Map(y.Storage, y.Storage, y.Count, new AffineOp(high - low, low));
        return y;
    }

    PhiloxKey Next(int count)
    {
        PhiloxKey key = new(seed, stream, Offset);
        Offset += (ulong)(count + 3) / 4 * 4;
        return key;
    }
}
