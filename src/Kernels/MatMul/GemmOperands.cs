using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Sagan.Native.Kernels;

/// <summary>
/// One factor of a matrix product, read through a packer: element (i, k) with i a row of the left or a column of the right factor and k the summed index.
/// A packer copies part of it into a block that the register tiles read; what an operand is (a matrix, its transpose, the pixels under a convolution window) is
/// known to its packer alone.
/// </summary>
unsafe interface IOperand
{
    /// <summary>
    /// How the packed block lies: true puts element (i, k) at p[i stride + k], for sources that are contiguous along k (left factor only); false puts it at
    /// p[k stride + i], for sources that are contiguous along i.
    /// </summary>
    static abstract bool InRows { get; }

    /// <summary>
    /// Packs elements (first .. first+count-1, k .. k+depth-1). In rows a packer may write up to 16 elements past depth in the last row. Otherwise lanes count .. stride-1
    /// are padding that may hold anything, and nothing is written past p[depth stride].
    /// </summary>
    void Pack<V>(int first, int count, int k, int depth, float* p, int stride) where V : unmanaged, ISimd<V>;
}

/// <summary>Element (i, k) at S[i Ld + k], packed in rows: the left factor as stored.</summary>
readonly unsafe struct RowOperand(float* s, long ld) : IOperand
{
    readonly float* s = s;
    readonly long ld = ld;

    public static bool InRows => true;

    public void Pack<V>(int first, int count, int k, int depth, float* p, int stride) where V : unmanaged, ISimd<V>
    {
        for (int i = 0; i < count; i++) PackTools.Copy<V>(s + (first + i) * ld + k, p + (nint)i * stride, depth);
    }
}

/// <summary>Element (i, k) at S[k Ld + i]: the right factor as stored, or the left factor stored transposed.</summary>
readonly unsafe struct ColumnOperand(float* s, long ld) : IOperand
{
    readonly float* s = s;
    readonly long ld = ld;

    public static bool InRows => false;

    public void Pack<V>(int first, int count, int k, int depth, float* p, int stride) where V : unmanaged, ISimd<V>
    {
        float* x = s + k * ld + first;
        for (int d = 0; d < depth; d++, x += ld, p += stride) PackTools.CopyLanes<V>(x, p, count, stride);
    }
}

/// <summary>Element (i, k) at S[i Ld + k], transposed into panels: the right factor stored transposed.</summary>
readonly unsafe struct TransposedOperand(float* s, long ld) : IOperand
{
    readonly float* s = s;
    readonly long ld = ld;

    public static bool InRows => false;

    public void Pack<V>(int first, int count, int k, int depth, float* p, int stride) where V : unmanaged, ISimd<V> =>
        PackTools.Transpose(s + first * ld + k, ld, count, depth, p, stride);
}

static unsafe class PackTools
{
    /// <summary>Copies n elements; reads and writes whole vectors, so up to V.Count-1 past the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy<V>(float* x, float* p, int n) where V : unmanaged, ISimd<V>
    {
        for (int i = 0; i < n; i += V.Count) V.Load(x + i).Store(p + i);
    }

    /// <summary>Writes n zeros, and up to V.Count-1 more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Zero<V>(float* p, int n) where V : unmanaged, ISimd<V>
    {
        for (int i = 0; i < n; i += V.Count) V.Create(0).Store(p + i);
    }

    /// <summary>Copies one k of a panel: exactly width lanes are written, of which count come from x and the rest are undefined.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyLanes<V>(float* x, float* p, int count, int width) where V : unmanaged, ISimd<V>
    {
        if (width == 2 * V.Count && count > V.Count)
        {
            V.Load(x).Store(p);
            V.Load(x + V.Count).Store(p + V.Count);
        }
        else if (width == 12 && count == 12 && Vector128.IsHardwareAccelerated)
        {
            Vector128.Load(x).Store(p);
            Vector128.Load(x + 4).Store(p + 4);
            Vector128.Load(x + 8).Store(p + 8);
        }
        else if (width == V.Count) V.Load(x).Store(p);
        else
        {
            for (int i = 0; i < count; i++) p[i] = x[i];
            for (int i = count; i < width; i++) p[i] = 0;
        }
    }

    /// <summary>p[d stride + i] = s[i ld + d] for i &lt; count and d &lt; depth, 0 for count &lt;= i &lt; stride: 4x4 blocks turned in registers.</summary>
    public static void Transpose(float* s, long ld, int count, int depth, float* p, int stride)
    {
        int i = 0;
        if (Vector128.IsHardwareAccelerated)
            for (; i + 4 <= count; i += 4)
            {
                float* x0 = s + i * ld, x1 = x0 + ld, x2 = x1 + ld, x3 = x2 + ld;
                float* y = p + i;
                int d = 0;
                for (; d + 4 <= depth; d += 4, y += 4 * (nint)stride) Transpose4x4(x0 + d, x1 + d, x2 + d, x3 + d, y, stride);
                for (; d < depth; d++, y += stride)
                {
                    y[0] = x0[d];
                    y[1] = x1[d];
                    y[2] = x2[d];
                    y[3] = x3[d];
                }
            }
        for (; i < stride; i++)
        {
            float* x = s + i * ld;
            if (i < count)
                for (int d = 0; d < depth; d++) p[(nint)d * stride + i] = x[d];
            else
                for (int d = 0; d < depth; d++) p[(nint)d * stride + i] = 0;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Transpose4x4(float* x0, float* x1, float* x2, float* x3, float* y, nint stride)
    {
        // Interleaving rows 0 with 2 and 1 with 3, then the results with one another, leaves column d in lane order.
        Vector128<float> a = Vector128.Load(x0), b = Vector128.Load(x1), c = Vector128.Load(x2), d = Vector128.Load(x3);
        Vector128<float> ac0 = UnpackLow(a, c), ac1 = UnpackHigh(a, c), bd0 = UnpackLow(b, d), bd1 = UnpackHigh(b, d);
        UnpackLow(ac0, bd0).Store(y);
        UnpackHigh(ac0, bd0).Store(y + stride);
        UnpackLow(ac1, bd1).Store(y + 2 * stride);
        UnpackHigh(ac1, bd1).Store(y + 3 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<float> UnpackLow(Vector128<float> a, Vector128<float> b)
    {
        if (System.Runtime.Intrinsics.X86.Sse.IsSupported) return System.Runtime.Intrinsics.X86.Sse.UnpackLow(a, b);
        if (System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.IsSupported) return System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.ZipLow(a, b);
        return Vector128.Create(a[0], b[0], a[1], b[1]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<float> UnpackHigh(Vector128<float> a, Vector128<float> b)
    {
        if (System.Runtime.Intrinsics.X86.Sse.IsSupported) return System.Runtime.Intrinsics.X86.Sse.UnpackHigh(a, b);
        if (System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.IsSupported) return System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.ZipHigh(a, b);
        return Vector128.Create(a[2], b[2], a[3], b[3]);
    }
}
