using System.Numerics;
using ILGPU;
using static Sagan.Native.Kernels.GpuViews;
using static Sagan.Native.Kernels.IntMath;

namespace Sagan.Native.Kernels;

/// <summary>Launches Sum, SumAxis, SumRows and SumColumns.</summary>
static class GpuSum
{
    // A row's piece is worth a thread block; a thread's share of a column is worth the tree that follows.
    const int MinRowPiece = 4096, MinColumnTerms = 8, MaxPieces = 512;

    /// <inheritdoc cref="Backend.Sum"/>
    public static void Sum(GpuContext gpu, Storage x, Storage y, in ReduceSpec s)
    {
        if (s.OutputCount == 0) return;
        if (s.InputCount == 0)
        {
            GpuElementwise.Fill(gpu, y, s.OutputCount, 0);
            return;
        }
        int left = 0;
        for (int i = 0; i < s.Rank; i++)
            if (s.IsReduced(i)) left++;
        if (left == 0) GpuElementwise.Copy(gpu, x, y, s.OutputCount);
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
            GpuStorage? target = --left > 0 ? gpu.Temporary((long)outer * inner) : null;
            SumAxis(gpu, source, target ?? y, outer, s.Size(i), inner);
            between?.Release();
            between = target;
        }
    }

    /// <summary>y [outer, inner] = x [outer, n, inner] summed over n.</summary>
    public static void SumAxis(GpuContext gpu, Storage x, Storage y, int outer, int n, int inner)
    {
        if (inner == 1) SumRows(gpu, x, y, outer, n);
        else if (inner % 4 == 0)
            SumColumns<GpuTerms<GpuFloat4>, GpuCompensatedSum4, GpuFloat4>(gpu, new(Float4s(x)), y, outer, n, inner / 4, 4);
        else SumColumns<GpuTerms<float>, GpuCompensatedSum, float>(gpu, new GpuTerms<float>(Floats(x)), y, outer, n, inner, 1);
    }

    /// <summary>y [rows] = x [rows, columns] summed over the columns.</summary>
    public static void SumRows(GpuContext gpu, Storage x, Storage y, int rows, int columns)
    {
        int lanes = Math.Clamp((int)BitOperations.RoundUpToPowerOf2((uint)CeilDiv(columns, 4)), 1, GpuQueue.Threads),
            threadBlocks = CeilDiv(rows, GpuQueue.Threads / lanes);
        int pieces = Math.Clamp(Math.Min(CeilDiv(columns, MinRowPiece), GpuGrid.Enough / threadBlocks), 1, MaxPieces);
        int piece = CeilDiv(CeilDiv(columns, pieces), 4) * 4;
        pieces = CeilDiv(columns, piece);
        GpuStorage? parts = pieces > 1 ? gpu.Temporary((long)rows * pieces) : null;
        gpu.Launch(new GpuRowSumKernel(Floats(x), Floats(parts ?? y), rows, columns, piece, lanes, columns % 4 == 0 || rows == 1 ? 1 : 0),
            new GpuGrid(threadBlocks, pieces));
        if (parts == null) return;
        SumRows(gpu, parts, y, rows, pieces);
        parts.Release();
    }

    /// <summary>y [outer, inner] = the terms [outer, n, inner] summed over n. Terms, y and inner count vectors of so many floats.</summary>
    public static void SumColumns<TTerms, TSum, T>(GpuContext gpu, in TTerms terms, Storage y, int outer, int n, int inner, int floats)
        where TTerms : struct, IGpuTerms<T> where TSum : struct, IGpuSum<TSum, T> where T : unmanaged
    {
        int sums = outer * inner, least = Math.Min((int)BitOperations.RoundUpToPowerOf2((uint)sums), 32);
        int down = Math.Min((int)BitOperations.RoundUpToPowerOf2((uint)n), GpuQueue.Threads / least);
        int width = GpuQueue.Threads / down, threadBlocks = CeilDiv(sums, width);
        int pieces = Math.Clamp(Math.Min(n / (down * MinColumnTerms), GpuGrid.Enough / threadBlocks), 1, MaxPieces),
            piece = CeilDiv(n, pieces);
        pieces = CeilDiv(n, piece);
        GpuStorage? parts = pieces > 1 ? gpu.Temporary((long)sums * pieces * floats) : null;
        ArrayView<T> target = Floats(parts ?? y).Cast<T>();
        gpu.Launch(new GpuColumnSumKernel<TTerms, TSum, T>(terms, target, sums, n, inner, piece, width), new GpuGrid(threadBlocks, pieces));
        if (parts == null) return;
        SumColumns<GpuTerms<T>, TSum, T>(gpu, new GpuTerms<T>(target), y, outer, pieces, inner, floats);
        parts.Release();
    }
}
