namespace Sagan.Native.Kernels;

/// <summary>Defines Gather and ScatterAdd.</summary>
static class ReferenceGather
{
    /// <summary>y[i, c] = x[index[i], c].</summary>
    public static void Gather(Storage xs, Storage indices, Storage ys, in GatherSpec s)
    {
        ReferenceView x = new(xs, s.Width), y = new(ys, s.Width);
        Span<int> index = indices.Indices();
        s.CheckIndices("gather", index);
        for (int i = 0; i < s.Count; i++)
            for (int c = 0; c < s.Width; c++) y[i, c] = x[index[i], c];
    }

    /// <summary>
    /// x = 0, then x[index[i], c] += y[i, c] for i ascending. In float: the order is part of the definition, so that every backend gives
    /// these bits.
    /// </summary>
    public static void ScatterAdd(Storage ys, Storage indices, Storage xs, in GatherSpec s)
    {
        ReferenceView x = new(xs, s.Width), y = new(ys, s.Width);
        Span<int> index = indices.Indices();
        s.CheckIndices("scatter-add", index);
        ReferenceElementwise.Fill(xs, s.Rows * s.Width, 0);
        for (int i = 0; i < s.Count; i++)
            for (int c = 0; c < s.Width; c++) x[index[i], c] += y[i, c];
    }
}
