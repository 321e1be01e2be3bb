using System.Runtime.CompilerServices;
using ILGPU;

namespace Sagan.Native.Kernels;

/// <summary>
/// Where the elements of one factor of a product lie: element (outer, k), outer a row of the left or a column of the right factor, k the
/// summed index. What an operand is (a matrix, its transpose, the pixels under a window) only its type knows. A thread stays at one outer
/// index through the whole sum: it seeks it once, and what can be told from it alone is told there.
/// </summary>
interface IGpuOperand
{
    /// <summary>True: neighbours in memory are neighbours along k. False: along the outer index.</summary>
    static abstract bool AlongK { get; }

    /// <summary>Goes to an outer index, which may be outside, of an entry of the batch.</summary>
    void Seek(int entry, int outer);

    /// <summary>The position of element k in memory, or -1 where it is a zero: outside of the matrix, in the padding.</summary>
    int Find(int k);
}

/// <summary>Gives the elements of an operand to the tile kernel as float4.</summary>
interface IGpuLoader
{
    static abstract bool AlongK { get; }

    void Seek(int entry, int outer);

    /// <summary>Elements (outer, k .. k+3) or (outer .. outer+3, k).</summary>
    GpuFloat4 Load(int k);
}

/// <summary>
/// Loads of 16 bytes: where the contiguous length is a multiple of 4, four neighbours are all inside or all outside, and aligned.
/// </summary>
struct GpuVec4Loader<T>(ArrayView<float> x, T at) : IGpuLoader where T : struct, IGpuOperand
{
    public static bool AlongK => T.AlongK;

    public void Seek(int entry, int outer) => at.Seek(entry, outer);

    public GpuFloat4 Load(int k)
    {
        int i = at.Find(k);
        return i < 0 ? default : x.Cast<GpuFloat4>()[i >> 2];
    }
}

/// <summary>Any other length: four loads, each found by itself.</summary>
struct GpuScalarLoader<T>(ArrayView<float> x, T at) : IGpuLoader where T : struct, IGpuOperand
{
    // One for each of the four where they lie along the outer index; else the first serves for all.
    T first = at, second = at, third = at, fourth = at;

    public static bool AlongK => T.AlongK;

    public void Seek(int entry, int outer)
    {
        first.Seek(entry, outer);
        if (T.AlongK) return;
        second.Seek(entry, outer + 1);
        third.Seek(entry, outer + 2);
        fourth.Seek(entry, outer + 3);
    }

    public GpuFloat4 Load(int k) => T.AlongK
        ? new GpuFloat4(One(first.Find(k)), One(first.Find(k + 1)), One(first.Find(k + 2)), One(first.Find(k + 3)))
        : new GpuFloat4(One(first.Find(k)), One(second.Find(k)), One(third.Find(k)), One(fourth.Find(k)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    float One(int i) => i < 0 ? 0 : x[i];
}

/// <summary>Element (i, k) at i ld + k: the left factor as stored, the right factor stored transposed.</summary>
struct GpuRowOperand(int entryStride, int ld, int count, int depth) : IGpuOperand
{
    int origin, limit;

    public static bool AlongK => true;

    public void Seek(int entry, int outer)
    {
        origin = entry * entryStride + outer * ld;
        limit = outer < count ? depth : 0;
    }

    public int Find(int k) => k < limit ? origin + k : -1;
}

/// <summary>Element (i, k) at k ld + i: the right factor as stored, the left factor stored transposed.</summary>
struct GpuColumnOperand(int entryStride, int ld, int count, int depth) : IGpuOperand
{
    int origin, limit;

    public static bool AlongK => false;

    public void Seek(int entry, int outer)
    {
        origin = entry * entryStride + outer;
        limit = outer < count ? depth : 0;
    }

    public int Find(int k) => k < limit ? origin + k * ld : -1;
}
