// Written by eng/Generate/WindowTiles.cs; change that instead, and run: dotnet run --project eng/Generate
using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>
/// Register tiles over windows that are read where they lie in a <see cref="PaddedBand"/>: step p of the sum begins offset[p]
/// floats behind x. One loop with a table of offsets, not two loops: around nested loops the JIT keeps an accumulator in memory.
/// Accumulators are named locals, as in
/// <see cref="Tiles"/>.
/// </summary>
static unsafe class WindowTiles
{
    /// <summary>y[i, j] = leaky(sum over p &lt; k of x[offset[p] + i step] w[p, j] + bias[j]): 8 pixels, 2 vectors of outputs.</summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pixels8x2<V>(nint k, float* x, int* offset, nint step, float* w, float* bias, float* slope, float* y, nint ldy)
        where V : unmanaged, ISimd<V>
    {
        V c0 = V.Load(bias), c1 = V.Load(bias + V.Count);
        V c0_0 = c0, c0_1 = c1;
        V c1_0 = c0, c1_1 = c1;
        V c2_0 = c0, c2_1 = c1;
        V c3_0 = c0, c3_1 = c1;
        V c4_0 = c0, c4_1 = c1;
        V c5_0 = c0, c5_1 = c1;
        V c6_0 = c0, c6_1 = c1;
        V c7_0 = c0, c7_1 = c1;
        nint step2 = 2 * step, step3 = 3 * step;
        for (nint p = 0; p < k; p++)
        {
            V b0 = V.Load(w), b1 = V.Load(w + V.Count);
            float* q = x + offset[p];
            V a = V.Create(q[0]); c0_0 = V.MultiplyAdd(a, b0, c0_0); c0_1 = V.MultiplyAdd(a, b1, c0_1);
            a = V.Create(q[step]); c1_0 = V.MultiplyAdd(a, b0, c1_0); c1_1 = V.MultiplyAdd(a, b1, c1_1);
            a = V.Create(q[step2]); c2_0 = V.MultiplyAdd(a, b0, c2_0); c2_1 = V.MultiplyAdd(a, b1, c2_1);
            q += step3;
            a = V.Create(q[0]); c3_0 = V.MultiplyAdd(a, b0, c3_0); c3_1 = V.MultiplyAdd(a, b1, c3_1);
            a = V.Create(q[step]); c4_0 = V.MultiplyAdd(a, b0, c4_0); c4_1 = V.MultiplyAdd(a, b1, c4_1);
            a = V.Create(q[step2]); c5_0 = V.MultiplyAdd(a, b0, c5_0); c5_1 = V.MultiplyAdd(a, b1, c5_1);
            q += step3;
            a = V.Create(q[0]); c6_0 = V.MultiplyAdd(a, b0, c6_0); c6_1 = V.MultiplyAdd(a, b1, c6_1);
            a = V.Create(q[step]); c7_0 = V.MultiplyAdd(a, b0, c7_0); c7_1 = V.MultiplyAdd(a, b1, c7_1);
            w += 2 * V.Count;
        }
        V s = V.Load(slope), zero = V.Create(0), flat = V.EqualTo(s, zero);
        V.Select(V.GreaterThan(zero, c0_0), V.Select(flat, zero, s * c0_0), c0_0).Store(y);
        V.Select(V.GreaterThan(zero, c0_1), V.Select(flat, zero, s * c0_1), c0_1).Store(y + V.Count);
        y += ldy;
        V.Select(V.GreaterThan(zero, c1_0), V.Select(flat, zero, s * c1_0), c1_0).Store(y);
        V.Select(V.GreaterThan(zero, c1_1), V.Select(flat, zero, s * c1_1), c1_1).Store(y + V.Count);
        y += ldy;
        V.Select(V.GreaterThan(zero, c2_0), V.Select(flat, zero, s * c2_0), c2_0).Store(y);
        V.Select(V.GreaterThan(zero, c2_1), V.Select(flat, zero, s * c2_1), c2_1).Store(y + V.Count);
        y += ldy;
        V.Select(V.GreaterThan(zero, c3_0), V.Select(flat, zero, s * c3_0), c3_0).Store(y);
        V.Select(V.GreaterThan(zero, c3_1), V.Select(flat, zero, s * c3_1), c3_1).Store(y + V.Count);
        y += ldy;
        V.Select(V.GreaterThan(zero, c4_0), V.Select(flat, zero, s * c4_0), c4_0).Store(y);
        V.Select(V.GreaterThan(zero, c4_1), V.Select(flat, zero, s * c4_1), c4_1).Store(y + V.Count);
        y += ldy;
        V.Select(V.GreaterThan(zero, c5_0), V.Select(flat, zero, s * c5_0), c5_0).Store(y);
        V.Select(V.GreaterThan(zero, c5_1), V.Select(flat, zero, s * c5_1), c5_1).Store(y + V.Count);
        y += ldy;
        V.Select(V.GreaterThan(zero, c6_0), V.Select(flat, zero, s * c6_0), c6_0).Store(y);
        V.Select(V.GreaterThan(zero, c6_1), V.Select(flat, zero, s * c6_1), c6_1).Store(y + V.Count);
        y += ldy;
        V.Select(V.GreaterThan(zero, c7_0), V.Select(flat, zero, s * c7_0), c7_0).Store(y);
        V.Select(V.GreaterThan(zero, c7_1), V.Select(flat, zero, s * c7_1), c7_1).Store(y + V.Count);
    }

