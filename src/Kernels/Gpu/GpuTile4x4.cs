using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>
/// A register tile: 4 x 4 sums of one thread in 16 registers, written out, because ILGPU keeps an array that a loop goes through in memory.
/// </summary>
struct GpuTile4x4
{
    public GpuFloat4 R0, R1, R2, R3;

    /// <summary>this += a b^T, row r by component r of a.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddOuterProduct(GpuFloat4 a, GpuFloat4 b)
    {
        R0.MultiplyAdd(a.X, b);
        R1.MultiplyAdd(a.Y, b);
        R2.MultiplyAdd(a.Z, b);
        R3.MultiplyAdd(a.W, b);
    }

    /// <summary>Row r times component r of a.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ScaleRows(GpuFloat4 a)
    {
        R0 = a.X * R0;
        R1 = a.Y * R1;
        R2 = a.Z * R2;
        R3 = a.W * R3;
    }

    /// <summary>Stores the rows, the first to (row, column).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store<TOutput>(TOutput y, int row, int column) where TOutput : struct, IGpuOutput
    {
        y.Store(row, column, R0);
        y.Store(row + 1, column, R1);
        y.Store(row + 2, column, R2);
        y.Store(row + 3, column, R3);
    }
}
