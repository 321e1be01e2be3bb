namespace Sagan.Native.Kernels;

/// <summary>
/// Where the elements of a group lie, on the device: made when a group is first stepped, or when its storages have moved. Slots whose
/// storages lie in the same four segments are launched together.
/// </summary>
sealed class GpuAdamTables
{
    readonly record struct Segments(GpuSegment P, GpuSegment G, GpuSegment M, GpuSegment V);

    readonly (Segments Segments, int[] Ints)[] slots;

    GpuAdamTables((Segments, int[])[] slots, GpuPool pool)
    {
        this.slots = slots;
        List<int> table = [], chunks = [];
        List<(GpuSegment, GpuSegment, GpuSegment, GpuSegment, int, int)> launches = [];
        foreach (IGrouping<Segments, (Segments Segments, int[] Ints)> group in this.slots.GroupBy(s => s.Segments))
        {
            int first = chunks.Count / 2;
            foreach ((_, int[] ints) in group)
            {
                for (int i = 0; i < ints[^1]; i += GpuAdamKernel.Chunk) chunks.AddRange([table.Count / GpuAdamKernel.SlotInts, i]);
                table.AddRange(ints);
            }
            if (chunks.Count / 2 > first) launches.Add((group.Key.P, group.Key.G, group.Key.M, group.Key.V, first,
                chunks.Count / 2 - first));
        }
        Launches = launches;
        (Slots, Chunks) = (Upload(pool, table), Upload(pool, chunks));
    }

    /// <summary>For every slot where p, g, m, v begin in their segments, and the count.</summary>
    public GpuStorage Slots { get; }

    /// <summary>For every chunk its slot and its first element.</summary>
    public GpuStorage Chunks { get; }

    /// <summary>The segments of p, g, m, v, the first chunk and how many.</summary>
    public IReadOnlyList<(GpuSegment P, GpuSegment G, GpuSegment M, GpuSegment V, int First, int Count)> Launches { get; }

    /// <summary>Tables that fit, from the ones kept; or new ones, in the place of those that were not used for longest.</summary>
    public static GpuAdamTables For(ReadOnlySpan<AdamSlot> group, LinkedList<GpuAdamTables> kept, GpuPool pool)
    {
        // A step has a group for each network, and gradients can come to lie now here, now there.
        const int Most = 16;
        var slots = new (Segments, int[])[group.Length];
        for (int i = 0; i < slots.Length; i++)
        {
            GpuStorage p = (GpuStorage)group[i].P, g = (GpuStorage)group[i].G, m = (GpuStorage)group[i].M, v = (GpuStorage)group[i].V;
            slots[i] = (new Segments(p.Segment, g.Segment, m.Segment, v.Segment), [Begin(p), Begin(g), Begin(m), Begin(v), group[i].Count]);
        }
        GpuAdamTables? tables = kept.FirstOrDefault(t => t.Fits(slots));
        if (tables != null) kept.Remove(tables);
        else
        {
            if (kept.Count == Most)
            {
                kept.Last!.Value.Slots.Release();
                kept.Last.Value.Chunks.Release();
                kept.RemoveLast();
            }
            tables = new GpuAdamTables(slots, pool);
        }
        kept.AddFirst(tables);
        return tables;
    }

    static int Begin(GpuStorage s) => checked((int)s.Offset);

    bool Fits((Segments Segments, int[] Ints)[] other)
    {
        if (slots.Length != other.Length) return false;
        for (int i = 0; i < slots.Length; i++)
            if (slots[i].Segments != other[i].Segments || !slots[i].Ints.AsSpan().SequenceEqual(other[i].Ints)) return false;
        return true;
    }

    static GpuStorage Upload(GpuPool pool, List<int> numbers)
    {
        GpuStorage s = (GpuStorage)pool.Rent(numbers.Count);
        s.CopyFrom(numbers.ToArray().AsSpan());
        return s;
    }
}