    /// <summary>y[i, j] = leaky(sum over p &lt; k of x[offset[p] + i step] w[p, j] + bias[j]): 8 pixels, 1 vector of outputs.</summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pixels8x1<V>(nint k, float* x, int* offset, nint step, float* w, float* bias, float* slope, float* y, nint ldy)
        where V : unmanaged, ISimd<V>
    {
        V c0 = V.Load(bias);
        V c0_0 = c0;
        V c1_0 = c0;
        V c2_0 = c0;
        V c3_0 = c0;
        V c4_0 = c0;
        V c5_0 = c0;
        V c6_0 = c0;
        V c7_0 = c0;
        nint step2 = 2 * step, step3 = 3 * step;
        for (nint p = 0; p < k; p++)
        {
            V b0 = V.Load(w);
            float* q = x + offset[p];
            V a = V.Create(q[0]); c0_0 = V.MultiplyAdd(a, b0, c0_0);
            a = V.Create(q[step]); c1_0 = V.MultiplyAdd(a, b0, c1_0);
            a = V.Create(q[step2]); c2_0 = V.MultiplyAdd(a, b0, c2_0);
            q += step3;
            a = V.Create(q[0]); c3_0 = V.MultiplyAdd(a, b0, c3_0);
            a = V.Create(q[step]); c4_0 = V.MultiplyAdd(a, b0, c4_0);
            a = V.Create(q[step2]); c5_0 = V.MultiplyAdd(a, b0, c5_0);
            q += step3;
            a = V.Create(q[0]); c6_0 = V.MultiplyAdd(a, b0, c6_0);
            a = V.Create(q[step]); c7_0 = V.MultiplyAdd(a, b0, c7_0);
            w += 2 * V.Count;
        }
        V s = V.Load(slope), zero = V.Create(0), flat = V.EqualTo(s, zero);
        V.Select(V.GreaterThan(zero, c0_0), V.Select(flat, zero, s * c0_0), c0_0).Store(y);
        y += ldy;
        V.Select(V.GreaterThan(zero, c1_0), V.Select(flat, zero, s * c1_0), c1_0).Store(y);
        y += ldy;
        V.Select(V.GreaterThan(zero, c2_0), V.Select(flat, zero, s * c2_0), c2_0).Store(y);
        y += ldy;
        V.Select(V.GreaterThan(zero, c3_0), V.Select(flat, zero, s * c3_0), c3_0).Store(y);
        y += ldy;
        V.Select(V.GreaterThan(zero, c4_0), V.Select(flat, zero, s * c4_0), c4_0).Store(y);
        y += ldy;
        V.Select(V.GreaterThan(zero, c5_0), V.Select(flat, zero, s * c5_0), c5_0).Store(y);
        y += ldy;
        V.Select(V.GreaterThan(zero, c6_0), V.Select(flat, zero, s * c6_0), c6_0).Store(y);
        y += ldy;
        V.Select(V.GreaterThan(zero, c7_0), V.Select(flat, zero, s * c7_0), c7_0).Store(y);
    }

