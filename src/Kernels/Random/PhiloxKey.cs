namespace Sagan.Native.Kernels;

/// <summary>
/// Counter-based random numbers: see <see cref="Backend.RandomUniform"/>. Uniform numbers have the same bits on every device, normal ones
/// an |error| of at most 1e-6 (1 + |y|).
/// </summary>
/// <param name="Seed">The key.</param>
/// <param name="Stream">The upper 64 bits of the counter: independent sequences under one seed.</param>
/// <param name="Offset">Number of elements drawn before from this stream; a multiple of 4.</param>
readonly record struct PhiloxKey(ulong Seed, ulong Stream, ulong Offset)
{
    /// <summary>Throws <see cref="ArgumentException"/> where the offset is not the first element of a block.</summary>
    internal void CheckOffset()
    {
        if (Offset % 4 != 0)
            throw new ArgumentException($"random: offset {Offset} is not a multiple of 4, the elements of a Philox block; round it up.");
    }
}
