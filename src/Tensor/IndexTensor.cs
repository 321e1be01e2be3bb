using System.Runtime.InteropServices;
using Sagan.Native.Kernels;

namespace Sagan.Native;

/// <summary>A vector of 32-bit indices or class labels on a device. Has no gradient.</summary>
public sealed class IndexTensor
{
    internal IndexTensor(Tensor elements) => Elements = elements;

    /// <summary>The indices, as the 32-bit elements of a tensor that gives them a lifetime.</summary>
    internal Tensor Elements { get; }

    /// <summary>Number of indices.</summary>
    public int Count => Elements.Count;

    /// <summary>Where they are.</summary>
    public Device Device => Elements.Device;

    internal Storage Storage => Elements.Storage;

    /// <summary>A copy of these indices.</summary>
    public static IndexTensor From(ReadOnlySpan<int> indices, Device? device = null) =>
        new(Tensor.From(MemoryMarshal.Cast<int, float>(indices), new Shape(indices.Length), device));

    /// <summary>Copies the indices to the host.</summary>
    public int[] ToArray()
    {
        Trace.ThrowIfLookedAt(Elements);
        int[] a = new int[Count];
        Storage.CopyTo(a);
        return a;
    }
}
