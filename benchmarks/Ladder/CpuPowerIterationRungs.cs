using System.Numerics;

namespace Sagan.Native.Ladder;

// One step of power iteration on W [R,C]:  v = W^T u / |W^T u|,  u' = W v / |W v|,  sigma = u'^T W v = |W v|
//
// 4 R C flops on 4 R C bytes that are read twice: once for v, once for u'. Where W fits in a cache the second time is cheap.
static unsafe class CpuPowerIterationRungs
{
    static int W => Vector<float>.Count;

    /// <summary>
    /// Two products as they are written down. W^T u goes down the columns of W: a new cache line for each multiplication.
    /// </summary>
    public static void Naive(float* w, float* u, float* v, float* next, float* sigma, int rows, int columns)
    {
        for (int c = 0; c < columns; c++)
        {
            float sum = 0;
            for (int r = 0; r < rows; r++) sum += w[r * columns + c] * u[r];
            v[c] = sum;
        }
        Normalize(v, columns);
        for (int r = 0; r < rows; r++)
        {
            float sum = 0;
            for (int c = 0; c < columns; c++) sum += w[r * columns + c] * v[c];
            next[r] = sum;
        }
        sigma[0] = Normalize(next, rows);
    }

    /// <summary>W^T u as a sum of rows, u_r times row r: both products go along the rows of W as they lie.</summary>
    public static void Rows(float* w, float* u, float* v, float* next, float* sigma, int rows, int columns)
    {
        new Span<float>(v, columns).Clear();
        for (int r = 0; r < rows; r++)
            for (int c = 0; c < columns; c++) v[c] += u[r] * w[r * columns + c];
        Normalize(v, columns);
        for (int r = 0; r < rows; r++)
        {
            float sum = 0;
            for (int c = 0; c < columns; c++) sum += w[r * columns + c] * v[c];
            next[r] = sum;
        }
        sigma[0] = Normalize(next, rows);
    }

    /// <summary>
    /// W elements at once, and four rows of the matrix at once: v is loaded and stored a quarter as often, and the dot products are four
    /// chains of additions that do not wait for each other.
    /// </summary>
    public static void Vectors(float* w, float* u, float* v, float* next, float* sigma, int rows, int columns)
    {
        new Span<float>(v, columns).Clear();
        AddRows(w, u, v, 0, rows, columns);
        Normalize(v, columns);
        for (int r = 0; r < rows; r += 4) Dots(w, v, next, r, rows, columns);
        sigma[0] = Normalize(next, rows);
    }

    /// <summary>Bands of rows on all cores, each with a sum of its own; the sums are added in the order of the bands.</summary>
    public static void AllCores(float* w, float* u, float* v, float* next, float* sigma, int rows, int columns)
    {
        const int Band = 64;
        int bands = (rows + Band - 1) / Band;
        fixed (float* parts = new float[bands * columns])
        {
            float* sums = parts;
            Parallel.For(0, bands, Cores.All, i =>
                AddRows(w, u, sums + i * columns, i * Band, Math.Min(rows, (i + 1) * Band), columns));
            for (int c = 0; c < columns; c++)
            {
                v[c] = 0;
                for (int i = 0; i < bands; i++) v[c] += sums[i * columns + c];
            }
        }
        Normalize(v, columns);
        Parallel.For(0, (rows + 3) / 4, Cores.All, i => Dots(w, v, next, 4 * i, rows, columns));
        sigma[0] = Normalize(next, rows);
    }

    /// <summary>v += sum over r in [begin, end) of u_r times row r of W.</summary>
    static void AddRows(float* w, float* u, float* v, int begin, int end, int columns)
    {
        int r = begin;
        for (; r + 4 <= end; r += 4)
        {
            float* w0 = w + r * columns, w1 = w0 + columns, w2 = w1 + columns, w3 = w2 + columns;
            Vector<float> u0 = new(u[r]), u1 = new(u[r + 1]), u2 = new(u[r + 2]), u3 = new(u[r + 3]);
            int c = 0;
            for (; c + W <= columns; c += W)
            {
                Vector<float> sum = Vector.FusedMultiplyAdd(u0, Vector.Load(w0 + c), Vector.Load(v + c));
                sum = Vector.FusedMultiplyAdd(u1, Vector.Load(w1 + c), sum);
                sum = Vector.FusedMultiplyAdd(u2, Vector.Load(w2 + c), sum);
                Vector.Store(Vector.FusedMultiplyAdd(u3, Vector.Load(w3 + c), sum), v + c);
            }
            for (; c < columns; c++) v[c] += u[r] * w0[c] + u[r + 1] * w1[c] + u[r + 2] * w2[c] + u[r + 3] * w3[c];
        }
        for (; r < end; r++)
            for (int c = 0; c < columns; c++) v[c] += u[r] * w[r * columns + c];
    }

    /// <summary>next[r .. r + 4] = those rows of W times v. Rows past the last one are the last row again.</summary>
    static void Dots(float* w, float* v, float* next, int r, int rows, int columns)
    {
        float* w0 = w + r * columns, w1 = w + Math.Min(r + 1, rows - 1) * columns, w2 = w + Math.Min(r + 2, rows - 1) * columns,
            w3 = w + Math.Min(r + 3, rows - 1) * columns;
        Vector<float> s0 = default, s1 = default, s2 = default, s3 = default;
        int c = 0;
        for (; c + W <= columns; c += W)
        {
            Vector<float> x = Vector.Load(v + c);
            s0 = Vector.FusedMultiplyAdd(Vector.Load(w0 + c), x, s0);
            s1 = Vector.FusedMultiplyAdd(Vector.Load(w1 + c), x, s1);
            s2 = Vector.FusedMultiplyAdd(Vector.Load(w2 + c), x, s2);
            s3 = Vector.FusedMultiplyAdd(Vector.Load(w3 + c), x, s3);
        }
        float d0 = Vector.Sum(s0), d1 = Vector.Sum(s1), d2 = Vector.Sum(s2), d3 = Vector.Sum(s3);
        for (; c < columns; c++)
        {
            d0 += w0[c] * v[c];
            d1 += w1[c] * v[c];
            d2 += w2[c] * v[c];
            d3 += w3[c] * v[c];
        }
        next[r] = d0;
        if (r + 1 < rows) next[r + 1] = d1;
        if (r + 2 < rows) next[r + 2] = d2;
        if (r + 3 < rows) next[r + 3] = d3;
    }

    /// <summary>x /= |x|; returns |x|.</summary>
    static float Normalize(float* x, int n)
    {
        double squares = 0;
        for (int i = 0; i < n; i++) squares += (double)x[i] * x[i];
        float norm = (float)Math.Sqrt(squares);
        for (int i = 0; i < n; i++) x[i] /= norm;
        return norm;
    }
}