    /// <summary>y[i, j] = leaky(sum over p &lt; k of x[offset[p] + i step] w[p, j] + bias[j]): 6 pixels, 2 vectors of outputs.</summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pixels6x2<V>(nint k, float* x, int* offset, nint step, float* w, float* bias, float* slope, float* y, nint ldy)
        where V : unmanaged, ISimd<V>
    {
        V c0 = V.Load(bias), c1 = V.Load(bias + V.Count);
        V c0_0 = c0, c0_1 = c1;
        V c1_0 = c0, c1_1 = c1;
        V c2_0 = c0, c2_1 = c1;
        V c3_0 = c0, c3_1 = c1;
        V c4_0 = c0, c4_1 = c1;
        V c5_0 = c0, c5_1 = c1;
        nint step2 = 2 * step, step3 = 3 * step;
        for (nint p = 0; p < k; p++)
        {
            V b0 = V.Load(w), b1 = V.Load(w + V.Count);
            float* q = x + offset[p];
            V a = V.Create(q[0]); c0_0 = V.MultiplyAdd(a, b0, c0_0); c0_1 = V.MultiplyAdd(a, b1, c0_1);
            a = V.Create(q[step]); c1_0 = V.MultiplyAdd(a, b0, c1_0); c1_1 = V.MultiplyAdd(a, b1, c1_1);
            a = V.Create(q[step2]); c2_0 = V.MultiplyAdd(a, b0, c2_0); c2_1 = V.MultiplyAdd(a, b1, c2_1);
            q += step3;
            a = V.Create(q[0]); c3_0 = V.MultiplyAdd(a, b0, c3_0); c3_1 = V.MultiplyAdd(a, b1, c3_1);
            a = V.Create(q[step]); c4_0 = V.MultiplyAdd(a, b0, c4_0); c4_1 = V.MultiplyAdd(a, b1, c4_1);
            a = V.Create(q[step2]); c5_0 = V.MultiplyAdd(a, b0, c5_0); c5_1 = V.MultiplyAdd(a, b1, c5_1);
            w += 2 * V.Count;
        }
        V s = V.Load(slope), zero = V.Create(0), flat = V.EqualTo(s, zero);
        V.Select(V.GreaterThan(zero, c0_0), V.Select(flat, zero, s * c0_0), c0_0).Store(y);
        V.Select(V.GreaterThan(zero, c0_1), V.Select(flat, zero, s * c0_1), c0_1).Store(y + V.Count);
        y += ldy;
        V.Select(V.GreaterThan(zero, c1_0), V.Select(flat, zero, s * c1_0), c1_0).Store(y);
        V.Select(V.GreaterThan(zero, c1_1), V.Select(flat, zero, s * c1_1), c1_1).Store(y + V.Count);
        y += ldy;
        V.Select(V.GreaterThan(zero, c2_0), V.Select(flat, zero, s * c2_0), c2_0).Store(y);
        V.Select(V.GreaterThan(zero, c2_1), V.Select(flat, zero, s * c2_1), c2_1).Store(y + V.Count);
        y += ldy;
        V.Select(V.GreaterThan(zero, c3_0), V.Select(flat, zero, s * c3_0), c3_0).Store(y);
        V.Select(V.GreaterThan(zero, c3_1), V.Select(flat, zero, s * c3_1), c3_1).Store(y + V.Count);
        y += ldy;
        V.Select(V.GreaterThan(zero, c4_0), V.Select(flat, zero, s * c4_0), c4_0).Store(y);
        V.Select(V.GreaterThan(zero, c4_1), V.Select(flat, zero, s * c4_1), c4_1).Store(y + V.Count);
        y += ldy;
        V.Select(V.GreaterThan(zero, c5_0), V.Select(flat, zero, s * c5_0), c5_0).Store(y);
        V.Select(V.GreaterThan(zero, c5_1), V.Select(flat, zero, s * c5_1), c5_1).Store(y + V.Count);
    }

