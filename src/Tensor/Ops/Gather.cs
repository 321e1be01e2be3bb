using Sagan.Native.Kernels;

namespace Sagan.Native;

public static partial class Ops
{
    /// <summary>y[i, :] = x[index[i], :]: rows of a table, an embedding;  dx = ScatterAdd(g).  x [R,W], y [index.Count, W]. An index
    /// outside 0..R-1 is an error.</summary>
    public static Tensor Gather(Tensor x, IndexTensor index)
    {
        Check.Rank("gather", "x", x, 2, "[rows, width]");
        Check.SameDevice("gather", x, index.Elements);
        Tensor y = Tensor.Empty(new Shape(index.Count, x.Shape[1]), x.Device);
        x.Backend.Gather(x.Storage, index.Storage, y.Storage, new GatherSpec(x.Shape[0], index.Count, x.Shape[1]));
        return Autograd.Record("gather", y, new Rows(index, x.Shape[0]),
            (x, static (g, s) => ScatterAdd(g, s.Index, s.Count)));
    }

    /// <summary>x = zeros [rows, W]; x[index[i], :] += y[i, :] for i ascending: the transpose of <see cref="Gather"/>.</summary>
    public static Tensor ScatterAdd(Tensor y, IndexTensor index, int rows)
    {
        Check.Rank("scatter_add", "y", y, 2, "[count, width]");
        Check.SameDevice("scatter_add", y, index.Elements);
        if (y.Shape[0] != index.Count)
            throw new ShapeException($"scatter_add: y {y.Shape} has {y.Shape[0]} rows, there are {index.Count} indices.");
        Tensor x = Tensor.Empty(new Shape(rows, y.Shape[1]), y.Device);
        y.Backend.ScatterAdd(y.Storage, index.Storage, x.Storage, new GatherSpec(rows, index.Count, y.Shape[1]));
        return Autograd.Record("scatter_add", x, new Rows(index, rows),
            (y, static (g, s) => Gather(g, s.Index)));
    }

    /// <summary>Which rows of a table of so many.</summary>
    internal readonly record struct Rows(IndexTensor Index, int Count) : ISaved<Rows>
    {
        public Rows Keep(SavedTensors by) => this with { Index = new IndexTensor(by.Keep(Index.Elements)) };
    }
}
