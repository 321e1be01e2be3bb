using System.Numerics;

namespace Sagan.Native.Ladder;

// y [M,N] = a [M,K] b [K,N], row-major, 2 M N K flops. Any M, N and K.
//
// From rung to rung fewer bytes are moved for each multiplication: out of memory, out of the cache, and at last out of registers.
static unsafe class CpuMatMulRungs
{
    static int W => Vector<float>.Count;

    /// <summary>The definition. Down a column of b each step goes N floats further: a new cache line for each multiplication.</summary>
    public static void Naive(float* a, float* b, float* y, int m, int n, int k)
    {
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++)
            {
                float sum = 0;
                for (int p = 0; p < k; p++) sum += a[i * k + p] * b[p * n + j];
                y[i * n + j] = sum;
            }
    }

    /// <summary>
    /// The inner loop goes along rows of b and y, and a block of b, 64 x 256 floats = 64 KB, stays in the L2 cache for all rows of a.
    /// </summary>
    public static void Blocked(float* a, float* b, float* y, int m, int n, int k)
    {
        const int Depth = 64, Width = 256;
        new Span<float>(y, m * n).Clear();
        for (int p0 = 0; p0 < k; p0 += Depth)
            for (int j0 = 0; j0 < n; j0 += Width)
                for (int i = 0; i < m; i++)
                    for (int p = p0; p < Math.Min(p0 + Depth, k); p++)
                    {
                        float x = a[i * k + p];
                        for (int j = j0; j < Math.Min(j0 + Width, n); j++) y[i * n + j] += x * b[p * n + j];
                    }
    }

    /// <summary>
    /// W columns in one instruction, W = 8 with AVX2. For each multiply-add y is loaded and stored: the loads are the limit now.
    /// </summary>
    public static void Vectors(float* a, float* b, float* y, int m, int n, int k)
    {
        const int Depth = 64, Width = 256;
        new Span<float>(y, m * n).Clear();
        for (int p0 = 0; p0 < k; p0 += Depth)
            for (int j0 = 0; j0 < n; j0 += Width)
                for (int i = 0; i < m; i++)
                    for (int p = p0; p < Math.Min(p0 + Depth, k); p++)
                    {
                        float x = a[i * k + p];
                        int j = j0, end = Math.Min(j0 + Width, n);
                        Vector<float> xs = new(x);
                        for (; j + W <= end; j += W)
                        {
                            float* to = y + i * n + j;
                            Vector.Store(Vector.FusedMultiplyAdd(xs, Vector.Load(b + p * n + j), Vector.Load(to)), to);
                        }
                        for (; j < end; j++) y[i * n + j] += x * b[p * n + j];
                    }
    }

    /// <summary>
    /// A tile of 4 rows and 2 W columns of y stays in eight registers over all of k: six loads for eight multiply-adds. And b is copied
    /// first, the 2 W columns of a tile one after the other, so that a tile reads one line of memory from its beginning to its end.
    /// </summary>
    public static void Packed(float* a, float* b, float* y, int m, int n, int k)
    {
        fixed (float* panel = new float[k * 2 * W])
            for (int j = 0; j < n; j += 2 * W)
            {
                Pack(b, panel, j, n, k);
                for (int i = 0; i < m; i += 4) Tile(a, panel, y, i, j, m, n, k);
            }
    }

    /// <summary>Panels of columns on all cores.</summary>
    public static void AllCores(float* a, float* b, float* y, int m, int n, int k) =>
        Parallel.For(0, (n + 2 * W - 1) / (2 * W), Cores.All, () => new float[k * 2 * W], (panel, _, memory) =>
        {
            fixed (float* packed = memory)
            {
                int j = panel * 2 * W;
                Pack(b, packed, j, n, k);
                for (int i = 0; i < m; i += 4) Tile(a, packed, y, i, j, m, n, k);
            }
            return memory;
        }, _ => { });

    /// <summary>panel[p, c] = b[p, j + c], 0 past the last column.</summary>
    internal static void Pack(float* b, float* panel, int j, int n, int k)
    {
        int width = Math.Min(2 * W, n - j);
        for (int p = 0; p < k; p++)
        {
            new Span<float>(b + p * n + j, width).CopyTo(new Span<float>(panel + p * 2 * W, width));
            new Span<float>(panel + p * 2 * W + width, 2 * W - width).Clear();
        }
    }

    /// <summary>y[i .. i + 4, j .. j + 2 W] = a[i .. i + 4, :] times the panel. Rows past the last one are row M - 1 again.</summary>
    internal static void Tile(float* a, float* panel, float* y, int i, int j, int m, int n, int k)
    {
        float* a0 = a + i * k, a1 = a + Math.Min(i + 1, m - 1) * k, a2 = a + Math.Min(i + 2, m - 1) * k,
            a3 = a + Math.Min(i + 3, m - 1) * k;
        Vector<float> y00 = default, y01 = default, y10 = default, y11 = default, y20 = default, y21 = default, y30 = default,
            y31 = default;
        for (int p = 0; p < k; p++)
        {
            Vector<float> b0 = Vector.Load(panel + p * 2 * W), b1 = Vector.Load(panel + p * 2 * W + W), x = new(a0[p]);
            y00 = Vector.FusedMultiplyAdd(x, b0, y00);
            y01 = Vector.FusedMultiplyAdd(x, b1, y01);
            x = new(a1[p]);
            y10 = Vector.FusedMultiplyAdd(x, b0, y10);
            y11 = Vector.FusedMultiplyAdd(x, b1, y11);
            x = new(a2[p]);
            y20 = Vector.FusedMultiplyAdd(x, b0, y20);
            y21 = Vector.FusedMultiplyAdd(x, b1, y21);
            x = new(a3[p]);
            y30 = Vector.FusedMultiplyAdd(x, b0, y30);
            y31 = Vector.FusedMultiplyAdd(x, b1, y31);
        }
        // Through memory first: no vector stays in its register through a call, and for the sake of one behind the loop the compiler would
        // keep them on the stack in it.
        float* tile = stackalloc float[8 * W];
        Vector.Store(y00, tile);
        Vector.Store(y01, tile + W);
        Vector.Store(y10, tile + 2 * W);
        Vector.Store(y11, tile + 3 * W);
        Vector.Store(y20, tile + 4 * W);
        Vector.Store(y21, tile + 5 * W);
        Vector.Store(y30, tile + 6 * W);
        Vector.Store(y31, tile + 7 * W);
        int width = Math.Min(2 * W, n - j);
        for (int r = 0; r < 4 && i + r < m; r++)
            new Span<float>(tile + 2 * r * W, width).CopyTo(new Span<float>(y + (i + r) * n + j, width));
    }
}