    /// <summary>y[i, j] = leaky(sum over p &lt; k of x[offset[p] + i step] w[p, j] + bias[j]): 6 pixels, 1 vector of outputs.</summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pixels6x1<V>(nint k, float* x, int* offset, nint step, float* w, float* bias, float* slope, float* y, nint ldy)
        where V : unmanaged, ISimd<V>
    {
        V c0 = V.Load(bias);
        V c0_0 = c0;
        V c1_0 = c0;
        V c2_0 = c0;
        V c3_0 = c0;
        V c4_0 = c0;
        V c5_0 = c0;
        nint step2 = 2 * step, step3 = 3 * step;
        for (nint p = 0; p < k; p++)
        {
            V b0 = V.Load(w);
            float* q = x + offset[p];
            V a = V.Create(q[0]); c0_0 = V.MultiplyAdd(a, b0, c0_0);
            a = V.Create(q[step]); c1_0 = V.MultiplyAdd(a, b0, c1_0);
            a = V.Create(q[step2]); c2_0 = V.MultiplyAdd(a, b0, c2_0);
            q += step3;
            a = V.Create(q[0]); c3_0 = V.MultiplyAdd(a, b0, c3_0);
            a = V.Create(q[step]); c4_0 = V.MultiplyAdd(a, b0, c4_0);
            a = V.Create(q[step2]); c5_0 = V.MultiplyAdd(a, b0, c5_0);
            w += 2 * V.Count;
        }
        V s = V.Load(slope), zero = V.Create(0), flat = V.EqualTo(s, zero);
        V.Select(V.GreaterThan(zero, c0_0), V.Select(flat, zero, s * c0_0), c0_0).Store(y);
        y += ldy;
        V.Select(V.GreaterThan(zero, c1_0), V.Select(flat, zero, s * c1_0), c1_0).Store(y);
        y += ldy;
        V.Select(V.GreaterThan(zero, c2_0), V.Select(flat, zero, s * c2_0), c2_0).Store(y);
        y += ldy;
        V.Select(V.GreaterThan(zero, c3_0), V.Select(flat, zero, s * c3_0), c3_0).Store(y);
        y += ldy;
        V.Select(V.GreaterThan(zero, c4_0), V.Select(flat, zero, s * c4_0), c4_0).Store(y);
        y += ldy;
        V.Select(V.GreaterThan(zero, c5_0), V.Select(flat, zero, s * c5_0), c5_0).Store(y);
    }

