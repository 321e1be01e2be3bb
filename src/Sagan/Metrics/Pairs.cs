using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sagan.Native.Kernels;

namespace Sagan.Native.Metrics;

/// <summary>
/// Every row of x [N, width] against every row of y [M, width], a tile of tile x tile pairs at a time: the N x M matrix is never in memory.
/// A pair's value depends on its two rows alone, and a row's values are visited in the order of y by one thread, so neither the tile nor
/// the threads change a result.
/// </summary>
static class Pairs
{
    public const int Tile = 256;

    /// <summary>Values of row <paramref name="row"/> of x with the rows of y from <paramref name="first"/> on.</summary>
    public delegate void Visitor<T>(int row, int first, ReadOnlySpan<T> values);

    /// <summary>Visits all pairs; each row of x meets the rows of y in ascending order.</summary>
    /// <param name="x">N rows.</param>
    /// <param name="y">M rows.</param>
    /// <param name="width">Components of a row.</param>
    /// <param name="visit">Called by several threads, each with rows of its own.</param>
    /// <param name="tile">Rows of x and of y that are paired at a time.</param>
    /// <param name="upper">True: of a symmetric matrix only the tiles on and above the diagonal.</param>
    public static void Visit<T, TPairing>(ReadOnlyMemory<T> x, ReadOnlyMemory<T> y, int width, Visitor<T> visit, int tile = Tile,
        bool upper = false)
        where T : unmanaged
        where TPairing : struct, IPairing<T>
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tile);
        int rows = x.Length / width, columns = y.Length / width;
        Parallel.For(0, (rows + tile - 1) / tile, new ParallelOptions { MaxDegreeOfParallelism = WorkerPool.Threads }, t =>
        {
            int start = t * tile, count = Math.Min(tile, rows - start);
            T[] values = new T[tile * tile];
            ReadOnlySpan<T> a = x.Span.Slice(start * width, count * width);
            for (int first = upper ? start : 0; first < columns; first += tile)
            {
                int n = Math.Min(tile, columns - first);
                Fill<T, TPairing>(a, y.Span.Slice(first * width, n * width), width, values);
                for (int i = 0; i < count; i++) visit(start + i, first, values.AsSpan(i * n, n));
            }
        });
    }

    // Two rows of x with four of y: eight sums that do not wait for each other, six loads.
    static void Fill<T, TPairing>(ReadOnlySpan<T> x, ReadOnlySpan<T> y, int width, Span<T> to)
        where T : unmanaged
        where TPairing : struct, IPairing<T>
    {
        int rows = x.Length / width, columns = y.Length / width, i = 0;
        for (; i + 2 <= rows; i += 2)
        {
            ReadOnlySpan<T> x0 = x.Slice(i * width, width), x1 = x.Slice((i + 1) * width, width);
            int j = 0;
            for (; j + 4 <= columns; j += 4)
                TwoByFour<T, TPairing>(x0, x1, y.Slice(j * width, 4 * width), to.Slice(i * columns + j, columns + 4));
            for (; j < columns; j++)
            {
                to[i * columns + j] = One<T, TPairing>(x0, y.Slice(j * width, width));
                to[(i + 1) * columns + j] = One<T, TPairing>(x1, y.Slice(j * width, width));
            }
        }
        if (i < rows)
            for (int j = 0; j < columns; j++) to[i * columns + j] = One<T, TPairing>(x.Slice(i * width, width), y.Slice(j * width, width));
    }

    // to[0..3] for x0, to[columns..columns + 3] for x1.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void TwoByFour<T, TPairing>(ReadOnlySpan<T> x0, ReadOnlySpan<T> x1, ReadOnlySpan<T> y, Span<T> to)
        where T : unmanaged
        where TPairing : struct, IPairing<T>
    {
        int width = x0.Length, k = 0, columns = to.Length - 4;
        ref T a = ref MemoryMarshal.GetReference(x0), b = ref MemoryMarshal.GetReference(x1), c = ref MemoryMarshal.GetReference(y);
        Vector<T> s00 = default, s01 = default, s02 = default, s03 = default, s10 = default, s11 = default, s12 = default, s13 = default;
        for (; k + Vector<T>.Count <= width; k += Vector<T>.Count)
        {
            Vector<T> p = Vector.LoadUnsafe(ref a, (nuint)k), q = Vector.LoadUnsafe(ref b, (nuint)k);
            Vector<T> y0 = Vector.LoadUnsafe(ref c, (nuint)k), y1 = Vector.LoadUnsafe(ref c, (nuint)(k + width));
            (s00, s10, s01, s11) = (TPairing.Add(s00, p, y0), TPairing.Add(s10, q, y0), TPairing.Add(s01, p, y1), TPairing.Add(s11, q, y1));
            Vector<T> y2 = Vector.LoadUnsafe(ref c, (nuint)(k + 2 * width)), y3 = Vector.LoadUnsafe(ref c, (nuint)(k + 3 * width));
            (s02, s12, s03, s13) = (TPairing.Add(s02, p, y2), TPairing.Add(s12, q, y2), TPairing.Add(s03, p, y3), TPairing.Add(s13, q, y3));
        }
        to[0] = Tail<T, TPairing>(Vector.Sum(s00), x0, y[..width], k);
        to[1] = Tail<T, TPairing>(Vector.Sum(s01), x0, y.Slice(width, width), k);
        to[2] = Tail<T, TPairing>(Vector.Sum(s02), x0, y.Slice(2 * width, width), k);
        to[3] = Tail<T, TPairing>(Vector.Sum(s03), x0, y.Slice(3 * width, width), k);
        to[columns] = Tail<T, TPairing>(Vector.Sum(s10), x1, y[..width], k);
        to[columns + 1] = Tail<T, TPairing>(Vector.Sum(s11), x1, y.Slice(width, width), k);
        to[columns + 2] = Tail<T, TPairing>(Vector.Sum(s12), x1, y.Slice(2 * width, width), k);
        to[columns + 3] = Tail<T, TPairing>(Vector.Sum(s13), x1, y.Slice(3 * width, width), k);
    }

    // The same sums in the same order, for the pairs at the edge of a tile.
    static T One<T, TPairing>(ReadOnlySpan<T> x, ReadOnlySpan<T> y)
        where T : unmanaged
        where TPairing : struct, IPairing<T>
    {
        ref T a = ref MemoryMarshal.GetReference(x), b = ref MemoryMarshal.GetReference(y);
        Vector<T> sum = default;
        int k = 0;
        for (; k + Vector<T>.Count <= x.Length; k += Vector<T>.Count)
            sum = TPairing.Add(sum, Vector.LoadUnsafe(ref a, (nuint)k), Vector.LoadUnsafe(ref b, (nuint)k));
        return Tail<T, TPairing>(Vector.Sum(sum), x, y, k);
    }

    static T Tail<T, TPairing>(T sum, ReadOnlySpan<T> x, ReadOnlySpan<T> y, int k)
        where T : unmanaged
        where TPairing : struct, IPairing<T>
    {
        for (; k < x.Length; k++) sum = TPairing.Add(sum, x[k], y[k]);
        return sum;
    }
}
