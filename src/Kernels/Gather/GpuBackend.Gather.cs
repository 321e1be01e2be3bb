using System.Numerics;

namespace Sagan.Native.Kernels;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public override void Gather(Storage x, Storage index, Storage y, in GatherSpec s)
    {
        CheckIndices("gather", index, s);
        int n = s.Count * s.Width;
        if (n == 0) return;
        if (s.Width % 4 == 0)
            queue.Launch(new GpuGatherKernel<GpuFloat4>(Float4s(x), Ints(index), Float4s(y), n / 4, s.Width / 4), GpuGrid.Cover(n / 4, Threads));
        else queue.Launch(new GpuGatherKernel<float>(Floats(x), Ints(index), Floats(y), n, s.Width), GpuGrid.Cover(n, Threads));
    }

    /// <inheritdoc/>
    public override void ScatterAdd(Storage y, Storage index, Storage x, in GatherSpec s)
    {
        CheckIndices("scatter-add", index, s);
        if (s.Rows == 0 || s.Width == 0) return;
        if (s.Count == 0)
        {
            Fill(x, s.Rows * s.Width, 0);
            return;
        }
        GpuStorage range = Temporary(2L * CeilDiv(s.Count, Threads));
        queue.Launch(new GpuIndexRangeKernel(Ints(index), Ints(range), s.Count), GpuGrid.Cover(s.Count, Threads));
        int tileWidth = Math.Min((int)BitOperations.RoundUpToPowerOf2((uint)s.Width), Threads), across = CeilDiv(s.Width, tileWidth);
        // As few rows as it takes to give every thread one, more where there are groups enough.
        int tileRows = (int)BitOperations.RoundUpToPowerOf2((uint)CeilDiv(s.Rows, Math.Max(1, EnoughGroups / across)));
        tileRows = Math.Clamp(tileRows, Threads / tileWidth, GpuScatterAddKernel.TileElements / tileWidth);
        queue.Launch(new GpuScatterAddKernel(Floats(y), Ints(index), Ints(range), Floats(x), s.Rows, s.Count, s.Width, tileRows, tileWidth),
            new GpuGrid(CeilDiv(s.Rows, tileRows), across));
        range.Release();
    }

    // On the host, without waiting where the range is known: from an upload or from pooling. Otherwise the indices come over once, and their range is kept.
    static void CheckIndices(string op, Storage storage, in GatherSpec s)
    {
        GpuStorage index = (GpuStorage)storage;
        if (s.Count == 0 || (index.IndexRange is (int least, int largest) && least >= 0 && largest < s.Rows)) return;
        int[] indices = new int[index.Count];
        index.CopyTo(indices);
        index.IndexRange = (indices.Min(), indices.Max());
        for (int i = 0; i < s.Count; i++)
#pragma warning disable CA2201 // The contract names this exception.
            if ((uint)indices[i] >= (uint)s.Rows) throw new IndexOutOfRangeException($"{op}: index {indices[i]} at position {i} is not in 0..{s.Rows - 1}.");
#pragma warning restore CA2201
    }
}