    /// <summary>sum[i, j] += sum over p &lt; k of x[offset[p] + i] dy[p, j]: 12 taps, 2 vectors of outputs.</summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Taps12x2<V>(nint k, float* x, int* offset, float* dy, nint lddy, float* sum, nint ldsum)
        where V : unmanaged, ISimd<V>
    {
        V c0 = V.Create(0), c1 = c0;
        V c0_0 = c0, c0_1 = c1;
        V c1_0 = c0, c1_1 = c1;
        V c2_0 = c0, c2_1 = c1;
        V c3_0 = c0, c3_1 = c1;
        V c4_0 = c0, c4_1 = c1;
        V c5_0 = c0, c5_1 = c1;
        V c6_0 = c0, c6_1 = c1;
        V c7_0 = c0, c7_1 = c1;
        V c8_0 = c0, c8_1 = c1;
        V c9_0 = c0, c9_1 = c1;
        V c10_0 = c0, c10_1 = c1;
        V c11_0 = c0, c11_1 = c1;
        for (nint p = 0; p < k; p++)
        {
            V b0 = V.Load(dy), b1 = V.Load(dy + V.Count);
            float* q = x + offset[p];
            V a = V.Create(q[0]); c0_0 = V.MultiplyAdd(a, b0, c0_0); c0_1 = V.MultiplyAdd(a, b1, c0_1);
            a = V.Create(q[1]); c1_0 = V.MultiplyAdd(a, b0, c1_0); c1_1 = V.MultiplyAdd(a, b1, c1_1);
            a = V.Create(q[2]); c2_0 = V.MultiplyAdd(a, b0, c2_0); c2_1 = V.MultiplyAdd(a, b1, c2_1);
            a = V.Create(q[3]); c3_0 = V.MultiplyAdd(a, b0, c3_0); c3_1 = V.MultiplyAdd(a, b1, c3_1);
            a = V.Create(q[4]); c4_0 = V.MultiplyAdd(a, b0, c4_0); c4_1 = V.MultiplyAdd(a, b1, c4_1);
            a = V.Create(q[5]); c5_0 = V.MultiplyAdd(a, b0, c5_0); c5_1 = V.MultiplyAdd(a, b1, c5_1);
            a = V.Create(q[6]); c6_0 = V.MultiplyAdd(a, b0, c6_0); c6_1 = V.MultiplyAdd(a, b1, c6_1);
            a = V.Create(q[7]); c7_0 = V.MultiplyAdd(a, b0, c7_0); c7_1 = V.MultiplyAdd(a, b1, c7_1);
            a = V.Create(q[8]); c8_0 = V.MultiplyAdd(a, b0, c8_0); c8_1 = V.MultiplyAdd(a, b1, c8_1);
            a = V.Create(q[9]); c9_0 = V.MultiplyAdd(a, b0, c9_0); c9_1 = V.MultiplyAdd(a, b1, c9_1);
            a = V.Create(q[10]); c10_0 = V.MultiplyAdd(a, b0, c10_0); c10_1 = V.MultiplyAdd(a, b1, c10_1);
            a = V.Create(q[11]); c11_0 = V.MultiplyAdd(a, b0, c11_0); c11_1 = V.MultiplyAdd(a, b1, c11_1);
            dy += lddy;
        }
        (V.Load(sum) + c0_0).Store(sum);
        (V.Load(sum + V.Count) + c0_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c1_0).Store(sum);
        (V.Load(sum + V.Count) + c1_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c2_0).Store(sum);
        (V.Load(sum + V.Count) + c2_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c3_0).Store(sum);
        (V.Load(sum + V.Count) + c3_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c4_0).Store(sum);
        (V.Load(sum + V.Count) + c4_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c5_0).Store(sum);
        (V.Load(sum + V.Count) + c5_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c6_0).Store(sum);
        (V.Load(sum + V.Count) + c6_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c7_0).Store(sum);
        (V.Load(sum + V.Count) + c7_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c8_0).Store(sum);
        (V.Load(sum + V.Count) + c8_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c9_0).Store(sum);
        (V.Load(sum + V.Count) + c9_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c10_0).Store(sum);
        (V.Load(sum + V.Count) + c10_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c11_0).Store(sum);
        (V.Load(sum + V.Count) + c11_1).Store(sum + V.Count);
    }

    /// <summary>sum[i, j] += sum over p &lt; k of x[offset[p] + i] dy[p, j]: 12 taps, 1 vector of outputs.</summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Taps12x1<V>(nint k, float* x, int* offset, float* dy, nint lddy, float* sum, nint ldsum)
        where V : unmanaged, ISimd<V>
    {
        V c0 = V.Create(0);
        V c0_0 = c0;
        V c1_0 = c0;
        V c2_0 = c0;
        V c3_0 = c0;
        V c4_0 = c0;
        V c5_0 = c0;
        V c6_0 = c0;
        V c7_0 = c0;
        V c8_0 = c0;
        V c9_0 = c0;
        V c10_0 = c0;
        V c11_0 = c0;
        for (nint p = 0; p < k; p++)
        {
            V b0 = V.Load(dy);
            float* q = x + offset[p];
            V a = V.Create(q[0]); c0_0 = V.MultiplyAdd(a, b0, c0_0);
            a = V.Create(q[1]); c1_0 = V.MultiplyAdd(a, b0, c1_0);
            a = V.Create(q[2]); c2_0 = V.MultiplyAdd(a, b0, c2_0);
            a = V.Create(q[3]); c3_0 = V.MultiplyAdd(a, b0, c3_0);
            a = V.Create(q[4]); c4_0 = V.MultiplyAdd(a, b0, c4_0);
            a = V.Create(q[5]); c5_0 = V.MultiplyAdd(a, b0, c5_0);
            a = V.Create(q[6]); c6_0 = V.MultiplyAdd(a, b0, c6_0);
            a = V.Create(q[7]); c7_0 = V.MultiplyAdd(a, b0, c7_0);
            a = V.Create(q[8]); c8_0 = V.MultiplyAdd(a, b0, c8_0);
            a = V.Create(q[9]); c9_0 = V.MultiplyAdd(a, b0, c9_0);
            a = V.Create(q[10]); c10_0 = V.MultiplyAdd(a, b0, c10_0);
            a = V.Create(q[11]); c11_0 = V.MultiplyAdd(a, b0, c11_0);
            dy += lddy;
        }
        (V.Load(sum) + c0_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c1_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c2_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c3_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c4_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c5_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c6_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c7_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c8_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c9_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c10_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c11_0).Store(sum);
    }

