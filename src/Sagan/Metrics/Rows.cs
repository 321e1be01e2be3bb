using System.Numerics;
using System.Runtime.InteropServices;
using Sagan.Native.Kernels;

namespace Sagan.Native.Metrics;

/// <summary>Loops over vectors of doubles, in an order that does not depend on the number of threads.</summary>
static class Rows
{
    // Below this many elements a loop is done before other threads have heard of it.
    const int WorthSharing = 1 << 15;

    /// <summary>sum x y.</summary>
    public static double Dot(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        ReadOnlySpan<Vector<double>> a = MemoryMarshal.Cast<double, Vector<double>>(x), b = MemoryMarshal.Cast<double,
            Vector<double>>(y[..x.Length]);
        Vector<double> s = default, t = default;
        int i = 0;
        for (; i + 1 < a.Length; i += 2) (s, t) = (Vector.FusedMultiplyAdd(a[i], b[i], s), Vector.FusedMultiplyAdd(a[i + 1], b[i + 1], t));
        if (i < a.Length) s = Vector.FusedMultiplyAdd(a[i], b[i], s);
        double sum = Vector.Sum(s + t);
        for (int k = a.Length * Vector<double>.Count; k < x.Length; k++) sum = Math.FusedMultiplyAdd(x[k], y[k], sum);
        return sum;
    }

    /// <summary>to += f x.</summary>
    public static void Add(Span<double> to, double f, ReadOnlySpan<double> x)
    {
        Span<Vector<double>> a = MemoryMarshal.Cast<double, Vector<double>>(to);
        ReadOnlySpan<Vector<double>> b = MemoryMarshal.Cast<double, Vector<double>>(x[..to.Length]);
        Vector<double> factor = new(f);
        for (int i = 0; i < a.Length; i++) a[i] = Vector.FusedMultiplyAdd(factor, b[i], a[i]);
        for (int k = a.Length * Vector<double>.Count; k < to.Length; k++) to[k] = Math.FusedMultiplyAdd(f, x[k], to[k]);
    }

    /// <summary>Does 0 .. count - 1, each costing this many elements, on several threads where that is worth it.</summary>
    public static void Share(int count, int cost, Action<int> row)
    {
        if ((long)count * cost < WorthSharing || WorkerPool.Threads == 1)
        {
            for (int i = 0; i < count; i++) row(i);
            return;
        }
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = WorkerPool.Threads }, row);
    }
}
