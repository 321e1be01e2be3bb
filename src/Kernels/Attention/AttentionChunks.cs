using System.Runtime.Intrinsics;

namespace Sagan.Native.Kernels;

/// <summary>
/// How the backward pass cuts the keys of a batch entry: into chunks of whole panels, about 32 jobs over the batch. Every chunk writes its
/// own part of dQ [N, QueryWidth] and the parts are added in order. The cut depends on the sizes (and the vector width) alone, so the bits
/// do not depend on the number of threads.
/// </summary>
readonly struct AttentionChunks
{
    const int Jobs = 32;
    readonly int keys, size;

    public AttentionChunks(in AttentionSpec s)
    {
        int w = Lanes, panels = (s.M + w - 1) / w, wanted = Math.Clamp(Jobs / Math.Max(s.Batch, 1), 1, Math.Max(panels, 1));
        keys = s.M;
        size = (panels + wanted - 1) / wanted * w;
        Count = (s.M + size - 1) / size;
        QueryWidth = s.Dk <= w / 2 ? w / 2 : (s.Dk + w - 1) / w * w;
    }

    /// <summary>Lanes of a panel.</summary>
    public static int Lanes => Vector512.IsHardwareAccelerated ? AttentionPanels.Panel<Simd512>()
        : Vector256.IsHardwareAccelerated ? AttentionPanels.Panel<Simd256>()
        : Vector128.IsHardwareAccelerated ? AttentionPanels.Panel<Simd128>() : AttentionPanels.Panel<Simd1>();

    /// <summary>Chunks of a batch entry.</summary>
    public int Count { get; }

    /// <summary>dk filled up to one vector or to whole panels.</summary>
    public int QueryWidth { get; }

    /// <summary>The first key of a chunk.</summary>
    public int Begin(int chunk) => chunk * size;

    /// <summary>One past the last key of a chunk.</summary>
    public int End(int chunk) => Math.Min((chunk + 1) * size, keys);
}
