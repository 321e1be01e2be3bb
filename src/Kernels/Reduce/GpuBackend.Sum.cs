using System.Numerics;
using ILGPU;

namespace Sagan.Native.Kernels;

public sealed partial class GpuBackend
{
    // A row's piece is worth a group; a thread's share of a column is worth the tree that follows; and so many groups fill any device.
    const int MinRowPiece = 4096, MinColumnTerms = 8, EnoughGroups = 1024, MaxPieces = 512;

    /// <inheritdoc/>
    public override void Sum(Storage x, Storage y, in ReduceSpec s)
    {
        if (s.OutputCount == 0) return;
        if (s.InputCount == 0)
        {
            Fill(y, s.OutputCount, 0);
            return;
        }
        int left = 0;
        for (int i = 0; i < s.Rank; i++)
            if (s.IsReduced(i)) left++;
        if (left == 0) Copy(x, y, s.OutputCount);
        // One axis after the other, the innermost first: what it leaves is smaller by its size.
        int outer = s.InputCount, inner = 1;
        GpuStorage? between = null;
        for (int i = s.Rank - 1; left > 0; i--)
        {
            outer /= s.Size(i);
            if (!s.IsReduced(i))
            {
                inner *= s.Size(i);
                continue;
            }
            Storage source = between ?? x;
            GpuStorage? target = --left > 0 ? Temporary((long)outer * inner) : null;
            SumAxis(source, target ?? y, outer, s.Size(i), inner);
            between?.Release();
            between = target;
        }
    }

    // y [outer, inner] = x [outer, n, inner] summed over n.
    void SumAxis(Storage x, Storage y, int outer, int n, int inner)
    {
        if (inner == 1) SumRows(x, y, outer, n);
        else if (inner % 4 == 0)
            SumColumns<GpuTerms<GpuFloat4>, GpuSum4, GpuFloat4>(new GpuTerms<GpuFloat4>(Float4s(x)), y, outer, n, inner / 4, 4);
        else SumColumns<GpuTerms<float>, GpuSum, float>(new GpuTerms<float>(Floats(x)), y, outer, n, inner, 1);
    }

    void SumRows(Storage x, Storage y, int rows, int columns)
    {
        int lanes = Math.Clamp((int)BitOperations.RoundUpToPowerOf2((uint)CeilDiv(columns, 4)), 1, Threads), groups = CeilDiv(rows, Threads / lanes);
        int pieces = Math.Clamp(Math.Min(CeilDiv(columns, MinRowPiece), EnoughGroups / groups), 1, MaxPieces);
        int piece = CeilDiv(CeilDiv(columns, pieces), 4) * 4;
        pieces = CeilDiv(columns, piece);
        GpuStorage? parts = pieces > 1 ? Temporary((long)rows * pieces) : null;
        queue.Launch(new GpuRowSumKernel(Floats(x), Floats(parts ?? y), rows, columns, piece, lanes, columns % 4 == 0 || rows == 1 ? 1 : 0),
            new GpuGrid(groups, pieces));
        if (parts == null) return;
        SumRows(parts, y, rows, pieces);
        parts.Release();
    }

    // Terms, y and inner count vectors of so many floats.
    void SumColumns<TTerms, TSum, T>(in TTerms terms, Storage y, int outer, int n, int inner, int floats)
        where TTerms : struct, IGpuTerms<T> where TSum : struct, IGpuSum<TSum, T> where T : unmanaged
    {
        int sums = outer * inner, least = Math.Min((int)BitOperations.RoundUpToPowerOf2((uint)sums), 32);
        int down = Math.Min((int)BitOperations.RoundUpToPowerOf2((uint)n), Threads / least);
        int width = Threads / down, groups = CeilDiv(sums, width);
        int pieces = Math.Clamp(Math.Min(n / (down * MinColumnTerms), EnoughGroups / groups), 1, MaxPieces), piece = CeilDiv(n, pieces);
        pieces = CeilDiv(n, piece);
        GpuStorage? parts = pieces > 1 ? Temporary((long)sums * pieces * floats) : null;
        ArrayView<T> target = Floats(parts ?? y).Cast<T>();
        queue.Launch(new GpuColumnSumKernel<TTerms, TSum, T>(terms, target, sums, n, inner, piece, width), new GpuGrid(groups, pieces));
        if (parts == null) return;
        SumColumns<GpuTerms<T>, TSum, T>(new GpuTerms<T>(target), y, outer, pieces, inner, floats);
        parts.Release();
    }
}
