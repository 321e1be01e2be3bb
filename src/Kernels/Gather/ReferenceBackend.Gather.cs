namespace Sagan.Native.Kernels;

public sealed partial class ReferenceBackend
{
    /// <summary>y[i, c] = x[index[i], c].</summary>
    public override void Gather(Storage xs, Storage indices, Storage ys, in GatherSpec s)
    {
        View x = new(xs, s.Width), y = new(ys, s.Width);
        Span<int> index = Indices(indices);
        CheckIndices("gather", index, s);
        for (int i = 0; i < s.Count; i++)
            for (int c = 0; c < s.Width; c++) y[i, c] = x[index[i], c];
    }

    /// <summary>
    /// x = 0, then x[index[i], c] += y[i, c] for i ascending. In float: the order is part of the definition, so that every backend gives these bits.
    /// </summary>
    public override void ScatterAdd(Storage ys, Storage indices, Storage xs, in GatherSpec s)
    {
        View x = new(xs, s.Width), y = new(ys, s.Width);
        Span<int> index = Indices(indices);
        CheckIndices("scatter-add", index, s);
        Fill(xs, s.Rows * s.Width, 0);
        for (int i = 0; i < s.Count; i++)
            for (int c = 0; c < s.Width; c++) x[index[i], c] += y[i, c];
    }

    static void CheckIndices(string op, Span<int> index, in GatherSpec s)
    {
        for (int i = 0; i < s.Count; i++)
#pragma warning disable CA2201 // The contract names this exception.
            if (!Inside(index[i], s.Rows)) throw new IndexOutOfRangeException($"{op}: index {index[i]} at position {i} is not in 0..{s.Rows - 1}.");
#pragma warning restore CA2201
    }
}
