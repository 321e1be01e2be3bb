using ILGPU;

namespace Sagan.Native.Kernels;

// Sums over one axis: x [outer, n, inner] -> y [outer, inner]. 4 bytes an element of x: bound by memory.
//   Rows (inner = 1): `lanes` neighbouring threads share a row, 256 / lanes rows a thread block (Grid.IdxX); thread `lane` adds elements,
//                     or float4s, lane, lane + lanes, ... of its piece, a tree adds the threads.
//   Columns:          a thread block has `width` neighbouring columns of the outer * inner sums (Grid.IdxX) and 256 / width threads down
//                     the axis, which add every 256 / width-th row of the piece; a tree adds them. Loads are in runs of width:
//
//                           columns ->        0 1 2 ... width-1
//                           thread row 0      . . . .               rows 0, R, 2R, ...        R = 256 / width
//                           thread row 1      . . . .               rows 1, R+1, ...
//
//                     T is a float, or four neighbouring columns where inner is a multiple of 4 (all numbers then count float4s).
// Where there are too few rows or columns to fill a device, the axis is cut into pieces (Grid.IdxY); their sums y [outer, pieces, inner]
// are then summed likewise.
// Numerics: a thread's sum is compensated (GpuCompensatedSum), so errors come from the trees alone: at most 8 roundings a launch.

/// <summary>
/// y[row, piece] = sum of a piece of a row of x [rows, columns]. isVec4: every row begins at a multiple of 4, and so does every piece.
/// </summary>
readonly struct GpuRowSumKernel(ArrayView<float> x, ArrayView<float> y, int rows, int columns, int piece, int lanes, int isVec4)
    : IGpuBlockKernel
{
    public void Run()
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GpuQueue.Threads);
        int t = Group.IdxX, lane = t & (lanes - 1), row = (int)(((uint)Grid.IdxX * GpuQueue.Threads + (uint)t) / (uint)lanes);
        GpuCompensatedSum sum = default;
        if (row < rows)
        {
            int first = Grid.IdxY * piece, count = columns - first < piece ? columns - first : piece, begin = row * columns + first,
                vec4s = 0;
            if (isVec4 != 0)
            {
                vec4s = count >> 2;
                for (int i = lane; i < vec4s; i += lanes)
                {
                    GpuFloat4 v = x.Cast<GpuFloat4>()[(begin >> 2) + i];
                    sum = sum.Plus(v.X + v.Y + (v.Z + v.W));
                }
            }
            for (int i = 4 * vec4s + lane; i < count; i += lanes) sum = sum.Plus(x[begin + i]);
        }
        float total = GpuTreeReduce.Sum(shared, lanes, sum.Value);
        if (lane == 0 && row < rows) y[row * Grid.DimY + Grid.IdxY] = total;
    }
}

/// <summary>What a sum over columns adds: element i, with whatever else is to be done about it on the way; each is read once.</summary>
interface IGpuTerms<T>
{
    T this[int i] { get; }
}

/// <summary>x itself.</summary>
readonly struct GpuTerms<T>(ArrayView<T> x) : IGpuTerms<T> where T : unmanaged
{
    public T this[int i] => x[i];
}

/// <summary>y[o, piece, i] = sum over a piece of n of terms[o, n, i]; sums = outer inner.</summary>
readonly struct GpuColumnSumKernel<TTerms, TSum, T>(TTerms terms, ArrayView<T> y, int sums, int n, int inner, int piece, int width)
    : IGpuBlockKernel
    where TTerms : struct, IGpuTerms<T> where TSum : struct, IGpuSum<TSum, T> where T : unmanaged
{
    public void Run()
    {
        ArrayView<T> shared = SharedMemory.Allocate<T>(GpuQueue.Threads);
        int t = Group.IdxX, down = (int)((uint)t / (uint)width), step = (int)((uint)GpuQueue.Threads / (uint)width);
        int column = Grid.IdxX * width + (t & (width - 1)), o = (int)((uint)column / (uint)inner), i = column - o * inner;
        TSum sum = default;
        if (column < sums)
        {
            int first = Grid.IdxY * piece, count = n - first < piece ? n - first : piece, begin = (o * n + first) * inner + i;
            for (int r = down; r < count; r += step) sum = sum.Plus(terms[begin + r * inner]);
        }
        shared[t] = sum.Value;
        for (int half = GpuQueue.Threads / 2; half >= width; half >>= 1)
        {
            Group.Barrier();
            if (t < half) shared[t] = TSum.Add(shared[t], shared[t + half]);
        }
        if (t < width && column < sums) y[(o * Grid.DimY + Grid.IdxY) * inner + i] = shared[t];
    }
}