    /// <summary>sum[i, j] += sum over p &lt; k of x[offset[p] + i] dy[p, j]: 8 taps, 2 vectors of outputs.</summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Taps8x2<V>(nint k, float* x, int* offset, float* dy, nint lddy, float* sum, nint ldsum)
        where V : unmanaged, ISimd<V>
    {
        V c0 = V.Create(0), c1 = c0;
        V c0_0 = c0, c0_1 = c1;
        V c1_0 = c0, c1_1 = c1;
        V c2_0 = c0, c2_1 = c1;
        V c3_0 = c0, c3_1 = c1;
        V c4_0 = c0, c4_1 = c1;
        V c5_0 = c0, c5_1 = c1;
        V c6_0 = c0, c6_1 = c1;
        V c7_0 = c0, c7_1 = c1;
        for (nint p = 0; p < k; p++)
        {
            V b0 = V.Load(dy), b1 = V.Load(dy + V.Count);
            float* q = x + offset[p];
            V a = V.Create(q[0]); c0_0 = V.MultiplyAdd(a, b0, c0_0); c0_1 = V.MultiplyAdd(a, b1, c0_1);
            a = V.Create(q[1]); c1_0 = V.MultiplyAdd(a, b0, c1_0); c1_1 = V.MultiplyAdd(a, b1, c1_1);
            a = V.Create(q[2]); c2_0 = V.MultiplyAdd(a, b0, c2_0); c2_1 = V.MultiplyAdd(a, b1, c2_1);
            a = V.Create(q[3]); c3_0 = V.MultiplyAdd(a, b0, c3_0); c3_1 = V.MultiplyAdd(a, b1, c3_1);
            a = V.Create(q[4]); c4_0 = V.MultiplyAdd(a, b0, c4_0); c4_1 = V.MultiplyAdd(a, b1, c4_1);
            a = V.Create(q[5]); c5_0 = V.MultiplyAdd(a, b0, c5_0); c5_1 = V.MultiplyAdd(a, b1, c5_1);
            a = V.Create(q[6]); c6_0 = V.MultiplyAdd(a, b0, c6_0); c6_1 = V.MultiplyAdd(a, b1, c6_1);
            a = V.Create(q[7]); c7_0 = V.MultiplyAdd(a, b0, c7_0); c7_1 = V.MultiplyAdd(a, b1, c7_1);
            dy += lddy;
        }
        (V.Load(sum) + c0_0).Store(sum);
        (V.Load(sum + V.Count) + c0_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c1_0).Store(sum);
        (V.Load(sum + V.Count) + c1_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c2_0).Store(sum);
        (V.Load(sum + V.Count) + c2_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c3_0).Store(sum);
        (V.Load(sum + V.Count) + c3_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c4_0).Store(sum);
        (V.Load(sum + V.Count) + c4_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c5_0).Store(sum);
        (V.Load(sum + V.Count) + c5_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c6_0).Store(sum);
        (V.Load(sum + V.Count) + c6_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c7_0).Store(sum);
        (V.Load(sum + V.Count) + c7_1).Store(sum + V.Count);
    }

