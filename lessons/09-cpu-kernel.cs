#:project Lesson/Lesson.csproj
// Lesson 9: a kernel for the CPU, with SIMD. 30 minutes.
//
// Run it:      dotnet run -c Release lessons/09-cpu-kernel.cs
// Where it says  throw new Blank(...)  put code of yours and run it again, until all is right.
// When stuck:  lessons/solutions/09-cpu-kernel.cs
//
// A kernel computes on raw memory. This one is the product of lesson 2, three times: plain, with vectors, and with a tile held in
// registers. Each is a few lines, and each is faster than the one before.
using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using Sagan.Native;
using Sagan.Native.Kernels;
using Sagan.Native.Lessons;

Lesson.Begin("9. A kernel for the CPU");

// c = a b, with a [M, K], b [K, N], c [M, N], row by row in memory. Sizes that no vector divides, as real ones are.
const int M = 37, K = 29, N = 53;
int width = Vector<float>.Count;
RandomSource random = new(seed: 9);
Tensor a = Tensor.Randn(random, M, K), b = Tensor.Randn(random, K, N), right = a.MatMul(b);
float[] A = a.ToArray(), B = b.ToArray();
Lesson.Say($"a vector has {width} floats here");

// 1 ---- The order of the loops ---------------------------------------------------------------------------------------
// c_ij = sum_k a_ik b_kj can be added up in any order of i, j, k. With j innermost, b and c are read and written one number after the
// other, which memory likes best, and one a_ik is used for a whole row:
//
//     for i:   row i of c = 0
//              for k:   for j:   c_ij += a_ik b_kj
[MethodImpl(MethodImplOptions.AggressiveOptimization)]
void Plain(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, int M, int K, int N)
{
    throw new Blank("three loops: i, k, j; a row of c begins with zeros (it holds NaN before): c.Slice(i * N, N).Clear()");
}

Lesson.Check("plain", c => Plain(A, B, c, M, K, N), right,
    "every cell of c is to be written; it holds NaN before, so += needs zeros first");

// 2 ---- Vectors ------------------------------------------------------------------------------------------------------
// A processor adds and multiplies 4, 8 or 16 floats in one instruction. Vector<float> is as many as this one has, Vector<float>.Count.
//
//     Vector<float> x = new(span);          the first Count numbers of a span         new Vector<float>(f): f, repeated
//     Vector.FusedMultiplyAdd(x, y, z)      x * y + z, rounded once                   x.CopyTo(span)
//
// The innermost loop takes Count steps at once, up to the last whole vector; the rest, the tail, goes one by one. N = 53 always has one.
[MethodImpl(MethodImplOptions.AggressiveOptimization)]
void Vectors(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, int M, int K, int N)
{
    int width = Vector<float>.Count, whole = N - N % width;
    for (int i = 0; i < M; i++)
    {
        Span<float> row = c.Slice(i * N, N);
        row.Clear();
        for (int k = 0; k < K; k++)
        {
            float f = a[i * K + k];
            ReadOnlySpan<float> other = b.Slice(k * N, N);
            Vector<float> factor = new(f);
            throw new Blank("for j = 0, width, 2 width ... below whole: row[j..] becomes factor * other[j..] + row[j..], as vectors");
            throw new Blank("the tail: j from whole to N - 1, one by one");
        }
    }
}

// What comes out when the tail is forgotten: zeros there.
Tensor tailless = right * Tensor.From([.. Enumerable.Range(0, N).Select(j => j < N - N % width ? 1f : 0f)], new Shape(N));
Lesson.Check("vectors", c => Vectors(A, B, c, M, K, N), right, "row is to be written",
    ("the tail is forgotten: columns from whole on", tailless),
    ("the sum is overwritten, not added to: the last k alone", a[.., (K - 1)..].MatMul(b[(K - 1).., ..])));

// 3 ---- A tile in registers ------------------------------------------------------------------------------------------
// The loop above loads a piece of c and stores it again for every k: two accesses to memory for one multiplication. A processor has 16 or
// 32 vector registers. Hold a tile of c in them, 4 rows of 1 vector, go through all k, and store it once. Each vector of b is loaded once
// for 4 rows:
//
//     for 4 rows i, for each vector of columns j:
//         c0 = c1 = c2 = c3 = 0
//         for k:   v = b_k,j..          c0 += a_i,k v     c1 += a_i+1,k v     c2 += a_i+2,k v     c3 += a_i+3,k v
//         store the four
//
// Rest, at the end of the file, computes what no tile covers: the last M % 4 rows, and the tail of the others.
[MethodImpl(MethodImplOptions.AggressiveOptimization)]
void Tile(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, int M, int K, int N)
{
    int width = Vector<float>.Count, whole = N - N % width, rows = M - M % 4;
    for (int i = 0; i < rows; i += 4)
        for (int j = 0; j < whole; j += width)
        {
            Vector<float> c0 = default, c1 = default, c2 = default, c3 = default;
            throw new Blank("for all k: v = new Vector<float>(b[(k * N + j)..]), and four times FusedMultiplyAdd");
            throw new Blank("c0.CopyTo(c[(i * N + j)..]), and the three rows below");
        }
    Rest(a, b, c, rows, whole, M, K, N);
}

Lesson.Check("tile", c => Tile(A, B, c, M, K, N), right, "four rows are to be stored",
    ("the same row of a four times: rows i, i + 1, i + 2, i + 3", Ops.Stack([.. Enumerable.Range(0, M).Select(i =>
        i < M - M % 4 ? right[i - i % 4, ..] : right[i, ..])])));

// 4 ---- How fast -----------------------------------------------------------------------------------------------------
// 2 M K N operations, a multiplication and an addition for each term. The engine's own kernel (src/Kernels/Cpu/Gemm) has the same idea with
// a larger tile, packs b so that it is read in one line, and uses all cores.
int exit = Lesson.End();
if (exit == 0)
{
    const int S = 192;
    float[] x = Tensor.Randn(random, S, S).ToArray(), y = Tensor.Randn(random, S, S).ToArray(), z = new float[S * S];
    Tensor tx = Tensor.From(x, new Shape(S, S)), ty = Tensor.From(y, new Shape(S, S));
    Time("plain", () => Plain(x, y, z, S, S, S));
    Time("vectors", () => Vectors(x, y, z, S, S, S));
    Time("tile", () => Tile(x, y, z, S, S, S));
    Time("engine", () => Step.Run(() => { tx.MatMul(ty); }));

    // The best of several, since other work on the machine makes a time longer and never shorter.
    void Time(string name, Action kernel)
    {
        double best = double.MaxValue;
        for (int i = 0; i < 20; i++)
        {
            long start = Stopwatch.GetTimestamp();
            kernel();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        Lesson.Say($"{name,-8} {2.0 * S * S * S / best / 1e9,6:0.0} GFLOP/s");
    }
}
return exit;

static void Rest(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, int rows, int whole, int M, int K, int N)
{
    for (int i = 0; i < M; i++)
        for (int j = i < rows ? whole : 0; j < N; j++)
        {
            float sum = 0;
            for (int k = 0; k < K; k++) sum += a[i * K + k] * b[k * N + j];
            c[i * N + j] = sum;
        }
}
