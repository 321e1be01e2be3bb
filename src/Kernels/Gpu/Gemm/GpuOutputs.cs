using System.Runtime.CompilerServices;
using ILGPU;

namespace Sagan.Native.Kernels;

/// <summary>What becomes of a finished sum.</summary>
interface IGpuEpilogue
{
    /// <summary>Four neighbours in a row of the result, the first in the column that is given, a multiple of 4.</summary>
    GpuFloat4 Apply(GpuFloat4 sum, int column);
}

/// <summary>scale sum + bias[column]; either may be absent. A bias is read as float4: a storage may be read past its end.</summary>
readonly struct GpuScaleBias(ArrayView<float> scale, ArrayView<float> bias, int scaled, int biased)
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuFloat4 Apply(GpuFloat4 sum, int column)
    {
        float s = scaled != 0 ? scale[0] : 1;
        GpuFloat4 z = biased != 0 ? bias.Cast<GpuFloat4>()[column >> 2] : default;
        z.MultiplyAdd(s, sum);
        return z;
    }
}

/// <summary>Leaky ReLU (<see cref="LeakyReluOp"/>) of z = scale sum + bias. Slope 1 is no activation.</summary>
readonly struct GpuLeakyEpilogue(GpuScaleBias linear, float slope) : IGpuEpilogue
{
    public GpuFloat4 Apply(GpuFloat4 sum, int column)
    {
        GpuFloat4 z = linear.Apply(sum, column);
        return new GpuFloat4(One(z.X), One(z.Y), One(z.Z), One(z.W));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    float One(float z) => new LeakyReluOp(slope).Invoke(z);
}

/// <summary>
/// Any activation. Not the only epilogue, because a polynomial for tanh is inlined for every element of a register tile, used or not.
/// </summary>
readonly struct GpuActivationEpilogue(GpuScaleBias linear, GpuActivation act) : IGpuEpilogue
{
    public GpuFloat4 Apply(GpuFloat4 sum, int column) => act.Apply(linear.Apply(sum, column));
}

/// <summary>Where the rows of the result lie; along a row, columns are neighbours.</summary>
interface IGpuOutputLayout
{
    /// <summary>Goes to an entry of the batch.</summary>
    void Seek(int entry);

    /// <summary>The position of column 0 of a row, or -1 when there is no such row.</summary>
    int Find(int row);
}

/// <summary>Row i at i ld.</summary>
struct GpuMatrixLayout(int entryStride, int ld, int rows) : IGpuOutputLayout
{
    int origin;

    public void Seek(int entry) => origin = entry * entryStride;

    public int Find(int row) => row < rows ? origin + row * ld : -1;
}

/// <summary>Takes the finished sums from the tile kernel.</summary>
interface IGpuOutput
{
    void Seek(int entry);

    /// <summary>Sums (row, column .. column+3), column a multiple of 4; what is outside is dropped.</summary>
    void Store(int row, int column, GpuFloat4 sum);
}

/// <summary>
/// Stores of 16 bytes where all rows begin at multiples of 4 elements, else one by one; all threads take the same branch.
/// </summary>
struct GpuOutput<TLayout, TEpilogue>(ArrayView<float> y, TLayout places, TEpilogue epilogue, int columns, int aligned) : IGpuOutput
    where TLayout : struct, IGpuOutputLayout where TEpilogue : struct, IGpuEpilogue
{
    public void Seek(int entry) => places.Seek(entry);

    public void Store(int row, int column, GpuFloat4 sum)
    {
        int i = places.Find(row);
        if (i < 0 || column >= columns) return;
        GpuFloat4 v = epilogue.Apply(sum, column);
        i += column;
        if (aligned != 0)
        {
            y.Cast<GpuFloat4>()[i >> 2] = v;
            return;
        }
        y[i] = v.X;
        if (column + 1 < columns) y[i + 1] = v.Y;
        if (column + 2 < columns) y[i + 2] = v.Z;
        if (column + 3 < columns) y[i + 3] = v.W;
    }
}