    /// <summary>sum[i, j] += sum over p &lt; k of x[offset[p] + i] dy[p, j]: 8 taps, 1 vector of outputs.</summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Taps8x1<V>(nint k, float* x, int* offset, float* dy, nint lddy, float* sum, nint ldsum)
        where V : unmanaged, ISimd<V>
    {
        V c0 = V.Create(0);
        V c0_0 = c0;
        V c1_0 = c0;
        V c2_0 = c0;
        V c3_0 = c0;
        V c4_0 = c0;
        V c5_0 = c0;
        V c6_0 = c0;
        V c7_0 = c0;
        for (nint p = 0; p < k; p++)
        {
            V b0 = V.Load(dy);
            float* q = x + offset[p];
            V a = V.Create(q[0]); c0_0 = V.MultiplyAdd(a, b0, c0_0);
            a = V.Create(q[1]); c1_0 = V.MultiplyAdd(a, b0, c1_0);
            a = V.Create(q[2]); c2_0 = V.MultiplyAdd(a, b0, c2_0);
            a = V.Create(q[3]); c3_0 = V.MultiplyAdd(a, b0, c3_0);
            a = V.Create(q[4]); c4_0 = V.MultiplyAdd(a, b0, c4_0);
            a = V.Create(q[5]); c5_0 = V.MultiplyAdd(a, b0, c5_0);
            a = V.Create(q[6]); c6_0 = V.MultiplyAdd(a, b0, c6_0);
            a = V.Create(q[7]); c7_0 = V.MultiplyAdd(a, b0, c7_0);
            dy += lddy;
        }
        (V.Load(sum) + c0_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c1_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c2_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c3_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c4_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c5_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c6_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c7_0).Store(sum);
    }

    /// <summary>sum[i, j] += sum over p &lt; k of x[offset[p] + i] dy[p, j]: 6 taps, 2 vectors of outputs.</summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Taps6x2<V>(nint k, float* x, int* offset, float* dy, nint lddy, float* sum, nint ldsum)
        where V : unmanaged, ISimd<V>
    {
        V c0 = V.Create(0), c1 = c0;
        V c0_0 = c0, c0_1 = c1;
        V c1_0 = c0, c1_1 = c1;
        V c2_0 = c0, c2_1 = c1;
        V c3_0 = c0, c3_1 = c1;
        V c4_0 = c0, c4_1 = c1;
        V c5_0 = c0, c5_1 = c1;
        for (nint p = 0; p < k; p++)
        {
            V b0 = V.Load(dy), b1 = V.Load(dy + V.Count);
            float* q = x + offset[p];
            V a = V.Create(q[0]); c0_0 = V.MultiplyAdd(a, b0, c0_0); c0_1 = V.MultiplyAdd(a, b1, c0_1);
            a = V.Create(q[1]); c1_0 = V.MultiplyAdd(a, b0, c1_0); c1_1 = V.MultiplyAdd(a, b1, c1_1);
            a = V.Create(q[2]); c2_0 = V.MultiplyAdd(a, b0, c2_0); c2_1 = V.MultiplyAdd(a, b1, c2_1);
            a = V.Create(q[3]); c3_0 = V.MultiplyAdd(a, b0, c3_0); c3_1 = V.MultiplyAdd(a, b1, c3_1);
            a = V.Create(q[4]); c4_0 = V.MultiplyAdd(a, b0, c4_0); c4_1 = V.MultiplyAdd(a, b1, c4_1);
            a = V.Create(q[5]); c5_0 = V.MultiplyAdd(a, b0, c5_0); c5_1 = V.MultiplyAdd(a, b1, c5_1);
            dy += lddy;
        }
        (V.Load(sum) + c0_0).Store(sum);
        (V.Load(sum + V.Count) + c0_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c1_0).Store(sum);
        (V.Load(sum + V.Count) + c1_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c2_0).Store(sum);
        (V.Load(sum + V.Count) + c2_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c3_0).Store(sum);
        (V.Load(sum + V.Count) + c3_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c4_0).Store(sum);
        (V.Load(sum + V.Count) + c4_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c5_0).Store(sum);
        (V.Load(sum + V.Count) + c5_1).Store(sum + V.Count);
    }

