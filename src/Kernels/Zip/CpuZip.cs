using System.Runtime.CompilerServices;
using static Sagan.Native.Kernels.IntMath;

namespace Sagan.Native.Kernels;

// y = f(a, b) with broadcasting. y is walked as rows of its innermost merged axis, along which an operand has stride 1 or 0; the outer axes
// are counted by an odometer. One job is a piece of a long row or a batch of short rows, some WorkerPool.Grain elements. Rows are y's only
// order, so results do not depend on the cut.
// A narrow bias is first repeated to 16 widths, so that vectors run across row ends and rows are long (3 channels: 9x, 64 channels: 1.5x).
// 12 bytes an element (8 with a bias): bound by memory.
// Timings: benchmarks/kernel-notes.md.
static unsafe class CpuZip
{
    // Repeating pays while the pattern stays small against the data and the first-level cache.
    const int MaxPatternWidth = 256;

    /// <inheritdoc cref="Backend.Zip"/>
    public static void Zip<TOp>(Storage a, Storage b, Storage y, in BroadcastSpec s, TOp f) where TOp : unmanaged, IBinaryOp
    {
        if (s.Count == 0) return;
        using ScratchScope scratch = ScratchArena.Enter();
        Rows r = new(s);
        float* pa = a.Pointer(), pb = b.Pointer();
        int width = s.Size(s.Rank - 1);
        if (s.Rank == 2 && width <= MaxPatternWidth && s.Size(0) > 16 && s.StrideA(1) == 1 && s.StrideB(1) == 1)
        {
            if (s.StrideB(0) == 0) pb = Pattern(scratch, pb, width, ref r, aSteps: true);
            else if (s.StrideA(0) == 0) pa = Pattern(scratch, pa, width, ref r, aSteps: false);
        }
        WorkerPool.Run(r.Jobs, new ZipJob<TOp>(pa, pb, y.Pointer(), r, f));
    }

    /// <inheritdoc cref="Backend.BroadcastTo"/>
    public static void BroadcastTo(Storage x, Storage y, in BroadcastSpec s)
    {
        if (s.Count == 0) return;
        Rows r = new(s, onlyA: true);
        WorkerPool.Run(r.Jobs, new ZipJob<FirstOp>(x.Pointer(), x.Pointer(), y.Pointer(), r, default));
    }

    // Repeats p, of the given width, 16 times and makes the rows 16 times as long.
    static float* Pattern(in ScratchScope scratch, float* p, int width, ref Rows r, bool aSteps)
    {
        float* pattern = scratch.Floats(16 * width + 16);
        for (int i = 0; i < 16; i++) CpuMemory.Copy(p, pattern + i * width, width);
        r = new Rows(r.Count, 16 * width, aSteps ? 16 * width : 0, aSteps ? 0 : 16 * width);
        return pattern;
    }

    // How y is cut into rows, and those into jobs. The last row may be short (after Pattern).
    readonly struct Rows
    {
        public readonly int Count, Width, Number, PiecesPerRow, RowsPerJob, Jobs;
        public readonly bool StepA, StepB;
        readonly int outerRank;
        readonly Axes sizes, strideA, strideB;

        public Rows(in BroadcastSpec s, bool onlyA = false)
        {
            Count = s.Count;
            outerRank = s.Rank - 1;
            Width = s.Size(outerRank);
            StepA = s.StrideA(outerRank) != 0;
            StepB = !onlyA && s.StrideB(outerRank) != 0;
            for (int i = 0; i < outerRank; i++)
            {
                sizes[i] = s.Size(i);
                strideA[i] = s.StrideA(i);
                strideB[i] = onlyA ? 0 : s.StrideB(i);
            }
            (Number, PiecesPerRow, RowsPerJob, Jobs) = Cut(Count, Width);
        }

        public Rows(int count, int width, int outerStrideA, int outerStrideB)
        {
            Count = count;
            Width = width;
            StepA = StepB = true;
            outerRank = 1;
            (Number, PiecesPerRow, RowsPerJob, Jobs) = Cut(count, width);
            sizes[0] = Number;
            strideA[0] = outerStrideA;
            strideB[0] = outerStrideB;
        }

        static (int Number, int PiecesPerRow, int RowsPerJob, int Jobs) Cut(int count, int width)
        {
            int number = CeilDiv(count, width), pieces = CeilDiv(width, WorkerPool.Grain), rows = pieces > 1 ? 1
                : Math.Max(1, WorkerPool.Grain / width);
            return (number, pieces, rows, CeilDiv(number, rows) * pieces);
        }

        // The digits of a row's number, and the offsets of a and b that go with them.
        public void Seek(int row, Span<int> digits, out int a, out int b)
        {
            a = b = 0;
            for (int axis = outerRank - 1; axis >= 0; axis--)
            {
                digits[axis] = row % sizes[axis];
                row /= sizes[axis];
                a += digits[axis] * strideA[axis];
                b += digits[axis] * strideB[axis];
            }
        }

        public void Next(Span<int> digits, ref int a, ref int b)
        {
            for (int axis = outerRank - 1; axis >= 0; axis--)
            {
                a += strideA[axis];
                b += strideB[axis];
                if (++digits[axis] < sizes[axis]) return;
                digits[axis] = 0;
                a -= strideA[axis] * sizes[axis];
                b -= strideB[axis] * sizes[axis];
            }
        }
    }

