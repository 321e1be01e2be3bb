namespace Sagan.Native.Kernels;

/// <summary>Table [Rows, Width], Count indices.</summary>
readonly record struct GatherSpec(int Rows, int Count, int Width)
{
    /// <summary>Throws <see cref="IndexOutOfRangeException"/> naming the first index that is not in 0..Rows-1.</summary>
    internal void CheckIndices(string op, ReadOnlySpan<int> index)
    {
        for (int i = 0; i < Count; i++)
#pragma warning disable CA2201 // The contract names this exception.
            if ((uint)index[i] >= (uint)Rows)
                throw new IndexOutOfRangeException($"{op}: index {index[i]} at position {i} is not in 0..{Rows - 1}.");
#pragma warning restore CA2201
    }
}
