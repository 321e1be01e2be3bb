using System.Numerics;

namespace Sagan.Native.Ladder;

// y[r,c] = exp(x[r,c] - m_r) / z_r,  m_r = max_c x[r,c],  z_r = sum_c exp(x[r,c] - m_r)
//
// Little arithmetic and much memory: x and y are 8 bytes an element. What counts is the exponential, then how often a row is read.
static unsafe class CpuSoftmaxRungs
{
    static int W => Vector<float>.Count;

    /// <summary>Three passes over a row: largest element, exponentials and their sum, quotients.</summary>
    public static void Naive(float* x, float* y, int rows, int columns)
    {
        for (int r = 0; r < rows; r++, x += columns, y += columns)
        {
            float m = float.NegativeInfinity, z = 0;
            for (int c = 0; c < columns; c++) m = MathF.Max(m, x[c]);
            for (int c = 0; c < columns; c++) z += y[c] = MathF.Exp(x[c] - m);
            for (int c = 0; c < columns; c++) y[c] /= z;
        }
    }

    /// <summary>The same three passes with W elements at once; the exponential is a polynomial.</summary>
    public static void Vectors(float* x, float* y, int rows, int columns)
    {
        for (int r = 0; r < rows; r++) Row(x + (long)r * columns, y + (long)r * columns, columns);
    }

    /// <summary>
    /// The row is read once for m and z together (Milakov and Gimelshein 2018), tile by tile: where a tile has a larger element, z is
    /// multiplied with exp(old m - new m) before the tile is added. The exponential is computed twice as often, so this pays only where a
    /// row does not fit in a cache; attention needs it, because its rows of scores are never there as a whole.
    /// </summary>
    public static void Online(float* x, float* y, int rows, int columns)
    {
        const int Tile = 256;
        for (int r = 0; r < rows; r++, x += columns, y += columns)
        {
            float m = float.NegativeInfinity, z = 0;
            for (int begin = 0; begin < columns; begin += Tile)
            {
                int count = Math.Min(Tile, columns - begin);
                float larger = MathF.Max(m, Largest(x + begin, count));
                z = z * MathF.Exp(m - larger) + Exponentials(x + begin, y + begin, larger, count);
                m = larger;
            }
            Exponentials(x, y, m, columns);
            Scale(y, 1 / z, columns);
        }
    }

    /// <summary>Rows on all cores, in three passes.</summary>
    public static void AllCores(float* x, float* y, int rows, int columns) =>
        Parallel.For(0, rows, Cores.All, r => Row(x + (long)r * columns, y + (long)r * columns, columns));

    static void Row(float* x, float* y, int columns) => Scale(y, 1 / Exponentials(x, y, Largest(x, columns), columns), columns);

    static float Largest(float* x, int n)
    {
        Vector<float> most = new(float.NegativeInfinity);
        int c = 0;
        for (; c + W <= n; c += W) most = Vector.Max(most, Vector.Load(x + c));
        float m = float.NegativeInfinity;
        for (int lane = 0; lane < W; lane++) m = MathF.Max(m, most[lane]);
        for (; c < n; c++) m = MathF.Max(m, x[c]);
        return m;
    }

    /// <summary>y_c = exp(x_c - m); returns their sum.</summary>
    internal static float Exponentials(float* x, float* y, float m, int n)
    {
        Vector<float> shift = new(m), total = default;
        int c = 0;
        for (; c + W <= n; c += W)
        {
            Vector<float> e = Vector.Exp(Vector.Load(x + c) - shift);
            Vector.Store(e, y + c);
            total += e;
        }
        float sum = Vector.Sum(total);
        for (; c < n; c++) sum += y[c] = MathF.Exp(x[c] - m);
        return sum;
    }

    /// <summary>y = a y.</summary>
    internal static void Scale(float* y, float a, int n)
    {
        int c = 0;
        for (; c + W <= n; c += W) Vector.Store(Vector.Load(y + c) * a, y + c);
        for (; c < n; c++) y[c] *= a;
    }
}
