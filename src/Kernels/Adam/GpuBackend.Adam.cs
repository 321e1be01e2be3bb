namespace Sagan.Native.Kernels;

public sealed partial class GpuBackend : IFusedAdam
{
    readonly LinkedList<GpuAdamTables> adamTables = [];

    /// <inheritdoc/>
    public void Adam(ReadOnlySpan<AdamSlot> group, in AdamSpec s)
    {
        if (group.IsEmpty) return;
        GpuAdamTables t = GpuAdamTables.For(group, adamTables, pool);
        AdamFactors f = new(s);
        foreach ((GpuBlock p, GpuBlock g, GpuBlock m, GpuBlock v, int first, int count) in t.Launches)
            queue.Launch(new GpuAdamKernel(p.View, g.View, m.View, v.View, Ints(t.Slots), Ints(t.Chunks), first, f), new GpuGrid(count),
                GpuAdamKernel.Chunk / 4);
    }
}