    readonly struct ZipJob<TOp>(float* a, float* b, float* y, Rows r, TOp f) : IJob where TOp : unmanaged, IBinaryOp
    {
        readonly Rows r = r;

        public void Execute(int index)
        {
            Span<int> digits = stackalloc int[Shape.MaxRank];
            int row = index / r.PiecesPerRow * r.RowsPerJob, start = index % r.PiecesPerRow * WorkerPool.Grain;
            int end = Math.Min(row + r.RowsPerJob, r.Number), n = r.PiecesPerRow > 1 ? Math.Min(WorkerPool.Grain, r.Width - start)
                : r.Width;
            r.Seek(row, digits, out int ia, out int ib);
            for (; row < end; row++)
            {
                int iy = row * r.Width + start;
                float* pa = a + ia + (r.StepA ? start : 0), pb = b + ib + (r.StepB ? start : 0);
                Simd.Run(new ZipLoop<TOp>(pa, pb, y + iy, Math.Min(n, r.Count - iy), r.StepA, r.StepB, f));
                r.Next(digits, ref ia, ref ib);
            }
        }
    }
}

/// <summary>
/// y[i] = f(a[i or 0], b[i or 0]). The last vector is computed whole and stored in part, as in <see cref="MapLoop{TOp}"/>.
/// </summary>
readonly unsafe struct ZipLoop<TOp>(float* a, float* b, float* y, int n, bool stepA, bool stepB, TOp f) : ISimdLoop
    where TOp : unmanaged, IBinaryOp
{
    readonly float* a = a, b = b, y = y;
    readonly int n = n;
    readonly TOp f = f;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Run<V>() where V : unmanaged, ISimd<V>
    {
        float* a = this.a, b = this.b, y = this.y;
        int n = this.n, i = 0;
        TOp f = this.f;
        if (stepA && stepB)
        {
            for (; i <= n - V.Count; i += V.Count) f.Invoke(V.Load(a + i), V.Load(b + i)).Store(y + i);
            if (i < n) Simd.StoreFirst(f.Invoke(V.Load(a + i), V.Load(b + i)), y + i, n - i);
        }
        else if (stepA)
        {
            V c = V.Create(*b);
            for (; i <= n - V.Count; i += V.Count) f.Invoke(V.Load(a + i), c).Store(y + i);
            if (i < n) Simd.StoreFirst(f.Invoke(V.Load(a + i), c), y + i, n - i);
        }
        else if (stepB)
        {
            V c = V.Create(*a);
            for (; i <= n - V.Count; i += V.Count) f.Invoke(c, V.Load(b + i)).Store(y + i);
            if (i < n) Simd.StoreFirst(f.Invoke(c, V.Load(b + i)), y + i, n - i);
        }
        else
        {
            V c = f.Invoke(V.Create(*a), V.Create(*b));
            for (; i <= n - V.Count; i += V.Count) c.Store(y + i);
            if (i < n) Simd.StoreFirst(c, y + i, n - i);
        }
    }
}
