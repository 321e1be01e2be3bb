using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Sagan.Native.Kernels;

/// <summary>
/// Copies that packers are made of. Loads may run past the end of a tensor by less than a vector, for which host memory has room.
/// </summary>
static unsafe class PackTools
{
    /// <summary>Copies n elements; reads and writes whole vectors, so up to V.Count-1 past the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy<V>(float* x, float* p, int n) where V : unmanaged, ISimd<V>
    {
        for (int i = 0; i < n; i += V.Count) V.Load(x + i).Store(p + i);
    }

    /// <summary>
    /// Asks for n elements that will be read or written soon: pieces of a few cache lines far apart are no stream to the hardware.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* x, int n)
    {
        if (!Sse.IsSupported) return;
        for (int i = 0; i < n; i += 16) Sse.Prefetch0(x + i);
    }

    /// <summary>Writes n zeros, and up to V.Count-1 more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Zero<V>(float* p, int n) where V : unmanaged, ISimd<V>
    {
        for (int i = 0; i < n; i += V.Count) V.Create(0).Store(p + i);
    }

    /// <summary>
    /// Spreads count contiguous elements over panels: element i goes to lane i mod lanes of panel i / lanes. Nothing is written past the
    /// lanes of a panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Spread<V>(float* x, int count, float* p, int lanes, long panelSize) where V : unmanaged, ISimd<V>
    {
        if (lanes == 2 * V.Count)
        {
            for (; count > V.Count; count -= lanes, x += lanes, p += panelSize)
            {
                V.Load(x).Store(p);
                V.Load(x + V.Count).Store(p + V.Count);
            }
            if (count > 0) V.Load(x).Store(p);
        }
        else
        {
            for (; count > 0; count -= lanes, x += lanes, p += panelSize)
            {
                int n = Math.Min(lanes, count), i = 0;
                if (Vector128.IsHardwareAccelerated)
                    for (; i + 4 <= n; i += 4) Vector128.Load(x + i).Store(p + i);
                for (; i < n; i++) p[i] = x[i];
            }
        }
    }

    // Steps of k that are transposed together: their part of a panel, and of the source, stays in L1 while the panel's lanes are filled
    // four at a time.
    const int TransposeDepth = 128;

    /// <summary>
    /// p[d stride + i] = s[i ld + d] for i &lt; count and d &lt; depth, 0 for count &lt;= i &lt; stride: 4x4 blocks turned in registers.
    /// </summary>
    public static void Transpose(float* s, long ld, int count, int depth, float* p, int stride)
    {
        for (int d = 0; d < depth; d += TransposeDepth)
            TransposeBlock(s + d, ld, count, Math.Min(TransposeDepth, depth - d), p + (nint)d * stride, stride);
    }

    static void TransposeBlock(float* s, long ld, int count, int depth, float* p, int stride)
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
        if (Sse.IsSupported) return Sse.UnpackLow(a, b);
        if (AdvSimd.Arm64.IsSupported) return AdvSimd.Arm64.ZipLow(a, b);
        return Vector128.Create(a[0], b[0], a[1], b[1]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<float> UnpackHigh(Vector128<float> a, Vector128<float> b)
    {
        if (Sse.IsSupported) return Sse.UnpackHigh(a, b);
        if (AdvSimd.Arm64.IsSupported) return AdvSimd.Arm64.ZipHigh(a, b);
        return Vector128.Create(a[2], b[2], a[3], b[3]);
    }
}
