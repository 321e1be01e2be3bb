using System.Runtime.CompilerServices;
using ILGPU;

namespace Sagan.Native.Kernels;

/// <summary>
/// What the attention kernels share. A thread block of 128 threads owns a tile of 64 rows (queries, or keys) and walks over the other side
/// in steps of 32. Shared memory holds transposed pieces of up to 64 columns, so that a thread loads four neighbouring rows at once:
/// piece[c, r], strides padded by four floats, without which threads on neighbouring columns would store to the same bank.
/// </summary>
static class GpuAttentionTile
{
    public const int Threads = 128;

    /// <summary>
    /// Rows that a thread block owns; rows it walks over in a step; columns of q and k taken at a time; columns of v, g and o taken at a
    /// time.
    /// </summary>
    public const int BlockM = 64, BlockN = 32, Depth = 16, Width = 64;

    /// <summary>Floats, and float4s, between the columns of a transposed piece.</summary>
    public const int BlockMStride = BlockM + 4, BlockNStride = BlockN + 4, BlockMVec4s = BlockMStride / 4, BlockNVec4s = BlockNStride / 4;

    /// <summary>2^x as on the CPU.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Exp2(float x) => AttentionMath.Exp2OfAnyWidth(new GpuLane(x)).Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat4 Exp2(GpuFloat4 x) => new(Exp2(x.X), Exp2(x.Y), Exp2(x.Z), Exp2(x.W));

    /// <summary>
    /// piece[c, r] = x[r, c0 + c] for c &lt; columns and r &lt; tileRows; 0 beyond the matrix, whose row 0 begins at element
    /// <paramref name="begin"/> of x. Sixteen threads lie along a row, eight below each other. What is loaded lies
    /// inside the matrix always: of a load under a condition a compiler for OpenCL on processors drops the condition (docs/gpu.md), and the
    /// number that lies beyond can be a NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadTransposed(ArrayView<float> piece, int stride, int columns, int tileRows, ArrayView<float> x, int begin,
        int rows, int width, int c0)
    {
        for (int c = Group.IdxX & 15; c < columns; c += 16)
        {
            int column = c0 + c < width ? c0 + c : width - 1;
            for (int r = Group.IdxX >> 4; r < tileRows; r += Threads / 16)
            {
                float value = x[begin + (r < rows ? r : rows - 1) * width + column];
                piece[c * stride + r] = r < rows && c0 + c < width ? value : 0;
            }
        }
    }

    /// <summary>
    /// piece[r, 0..15] = columns c0 .. c0 + 63 of row r in float4s, r &lt; 32; 0 in rows beyond the matrix, anything in columns beyond it.
    /// A width that is no multiple of 4 is read one by one, up to three elements past the row's end.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadRows(ArrayView<GpuFloat4> piece, ArrayView<float> x, int begin, int rows, int width, int c0)
    {
        int c = c0 + 4 * (Group.IdxX & 15);
        for (int r = Group.IdxX >> 4; r < BlockN; r += Threads / 16)
        {
            // As in LoadTransposed: what is loaded lies inside the matrix always.
            bool isInside = r < rows && c < width;
            int i = isInside ? begin + r * width + c : begin;
            GpuFloat4 value;
            if ((width & 3) == 0) value = x.Cast<GpuFloat4>()[i >> 2];
            else value = new GpuFloat4(x[i], x[i + 1], x[i + 2], x[i + 3]);
            piece[16 * r + (Group.IdxX & 15)] = isInside ? value : default;
        }
    }

    /// <summary>
    /// tile += a^T b over the columns of two transposed pieces: rows 4i .. 4i+3 of a, rows 4j .. 4j+3 of b. columns are taken four at a
    /// time: those that fill up the last four are 0.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProducts(ref GpuTile4x4 tile, ArrayView<GpuFloat4> a, int aStride, int i, ArrayView<GpuFloat4> b, int bStride,
        int j, int columns)
    {
        for (int c = 0; c < columns; c += 4)
        {
            tile.AddOuterProduct(a[c * aStride + i], b[c * bStride + j]);
            tile.AddOuterProduct(a[(c + 1) * aStride + i], b[(c + 1) * bStride + j]);
            tile.AddOuterProduct(a[(c + 2) * aStride + i], b[(c + 2) * bStride + j]);
            tile.AddOuterProduct(a[(c + 3) * aStride + i], b[(c + 3) * bStride + j]);
        }
    }

    /// <summary>
    /// upper, lower += weights^T values over the 32 rows of a step: own rows 8i .. 8i+7, four columns at 4c. weights[w, own row], values[w,
    /// column].
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddWeighted(ref GpuTile4x4 upper, ref GpuTile4x4 lower, ArrayView<GpuFloat4> weights, int i,
        ArrayView<GpuFloat4> values, int c)
    {
        for (int w = 0; w < BlockN; w += 2)
        {
            GpuFloat4 v0 = values[16 * w + c], v1 = values[16 * w + 16 + c];
            upper.AddOuterProduct(weights[16 * w + 2 * i], v0);
            lower.AddOuterProduct(weights[16 * w + 2 * i + 1], v0);
            upper.AddOuterProduct(weights[16 * w + 16 + 2 * i], v1);
            lower.AddOuterProduct(weights[16 * w + 17 + 2 * i], v1);
        }
    }

    /// <summary>Stores a row of four columns from column c on, as far as there are columns; i is the element of column c.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreRow(ArrayView<float> y, int i, int c, int width, GpuFloat4 value)
    {
        if ((width & 3) == 0)
        {
            if (c < width) y.Cast<GpuFloat4>()[i >> 2] = value;
            return;
        }
        if (c < width) y[i] = value.X;
        if (c + 1 < width) y[i + 1] = value.Y;
        if (c + 2 < width) y[i + 2] = value.Z;
        if (c + 3 < width) y[i + 3] = value.W;
    }

    /// <summary>Stores the rows of a tile that exist: row r of <paramref name="count"/> is at begin + r width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreTile(ArrayView<float> y, int begin, int r, int count, int c, int width, GpuTile4x4 tile)
    {
        int i = begin + r * width + c;
        if (r < count) StoreRow(y, i, c, width, tile.R0);
        if (r + 1 < count) StoreRow(y, i + width, c, width, tile.R1);
        if (r + 2 < count) StoreRow(y, i + 2 * width, c, width, tile.R2);
        if (r + 3 < count) StoreRow(y, i + 3 * width, c, width, tile.R3);
    }
}
