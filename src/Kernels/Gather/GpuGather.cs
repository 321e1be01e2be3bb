using System.Numerics;
using static Sagan.Native.Kernels.GpuViews;
using static Sagan.Native.Kernels.IntMath;

namespace Sagan.Native.Kernels;

/// <summary>Launches Gather and ScatterAdd.</summary>
static class GpuGather
{
    /// <inheritdoc cref="Backend.Gather"/>
    public static void Gather(GpuContext gpu, Storage x, Storage index, Storage y, in GatherSpec s)
    {
        CheckIndices("gather", index, s);
        int n = s.Count * s.Width;
        if (n == 0) return;
        if (s.Width % 4 == 0)
            gpu.Launch(new GpuGatherKernel<GpuFloat4>(Float4s(x), Ints(index), Float4s(y), n / 4, s.Width / 4), GpuGrid.Cover(n / 4));
        else gpu.Launch(new GpuGatherKernel<float>(Floats(x), Ints(index), Floats(y), n, s.Width), GpuGrid.Cover(n));
    }

    /// <inheritdoc cref="Backend.ScatterAdd"/>
    public static void ScatterAdd(GpuContext gpu, Storage y, Storage index, Storage x, in GatherSpec s)
    {
        CheckIndices("scatter-add", index, s);
        if (s.Rows == 0 || s.Width == 0) return;
        if (s.Count == 0)
        {
            GpuElementwise.Fill(gpu, x, s.Rows * s.Width, 0);
            return;
        }
        GpuStorage range = gpu.Temporary(2L * CeilDiv(s.Count, GpuQueue.Threads));
        gpu.Launch(new GpuIndexRangeKernel(Ints(index), Ints(range), s.Count), GpuGrid.Cover(s.Count));
        int tileWidth = Math.Min((int)BitOperations.RoundUpToPowerOf2((uint)s.Width), GpuQueue.Threads),
            across = CeilDiv(s.Width, tileWidth);
        // As few rows as it takes to give every thread one, more where there are thread blocks enough.
        int tileRows = (int)BitOperations.RoundUpToPowerOf2((uint)CeilDiv(s.Rows, Math.Max(1, GpuGrid.Enough / across)));
        tileRows = Math.Clamp(tileRows, GpuQueue.Threads / tileWidth, GpuScatterAddKernel.TileElements / tileWidth);
        gpu.Launch(new GpuScatterAddKernel(Floats(y), Ints(index), Ints(range), Floats(x), s.Rows, s.Count, s.Width, tileRows, tileWidth),
            new GpuGrid(CeilDiv(s.Rows, tileRows), across));
        range.Release();
    }

    // On the host, without waiting where the range is known: from an upload or from pooling. Otherwise the indices come over once, and
    // their range is kept.
    static void CheckIndices(string op, Storage storage, in GatherSpec s)
    {
        GpuStorage index = (GpuStorage)storage;
        if (s.Count == 0 || (index.IndexRange is (int least, int largest) && least >= 0 && largest < s.Rows)) return;
        int[] indices = new int[index.Count];
        index.CopyTo(indices);
        index.IndexRange = (indices.Min(), indices.Max());
        s.CheckIndices(op, indices);
    }
}
