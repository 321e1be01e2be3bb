namespace Sagan.Native.Kernels;

/// <summary>
/// One factor of a matrix product: element (i, k) with i a row of the left or a column of the right factor and k the summed index. The
/// register tiles read a panel of it (some consecutive i) where it lies, or from a packed copy; what an operand is (a matrix, its
/// transpose, the pixels under a convolution window) only its type knows.
/// </summary>
unsafe interface IOperand
{
    /// <summary>True: element (i, k) of a panel lies at p[i ld + k] (left factor only). False: at p[k ld + i].</summary>
    static abstract bool InRows { get; }

    /// <summary>The ld of the operand as it lies in memory; 0 when it can only be read from a packed copy.</summary>
    int Ld { get; }

    /// <summary>The address of element (i, k) where <see cref="Ld"/> is not 0.</summary>
    float* At(int i, int k);

    /// <summary>
    /// Copies elements (first .. first+count-1, k .. k+depth-1). In rows: element (first + i, k + d) goes to p[i ld + d] and up to 16
    /// elements may be written past depth. Otherwise the copy is cut into panels of ld lanes, panelSize apart: the element goes to lane i
    /// mod ld of step d of panel i / ld, and the unused lanes of the last panel may hold anything.
    /// </summary>
    void Pack<V>(int first, int count, int k, int depth, float* p, int ld, long panelSize) where V : unmanaged, ISimd<V>;
}

/// <summary>Element (i, k) at s[i ld + k]: the left factor as stored.</summary>
readonly unsafe struct RowOperand(float* s, int ld) : IOperand
{
    public static bool InRows => true;

    public int Ld => ld;

    public float* At(int i, int k) => s + (long)i * ld + k;

    public void Pack<V>(int first, int count, int k, int depth, float* p, int pitch, long panelSize) where V : unmanaged, ISimd<V>
    {
        for (int i = 0; i < count; i++) PackTools.Copy<V>(At(first + i, k), p + (nint)i * pitch, depth);
    }
}

/// <summary>Element (i, k) at s[k ld + i]: the right factor as stored, or the left factor stored transposed.</summary>
readonly unsafe struct ColumnOperand(float* s, int ld) : IOperand
{
    public static bool InRows => false;

    public int Ld => ld;

    public float* At(int i, int k) => s + (long)k * ld + i;

    public void Pack<V>(int first, int count, int k, int depth, float* p, int lanes, long panelSize) where V : unmanaged, ISimd<V>
    {
        float* x = At(first, k);
        for (int d = 0; d < depth; d++, x += ld, p += lanes) PackTools.Spread<V>(x, count, p, lanes, panelSize);
    }
}

/// <summary>Element (i, k) at s[i ld + k], turned into panels: the right factor stored transposed.</summary>
readonly unsafe struct TransposedOperand(float* s, int ld) : IOperand
{
    public static bool InRows => false;

    public int Ld => 0;

    public float* At(int i, int k) => s + (long)i * ld + k;

    public void Pack<V>(int first, int count, int k, int depth, float* p, int lanes, long panelSize) where V : unmanaged, ISimd<V>
    {
        for (int i = 0; i < count; i += lanes, p += panelSize) PackTools.Transpose(At(first + i, k), ld, Math.Min(lanes, count - i), depth,
            p, lanes);
    }
}
