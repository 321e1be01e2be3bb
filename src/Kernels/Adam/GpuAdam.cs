using static Sagan.Native.Kernels.GpuViews;

namespace Sagan.Native.Kernels;

/// <summary>Launches Adam.</summary>
static class GpuAdam
{
    /// <inheritdoc cref="IFusedAdam.Adam"/>
    public static void Adam(GpuContext gpu, ReadOnlySpan<AdamSlot> group, in AdamSpec s)
    {
        if (group.IsEmpty) return;
        GpuAdamTables t = GpuAdamTables.For(group, gpu.AdamTables, gpu.Pool);
        AdamFactors f = new(s);
        foreach ((GpuSegment p, GpuSegment g, GpuSegment m, GpuSegment v, int first, int count) in t.Launches)
            gpu.Launch(new GpuAdamKernel(p.View, g.View, m.View, v.View, Ints(t.Slots), Ints(t.Chunks), first, f), new GpuGrid(count),
                GpuAdamKernel.Chunk / 4);
    }
}