    /// <summary>sum[i, j] += sum over p &lt; k of x[offset[p] + i] dy[p, j]: 6 taps, 1 vector of outputs.</summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Taps6x1<V>(nint k, float* x, int* offset, float* dy, nint lddy, float* sum, nint ldsum)
        where V : unmanaged, ISimd<V>
    {
        V c0 = V.Create(0);
        V c0_0 = c0;
        V c1_0 = c0;
        V c2_0 = c0;
        V c3_0 = c0;
        V c4_0 = c0;
        V c5_0 = c0;
        for (nint p = 0; p < k; p++)
        {
            V b0 = V.Load(dy);
            float* q = x + offset[p];
            V a = V.Create(q[0]); c0_0 = V.MultiplyAdd(a, b0, c0_0);
            a = V.Create(q[1]); c1_0 = V.MultiplyAdd(a, b0, c1_0);
            a = V.Create(q[2]); c2_0 = V.MultiplyAdd(a, b0, c2_0);
            a = V.Create(q[3]); c3_0 = V.MultiplyAdd(a, b0, c3_0);
            a = V.Create(q[4]); c4_0 = V.MultiplyAdd(a, b0, c4_0);
            a = V.Create(q[5]); c5_0 = V.MultiplyAdd(a, b0, c5_0);
            dy += lddy;
        }
        (V.Load(sum) + c0_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c1_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c2_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c3_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c4_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c5_0).Store(sum);
    }

    /// <summary>sum[i, j] += sum over p &lt; k of x[offset[p] + i] dy[p, j]: 4 taps, 2 vectors of outputs.</summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Taps4x2<V>(nint k, float* x, int* offset, float* dy, nint lddy, float* sum, nint ldsum)
        where V : unmanaged, ISimd<V>
    {
        V c0 = V.Create(0), c1 = c0;
        V c0_0 = c0, c0_1 = c1;
        V c1_0 = c0, c1_1 = c1;
        V c2_0 = c0, c2_1 = c1;
        V c3_0 = c0, c3_1 = c1;
        for (nint p = 0; p < k; p++)
        {
            V b0 = V.Load(dy), b1 = V.Load(dy + V.Count);
            float* q = x + offset[p];
            V a = V.Create(q[0]); c0_0 = V.MultiplyAdd(a, b0, c0_0); c0_1 = V.MultiplyAdd(a, b1, c0_1);
            a = V.Create(q[1]); c1_0 = V.MultiplyAdd(a, b0, c1_0); c1_1 = V.MultiplyAdd(a, b1, c1_1);
            a = V.Create(q[2]); c2_0 = V.MultiplyAdd(a, b0, c2_0); c2_1 = V.MultiplyAdd(a, b1, c2_1);
            a = V.Create(q[3]); c3_0 = V.MultiplyAdd(a, b0, c3_0); c3_1 = V.MultiplyAdd(a, b1, c3_1);
            dy += lddy;
        }
        (V.Load(sum) + c0_0).Store(sum);
        (V.Load(sum + V.Count) + c0_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c1_0).Store(sum);
        (V.Load(sum + V.Count) + c1_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c2_0).Store(sum);
        (V.Load(sum + V.Count) + c2_1).Store(sum + V.Count);
        sum += ldsum;
        (V.Load(sum) + c3_0).Store(sum);
        (V.Load(sum + V.Count) + c3_1).Store(sum + V.Count);
    }

    /// <summary>sum[i, j] += sum over p &lt; k of x[offset[p] + i] dy[p, j]: 4 taps, 1 vector of outputs.</summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Taps4x1<V>(nint k, float* x, int* offset, float* dy, nint lddy, float* sum, nint ldsum)
        where V : unmanaged, ISimd<V>
    {
        V c0 = V.Create(0);
        V c0_0 = c0;
        V c1_0 = c0;
        V c2_0 = c0;
        V c3_0 = c0;
        for (nint p = 0; p < k; p++)
        {
            V b0 = V.Load(dy);
            float* q = x + offset[p];
            V a = V.Create(q[0]); c0_0 = V.MultiplyAdd(a, b0, c0_0);
            a = V.Create(q[1]); c1_0 = V.MultiplyAdd(a, b0, c1_0);
            a = V.Create(q[2]); c2_0 = V.MultiplyAdd(a, b0, c2_0);
            a = V.Create(q[3]); c3_0 = V.MultiplyAdd(a, b0, c3_0);
            dy += lddy;
        }
        (V.Load(sum) + c0_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c1_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c2_0).Store(sum);
        sum += ldsum;
        (V.Load(sum) + c3_0).Store(sum);
    }
}
