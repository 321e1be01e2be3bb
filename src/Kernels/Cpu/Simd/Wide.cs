using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Sagan.Native.Kernels;

/// <summary>
/// Eight floats as doubles, for what is combined or normed in double. Operations on <see cref="Vector512{T}"/> go lane by lane in the same
/// order on every machine, as one, two or four instructions, or as calls where there are no vectors: same bits.
/// </summary>
static unsafe class Wide
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(float* p)
    {
        (Vector256<double> low, Vector256<double> high) = Vector256.Widen(Vector256.Load(p));
        return Vector512.Create(low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<double> v, float* p) => Vector256.Narrow(v.GetLower(), v.GetUpper()).Store(p);

    /// <summary>sum of x y: eight chains, added pairwise.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Dot(float* x, float* y, int n)
    {
        Vector512<double> even = default, odd = default;
        int i = 0;
        for (; i <= n - 16; i += 16)
        {
            even += Load(x + i) * Load(y + i);
            odd += Load(x + i + 8) * Load(y + i + 8);
        }
        double sum = Vector512.Sum(even + odd);
        for (; i < n; i++) sum += (double)x[i] * y[i];
        return sum;
    }

    /// <summary>y = x scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(float* x, double scale, float* y, int n)
    {
        Vector512<double> s = Vector512.Create(scale);
        int i = 0;
        for (; i <= n - 8; i += 8) Store(Load(x + i) * s, y + i);
        for (; i < n; i++) y[i] = (float)(x[i] * scale);
    }

    /// <summary>total[c] = sum over rows r below rows of x[r stride + c], in ascending r, for c below columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SumRows(float* x, long stride, int rows, int columns, double* total)
    {
        int c = 0;
        for (; c <= columns - 8; c += 8)
        {
            Vector512<double> sum = default;
            float* p = x + c;
            for (int r = 0; r < rows; r++, p += stride) sum += Load(p);
            sum.Store(total + c);
        }
        for (; c < columns; c++)
        {
            double sum = 0;
            for (int r = 0; r < rows; r++) sum += x[r * stride + c];
            total[c] = sum;
        }
    }
}
